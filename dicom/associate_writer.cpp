#include "dicom/associate_writer.h"

#include "dicom/associate_items.h"
#include "dicom/implementation.h"

namespace calcnode::dicom {

void AssociateWriter::number(std::size_t value, int count) {
    for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
        bytes_ += static_cast<char>(static_cast<unsigned char>(value >> shift));
    }
}

void AssociateWriter::item(unsigned char type, std::string_view value) {
    number(type, 1);
    number(0, 1);
    number(value.size(), 2);
    text(value);
}

std::vector<unsigned char> AssociateWriter::as_pdu(unsigned char type) const {
    AssociateWriter pdu;
    pdu.number(type, 1);
    pdu.number(0, 1);
    pdu.number(bytes_.size(), 4);
    pdu.text(bytes_);
    return {pdu.bytes_.begin(), pdu.bytes_.end()};
}

std::string our_user_information(std::uint32_t max_pdu, const std::vector<RoleSelection>& roles) {
    AssociateWriter length;
    length.number(max_pdu, 4);
    AssociateWriter writer;
    writer.item(kItemMaximumLength, length.bytes());
    writer.item(kItemImplementationClass, kImplementationClassUid);
    for (const RoleSelection& role : roles)
        writer.item(kItemRoleSelection, encode_role(role));
    writer.item(kItemImplementationVersion, kImplementationVersionName);
    return writer.bytes();
}

}  // namespace calcnode::dicom

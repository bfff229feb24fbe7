#include "dicom/associate_roles.h"

#include <algorithm>

#include "dicom/associate_items.h"
#include "dicom/associate_writer.h"

namespace calcnode::dicom {

std::string encode_role(const RoleSelection& role) {
    AssociateWriter writer;
    writer.number(role.sop_class_uid.size(), 2);
    writer.text(role.sop_class_uid);
    writer.number(role.scu ? 1 : 0, 1);
    writer.number(role.scp ? 1 : 0, 1);
    return writer.bytes();
}

std::optional<RoleSelection> parse_role(std::span<const unsigned char> value) {
    constexpr std::size_t kAroundUid = 4;  // its length before it, two roles after it
    if (value.size() < kAroundUid) return std::nullopt;
    const std::size_t length = read_big_endian(value, 0, 2);
    if (length != value.size() - kAroundUid) return std::nullopt;
    return RoleSelection{item_uid(value.subspan(2, length)), value[2 + length] == 1, value[3 + length] == 1};
}

std::optional<RoleSelection> find_role(const std::vector<RoleSelection>& roles,
                                       const std::string& sop_class_uid) {
    const auto found = std::find_if(roles.begin(), roles.end(), [&](const RoleSelection& role) {
        return role.sop_class_uid == sop_class_uid;
    });
    if (found == roles.end()) return std::nullopt;
    return *found;
}

}  // namespace calcnode::dicom

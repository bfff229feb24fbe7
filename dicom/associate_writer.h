// Writes A-ASSOCIATE PDUs: big endian numbers, texts, items (PS3.8 9.3.1). Internal to dicom/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/associate_roles.h"

namespace calcnode::dicom {

class AssociateWriter {
  public:
    void number(std::size_t value, int count);
    void text(std::string_view value) { bytes_ += value; }
    void item(unsigned char type, std::string_view value);
    const std::string& bytes() const { return bytes_; }
    /// Header and what was written, as a whole PDU.
    std::vector<unsigned char> as_pdu(unsigned char type) const;

  private:
    std::string bytes_;
};

/// The User Information item's value: maximum length, implementation class UID, roles, version name.
std::string our_user_information(std::uint32_t max_pdu, const std::vector<RoleSelection>& roles = {});

/// PS3.7 A.2.1
inline constexpr const char* kApplicationContextName = "1.2.840.10008.3.1.1.1";

}  // namespace calcnode::dicom

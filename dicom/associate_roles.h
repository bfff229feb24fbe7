// SCP/SCU Role Selection (PS3.7 D.3.3.4): who of the two sides is user and who is provider of a class. Pure
// functions; internal to dicom/.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace calcnode::dicom {

/// Of the association's requestor: what it proposes to be, or what the acceptor lets it be.
struct RoleSelection {
    std::string sop_class_uid;
    bool scu = false;
    bool scp = false;
};

/// The sub-item's value (PS3.7 Tables D.3-9, D.3-10).
std::string encode_role(const RoleSelection& role);

/// Nothing when `value` is no such thing.
std::optional<RoleSelection> parse_role(std::span<const unsigned char> value);

/// The first entry for the class. Nothing: the default, the requestor is SCU only.
std::optional<RoleSelection> find_role(const std::vector<RoleSelection>& roles,
                                       const std::string& sop_class_uid);

}  // namespace calcnode::dicom

// The items that A-ASSOCIATE PDUs are made of (PS3.8 9.3.2, 9.3.3): type, reserved byte, 2 bytes of length,
// value. Pure functions over a peer's bytes; internal to dicom/.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace calcnode::dicom {

inline constexpr std::size_t kPduHeaderLength = 6;        // type, reserved, 4 bytes of length
inline constexpr std::size_t kAssociateFixedLength = 68;  // protocol version up to the 32 reserved bytes

// Item types (PS3.8 Tables 9-12 to 9-19, PS3.7 Annex D.3.3)
inline constexpr unsigned char kItemApplicationContext = 0x10;
inline constexpr unsigned char kItemContextRequest = 0x20;
inline constexpr unsigned char kItemContextAnswer = 0x21;
inline constexpr unsigned char kItemAbstractSyntax = 0x30;
inline constexpr unsigned char kItemTransferSyntax = 0x40;
inline constexpr unsigned char kItemUserInformation = 0x50;
inline constexpr unsigned char kItemMaximumLength = 0x51;
inline constexpr unsigned char kItemImplementationClass = 0x52;
inline constexpr unsigned char kItemRoleSelection = 0x54;
inline constexpr unsigned char kItemImplementationVersion = 0x55;

inline std::size_t read_big_endian(std::span<const unsigned char> bytes, std::size_t offset,
                                   std::size_t count) {
    std::size_t value = 0;
    for (const unsigned char byte : bytes.subspan(offset, count))
        value = value << 8 | byte;
    return value;
}

/// A UID, without padding, as far as 64 characters; not checked to be legal.
inline std::string item_uid(std::span<const unsigned char> value) {
    constexpr std::size_t kLongest = 64;
    std::string uid;
    for (const unsigned char byte : value.first(value.size() < kLongest ? value.size() : kLongest)) {
        uid += static_cast<char>(byte);
    }
    while (!uid.empty() && (uid.back() == '\0' || uid.back() == ' '))
        uid.pop_back();
    return uid;
}

/// True when `bytes` are a run of whole items and `visit(type, value)` is true for each.
template <typename Visit>
bool visit_items(std::span<const unsigned char> bytes, Visit visit) {
    while (!bytes.empty()) {
        if (bytes.size() < 4) return false;
        const std::size_t length = read_big_endian(bytes, 2, 2);
        if (length > bytes.size() - 4) return false;
        if (!visit(bytes[0], bytes.subspan(4, length))) return false;
        bytes = bytes.subspan(4 + length);
    }
    return true;
}

}  // namespace calcnode::dicom

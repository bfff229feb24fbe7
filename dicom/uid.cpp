#include "dicom/uid.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include <openssl/evp.h>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

constexpr std::size_t kMaxUidLength = 64;  // PS3.5 9.1

// Fixed for ever: changing it changes every UID that calcnode derives.
constexpr unsigned char kNameSpace[16] = {0x68, 0x9d, 0xf2, 0x37, 0x74, 0xed, 0x45, 0xb2,
                                          0xb6, 0xa9, 0x92, 0x35, 0xe9, 0xe8, 0x87, 0x57};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_legal_component(std::string_view component) {
    if (component.empty()) return false;
    if (component.size() > 1 && component.front() == '0') return false;
    return std::all_of(component.begin(), component.end(), is_digit);
}

std::string decimal(const std::array<unsigned char, 16>& big_endian) {
    std::array<unsigned char, 16> rest = big_endian;
    std::string digits;
    while (std::any_of(rest.begin(), rest.end(), [](unsigned char byte) { return byte != 0; })) {
        unsigned remainder = 0;  // long division by ten, most significant byte first
        for (unsigned char& byte : rest) {
            const unsigned value = remainder * 256 + byte;
            byte = static_cast<unsigned char>(value / 10);
            remainder = value % 10;
        }
        digits.push_back(static_cast<char>('0' + remainder));
    }
    if (digits.empty()) digits.push_back('0');
    std::reverse(digits.begin(), digits.end());
    return digits;
}

}  // namespace

bool is_legal_uid(std::string_view uid) {
    if (uid.empty() || uid.size() > kMaxUidLength) return false;
    while (true) {
        const std::size_t dot = uid.find('.');
        if (!is_legal_component(uid.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        uid.remove_prefix(dot + 1);
    }
}

std::string uuid5_uid(const unsigned char (&name_space)[16], std::string_view name) {
    std::string message(reinterpret_cast<const char*>(name_space), sizeof name_space);
    message.append(name);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (EVP_Digest(message.data(), message.size(), digest, &length, EVP_sha1(), nullptr) != 1) {
        throw Error(ErrorCode::invalid_result, "cannot derive a UID: SHA-1 is not available in OpenSSL");
    }
    std::array<unsigned char, 16> uuid{};
    std::copy_n(digest, uuid.size(), uuid.begin());
    uuid[6] = static_cast<unsigned char>((uuid[6] & 0x0f) | 0x50);  // version 5, RFC 9562 5.5
    uuid[8] = static_cast<unsigned char>((uuid[8] & 0x3f) | 0x80);  // variant, RFC 9562 4.1
    return "2.25." + decimal(uuid);
}

std::string deterministic_uid(std::initializer_list<std::string_view> parts) {
    std::string name;
    for (const std::string_view part : parts) {
        name += std::to_string(part.size());
        name += ':';
        name += part;
    }
    return uuid5_uid(kNameSpace, name);
}

}  // namespace calcnode::dicom

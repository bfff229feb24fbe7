#include "dicom/associate_peek.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace calcnode::dicom {

namespace {

using Bytes = std::span<const unsigned char>;

constexpr std::size_t kHeader = 6;        // PDU type, reserved, 4 bytes of length
constexpr std::size_t kFixedFields = 68;  // protocol version up to the 32 reserved bytes (PS3.8 Table 9-11)
constexpr std::size_t kCalledOffset = 10;
constexpr std::size_t kCallingOffset = 26;
constexpr std::size_t kTitleLength = 16;
constexpr int kMaxContexts = 128;  // odd ids of one byte

constexpr unsigned char kAssociateRequest = 0x01;
constexpr unsigned char kLastPduType = 0x07;
constexpr unsigned char kPresentationContext = 0x20;
constexpr unsigned char kUserInformation = 0x50;

AssociatePeek not_dicom(std::string hint) {
    AssociatePeek peek;
    peek.state = PeekState::not_dicom;
    peek.hint = std::move(hint);
    return peek;
}

bool starts_like(Bytes bytes, std::string_view word) {
    const std::size_t length = std::min(bytes.size(), word.size());
    return std::equal(
        bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length), word.begin(),
        [](unsigned char byte, char letter) { return byte == static_cast<unsigned char>(letter); });
}

std::string protocol_hint(Bytes bytes) {
    for (const char* method :
         {"GET ", "POST", "PUT ", "HEAD", "DELETE", "OPTIONS", "CONNECT", "PATCH", "PRI "}) {
        if (starts_like(bytes, method)) return "HTTP request";
    }
    if (starts_like(bytes, "\x16\x03")) return "TLS ClientHello";  // handshake record, major version 3
    if (bytes[0] > kAssociateRequest && bytes[0] <= kLastPduType) return "DICOM, but no A-ASSOCIATE-RQ first";
    return "unknown protocol";
}

std::size_t big_endian(Bytes bytes, std::size_t offset, int count) {
    std::size_t value = 0;
    for (int i = 0; i < count; ++i)
        value = value << 8 | bytes[offset + static_cast<std::size_t>(i)];
    return value;
}

// Are `bytes` a run of whole items (type, reserved, 2 bytes of length, value)? `visit` judges each.
template <typename Visit>
bool whole_items(Bytes bytes, Visit visit) {
    while (!bytes.empty()) {
        if (bytes.size() < 4) return false;
        const std::size_t length = big_endian(bytes, 2, 2);
        if (length > bytes.size() - 4) return false;
        if (!visit(bytes[0], bytes.subspan(4, length))) return false;
        bytes = bytes.subspan(4 + length);
    }
    return true;
}

// DCMTK parses the request after us; what does not even nest properly must not reach it.
bool well_formed(Bytes items) {
    int contexts = 0;
    const auto any = [](unsigned char, Bytes) { return true; };
    return whole_items(items, [&](unsigned char type, Bytes value) {
        if (type == kPresentationContext) {
            return ++contexts <= kMaxContexts && value.size() >= 4 && whole_items(value.subspan(4), any);
        }
        return type != kUserInformation || whole_items(value, any);
    });
}

std::string ae_title(Bytes bytes) {
    std::string title;
    for (const unsigned char byte : bytes) {
        title += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : byte == 0 ? ' ' : '?';
    }
    const auto first = title.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    return title.substr(first, title.find_last_not_of(' ') - first + 1);
}

}  // namespace

AssociatePeek peek_associate_request(std::span<const unsigned char> bytes) {
    AssociatePeek peek;
    if (bytes.empty()) return peek;
    if (bytes[0] != kAssociateRequest) return not_dicom(protocol_hint(bytes));
    if (bytes.size() < kHeader) return peek;
    peek.pdu_length = big_endian(bytes, 2, 4) + kHeader;
    if (peek.pdu_length > kMaxAssociateRequest) {
        peek.state = PeekState::too_long;
        return peek;
    }
    if (peek.pdu_length < kHeader + kFixedFields) return not_dicom("malformed A-ASSOCIATE-RQ");
    if (bytes.size() < peek.pdu_length) return peek;
    if (!well_formed(bytes.first(peek.pdu_length).subspan(kHeader + kFixedFields))) {
        return not_dicom("malformed A-ASSOCIATE-RQ");
    }
    peek.state = PeekState::complete;
    peek.called_ae_title = ae_title(bytes.subspan(kCalledOffset, kTitleLength));
    peek.calling_ae_title = ae_title(bytes.subspan(kCallingOffset, kTitleLength));
    return peek;
}

}  // namespace calcnode::dicom

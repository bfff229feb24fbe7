#include "dicom/associate_peek.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "dicom/associate_items.h"

namespace calcnode::dicom {

namespace {

using Bytes = std::span<const unsigned char>;

constexpr std::size_t kCalledOffset = 10;
constexpr std::size_t kCallingOffset = 26;
constexpr std::size_t kTitleLength = 16;
constexpr int kMaxContexts = 128;  // odd ids of one byte

constexpr unsigned char kAssociateRequest = 0x01;
constexpr unsigned char kLastPduType = 0x07;

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

bool well_formed(Bytes items) {
    int contexts = 0;
    const auto any = [](unsigned char, Bytes) { return true; };
    return visit_items(items, [&](unsigned char type, Bytes value) {
        if (type == kItemContextRequest) {
            return ++contexts <= kMaxContexts && value.size() >= 4 && visit_items(value.subspan(4), any);
        }
        return type != kItemUserInformation || visit_items(value, any);
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
    if (bytes.size() < kPduHeaderLength) return peek;
    const std::size_t announced = read_big_endian(bytes, 2, 4);
    peek.pdu_length = announced + kPduHeaderLength;
    if (announced > kMaxAssociateRequest) {
        peek.state = PeekState::too_long;
        return peek;
    }
    if (peek.pdu_length < kPduHeaderLength + kAssociateFixedLength)
        return not_dicom("malformed A-ASSOCIATE-RQ");
    if (bytes.size() < peek.pdu_length) return peek;
    if (!well_formed(bytes.first(peek.pdu_length).subspan(kPduHeaderLength + kAssociateFixedLength))) {
        return not_dicom("malformed A-ASSOCIATE-RQ");
    }
    peek.state = PeekState::complete;
    peek.called_ae_title = ae_title(bytes.subspan(kCalledOffset, kTitleLength));
    peek.calling_ae_title = ae_title(bytes.subspan(kCallingOffset, kTitleLength));
    return peek;
}

}  // namespace calcnode::dicom

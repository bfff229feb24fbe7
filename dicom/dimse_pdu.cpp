#include "dicom/dimse_pdu.h"

#include <algorithm>
#include <array>

namespace calcnode::dicom {

namespace {

// PS3.8 9.3.1
enum PduType : unsigned char { kData = 4, kReleaseRequest = 5, kReleaseReply = 6, kAbort = 7 };

constexpr std::size_t kPduHeader = 6;
constexpr std::size_t kPdvHeader = 6;     // 4 bytes of length, context id, message control header
constexpr std::size_t kControlBody = 4;   // of release and abort PDUs
constexpr unsigned char kCommandBit = 1;  // of the message control header (PS3.8 E.2)
constexpr unsigned char kLastBit = 2;
constexpr std::uint32_t kSmallestPdu = 128;  // what a peer announces below this is not believed
constexpr std::uint32_t kLargestPdu = 128 * 1024;

std::uint32_t big_endian(const unsigned char* bytes) {
    return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
           static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

void append_big_endian(std::vector<unsigned char>& bytes, std::size_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<unsigned char>(value >> shift));
}

[[noreturn]] void violation(const char* what) {
    throw Error(ErrorCode::network_error, std::string("protocol error: ") + what);
}

std::array<unsigned char, kPduHeader + kControlBody> control_pdu(PduType type) {
    return {type, 0, 0, 0, 0, kControlBody, 0, 0, 0, 0};
}

}  // namespace

DimseConnection::DimseConnection(std::unique_ptr<DimseSocket> socket, const PduLengths& lengths)
    : DimseConnection(std::move(socket)) {
    set_pdu_lengths(lengths);
}

void DimseConnection::set_pdu_lengths(const PduLengths& lengths) {
    lengths_ = lengths;
    body_.resize(lengths.ours);
}

PduEvent DimseConnection::next(Pdv& pdv) {
    while (!take_pdv(pdv)) {
        const PduEvent event = read_pdu();
        if (event != PduEvent::data) return event;
    }
    return PduEvent::data;
}

bool DimseConnection::readable_within(std::chrono::milliseconds longest) {
    if (!unread_.empty()) return true;
    socket_->begin_step();
    return socket_->readable_within(longest);
}

bool DimseConnection::take_pdv(Pdv& pdv) {
    if (unread_.empty()) return false;
    if (unread_.size() < kPdvHeader) violation("truncated PDV");
    const std::uint32_t length = big_endian(unread_.data());  // counts context id and control header
    if (length < 2 || length - 2 > unread_.size() - kPdvHeader) violation("PDV length outside its PDU");
    pdv.context_id = unread_[4];
    pdv.is_command = (unread_[5] & kCommandBit) != 0;
    pdv.is_last = (unread_[5] & kLastBit) != 0;
    pdv.data = unread_.subspan(kPdvHeader, length - 2);
    unread_ = unread_.subspan(kPdvHeader + length - 2);
    return true;
}

PduEvent DimseConnection::read_pdu() {
    std::array<unsigned char, kPduHeader> header;
    socket_->begin_step();
    socket_->read(header);
    const std::uint32_t length = big_endian(header.data() + 2);
    if (header[0] == kData) {
        if (length > body_.size()) violation("PDU longer than negotiated");
        const std::span<unsigned char> body(body_.data(), length);
        socket_->read(body);
        unread_ = body;
        return PduEvent::data;
    }
    if (header[0] < kReleaseRequest || header[0] > kAbort) violation("unexpected PDU type");
    if (length != kControlBody) violation("wrong length of a release or abort PDU");
    std::array<unsigned char, kControlBody> body;
    socket_->read(body);
    if (header[0] == kReleaseRequest) return PduEvent::release_request;
    return header[0] == kReleaseReply ? PduEvent::release_reply : PduEvent::abort;
}

std::size_t DimseConnection::largest_fragment() const {
    const std::uint32_t announced = lengths_.peers == 0 ? kLargestPdu : lengths_.peers;
    const std::size_t fragment = std::clamp(announced, kSmallestPdu, kLargestPdu) - kPdvHeader;
    return fragment & ~std::size_t{1};  // PS3.8 Annex E: even fragments
}

void DimseConnection::send(const Pdv& pdv) {
    std::span<const unsigned char> left = pdv.data;
    out_.clear();
    do {
        const auto piece = left.first(std::min(left.size(), largest_fragment()));
        left = left.subspan(piece.size());
        const bool last = pdv.is_last && left.empty();
        out_.push_back(kData);
        out_.push_back(0);
        append_big_endian(out_, piece.size() + kPdvHeader);
        append_big_endian(out_, piece.size() + 2);
        out_.push_back(pdv.context_id);
        out_.push_back(
            static_cast<unsigned char>((pdv.is_command ? kCommandBit : 0) | (last ? kLastBit : 0)));
        out_.insert(out_.end(), piece.begin(), piece.end());
    } while (!left.empty());
    socket_->begin_step();
    socket_->write(out_);
}

void DimseConnection::send_release_request() {
    socket_->begin_step();
    socket_->write(control_pdu(kReleaseRequest));
}

void DimseConnection::send_release_reply() {
    socket_->begin_step();
    socket_->write(control_pdu(kReleaseReply));
}

void DimseConnection::send_abort() noexcept {
    try {
        socket_->write(control_pdu(kAbort));
    } catch (const std::exception&) {
        // The peer is gone or does not read: closing the socket tells it the same.
    }
}

}  // namespace calcnode::dicom

#include "dicom/tls_stream.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <system_error>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "dicom/tls_certificates.h"

namespace calcnode::dicom {

namespace {

constexpr int kFirstAlert = SSL_AD_REASON_OFFSET;  // OpenSSL's reasons for alerts of the peer: 1000 and on

const std::string kOfTls = "TLS: ";

int clamp_length(std::size_t length) {
    return static_cast<int>(std::min<std::size_t>(length, INT_MAX));
}

// In words of the one who set the node up.
std::string reason_text(unsigned long error) {
    const int reason = ERR_GET_REASON(error);
    switch (reason) {
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return "the peer showed no certificate";
        case SSL_R_NO_SHARED_CIPHER:
            return "no cipher suite in common";
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
            return "no TLS version in common (the peer's is older than what is allowed)";
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
            return "the peer does not speak TLS";
        default:
            break;
    }
    const char* const known = ERR_reason_error_string(error);
    const std::string text = known != nullptr ? known : "error " + std::to_string(error);
    return reason >= kFirstAlert ? "the peer refused it: " + text : text;
}

}  // namespace

TlsStream::TlsStream(ssl_st* ssl) : ssl_(ssl), verification_(std::make_unique<std::string>()) {
    SSL_set_app_data(ssl_, verification_.get());
}

TlsStream::~TlsStream() {
    ERR_clear_error();
    if (!broken_ && SSL_is_init_finished(ssl_) != 0) (void)SSL_shutdown(ssl_);
    SSL_free(ssl_);
}

Transfer TlsStream::handshake() {
    ERR_clear_error();
    const Transfer step = result_of(SSL_do_handshake(ssl_));
    if (step.state == Transfer::State::ended) {
        return {Transfer::State::failed, 0, "the peer closed the connection within the TLS handshake"};
    }
    if (step.state == Transfer::State::failed && !step.text.starts_with(kOfTls)) {
        return {Transfer::State::failed, 0, "the connection broke within the TLS handshake: " + step.text};
    }
    if (step.state == Transfer::State::moved) certificate_ = peer_certificate(ssl_);
    return step;
}

Transfer TlsStream::read(std::span<unsigned char> buffer) {
    if (unread_at_ < unread_.size()) {
        const std::size_t count = std::min(buffer.size(), unread_.size() - unread_at_);
        std::memcpy(buffer.data(), unread_.data() + unread_at_, count);
        unread_at_ += count;
        return {Transfer::State::moved, count};
    }
    ERR_clear_error();
    const Transfer got = result_of(SSL_read(ssl_, buffer.data(), clamp_length(buffer.size())));
    heard_ = heard_ || got.state == Transfer::State::moved;
    return explained(got);
}

Transfer TlsStream::write(std::span<const unsigned char> bytes) {
    ERR_clear_error();
    return explained(result_of(SSL_write(ssl_, bytes.data(), clamp_length(bytes.size()))));
}

// With TLS 1.3 we are done before the peer has looked at our certificate, and a peer that breaks off takes
// its alert with it.
Transfer TlsStream::explained(Transfer result) {
    const bool over = result.state == Transfer::State::failed || result.state == Transfer::State::ended;
    if (!over || heard_ || SSL_is_server(ssl_) != 0) return result;
    const std::string cause = result.text.empty() ? "closed by the peer" : result.text;
    return {Transfer::State::failed, 0,
            cause + ", right after the TLS handshake: the peer may not accept our certificate"};
}

bool TlsStream::input_ready() {
    if (unread_at_ < unread_.size()) return true;
    unsigned char byte = 0;
    ERR_clear_error();
    const auto state = result_of(SSL_peek(ssl_, &byte, 1)).state;
    return state != Transfer::State::wants_read && state != Transfer::State::wants_write;
}

void TlsStream::unread(std::vector<unsigned char> bytes) {
    unread_ = std::move(bytes);
    unread_at_ = 0;
}

std::string TlsStream::description() const {
    return std::string(SSL_get_version(ssl_)) + ", " + SSL_get_cipher_name(ssl_);
}

Transfer TlsStream::result_of(int outcome) {
    if (outcome > 0) return {Transfer::State::moved, static_cast<std::size_t>(outcome)};
    const int system = errno;
    const int error = SSL_get_error(ssl_, outcome);
    if (error == SSL_ERROR_WANT_READ) return {Transfer::State::wants_read};
    if (error == SSL_ERROR_WANT_WRITE) return {Transfer::State::wants_write};
    if (error == SSL_ERROR_ZERO_RETURN) return {Transfer::State::ended};
    broken_ = true;
    if (error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0) {
        if (system == 0 || outcome == 0) return {Transfer::State::ended};
        return {Transfer::State::failed, 0, std::generic_category().message(system)};
    }
    return {Transfer::State::failed, 0,
            kOfTls + (verification_->empty() ? reason_text(ERR_peek_error()) : *verification_)};
}

TlsTransport::TlsTransport(int fd, std::unique_ptr<TlsStream> stream) : fd_(fd), stream_(std::move(stream)) {
    send_at_once(fd);
}

}  // namespace calcnode::dicom

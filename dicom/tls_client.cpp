#include "dicom/tls_client.h"

#include <algorithm>
#include <cerrno>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include "dicom/error.h"
#include "dicom/tls_stream.h"

namespace calcnode::dicom {

namespace {

using Clock = std::chrono::steady_clock;

bool is_address(const std::string& name) {
    in6_addr space{};
    return ::inet_pton(AF_INET, name.c_str(), &space) == 1 ||
           ::inet_pton(AF_INET6, name.c_str(), &space) == 1;
}

int take_any(int, X509_STORE_CTX*) {
    return 1;
}

void expect(SSL* ssl, const TlsPeer& peer) {
    if (!peer.name.empty() && !is_address(peer.name)) {
        SSL_set_tlsext_host_name(ssl, peer.name.c_str());  // RFC 6066 section 3: names only
    }
    if (!peer.sha256.empty()) {
        SSL_set_verify(ssl, SSL_VERIFY_PEER, take_any);  // the fingerprint is compared when it is known
        return;
    }
    SSL_set_verify(ssl, SSL_VERIFY_PEER, SSL_get_verify_callback(ssl));
    X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = is_address(peer.name) ? X509_VERIFY_PARAM_set1_ip_asc(rules, peer.name.c_str())
                                          : X509_VERIFY_PARAM_set1_host(rules, peer.name.c_str(), 0);
    if (set != 1) throw Error(ErrorCode::tls_error, "OpenSSL cannot check the name " + peer.name);
}

void wait(int fd, short events, Clock::time_point end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) throw Error(ErrorCode::tls_error, "time-out within the TLS handshake");
    pollfd waited{fd, events, 0};
    (void)::poll(&waited, 1, static_cast<int>(std::min<long long>(left, 60'000)));
}

}  // namespace

std::unique_ptr<Transport> connect_tls(int fd, const TlsPeer& expected, Clock::time_point end) {
    Descriptor descriptor(fd);
    const TlsContext context = make_tls_context(expected.files, false, expected.only_tls13);
    SSL* const ssl = SSL_new(context.get());
    if (ssl == nullptr || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        throw Error(ErrorCode::tls_error, "OpenSSL gives no TLS connection");
    }
    SSL_set_connect_state(ssl);
    auto stream = std::make_unique<TlsStream>(ssl);
    expect(ssl, expected);
    while (true) {
        const Transfer step = stream->handshake();
        if (step.state == Transfer::State::moved) break;
        if (step.state == Transfer::State::failed) throw Error(ErrorCode::tls_error, step.text);
        wait(fd, step.state == Transfer::State::wants_read ? POLLIN : POLLOUT, end);
    }
    const PeerCertificate* const shown = stream->certificate();
    if (!expected.sha256.empty() && (shown == nullptr || shown->sha256 != expected.sha256)) {
        throw Error(ErrorCode::tls_error,
                    "TLS: the peer's certificate has another fingerprint: SHA-256 " +
                        (shown == nullptr ? "none" : shown->sha256 + ", " + shown->subject));
    }
    return std::make_unique<TlsTransport>(descriptor.release(), std::move(stream));
}

}  // namespace calcnode::dicom

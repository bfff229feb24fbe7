// Certificates, keys and lists of revoked certificates: from PEM files into OpenSSL, and out of it into
// words. Internal to dicom/'s TLS code. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "dicom/peer_certificate.h"

struct ssl_st;
struct ssl_ctx_st;
struct x509_st;

namespace calcnode::dicom {

/// PEM files. An empty path: none.
struct TlsFiles {
    std::filesystem::path certificate;  // ours, then those up to its authority
    std::filesystem::path private_key;  // readable by its owner (and group) only
    std::filesystem::path trusted;      // authorities, or single certificates, that are trusted
    std::filesystem::path revoked;      // revocation lists, one of each authority of a chain
};

struct FreeContext {
    void operator()(ssl_ctx_st* context) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, FreeContext>;

/// A context for TLS 1.2 and 1.3 as BCP 195 (RFC 9325), or 1.3 alone, with the files loaded. Throws Error
/// tls_error naming the file and what is wrong with it.
TlsContext make_tls_context(const TlsFiles& files, bool server, bool only_tls13);

/// Throws Error tls_error when others than the owner and the group can read the file, or others than the owner
/// can change it. What is not there is another's matter.
void require_private_key(const std::filesystem::path& path);

/// The certificate that the peer of a finished handshake has shown.
std::optional<PeerCertificate> peer_certificate(ssl_st* ssl);

/// Days until our own certificate expires, negative afterwards; nothing without one.
std::optional<int> days_left(const ssl_ctx_st* context);

}  // namespace calcnode::dicom

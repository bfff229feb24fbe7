#include "dicom/tls_certificates.h"

#include <array>
#include <string_view>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

// RFC 9325 4.2: authenticated encryption with ephemeral keys only.
constexpr const char* kTls12Suites =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384:P-521";
constexpr int kStrength = 2;         // OpenSSL's level: keys of 112 bits and more, RSA from 2048
constexpr mode_t kForbidden = 0027;  // of a private key: nothing for others, no writing for the group

struct FreeOpenSsl {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(BIO* bio) const { BIO_free_all(bio); }
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

[[noreturn]] void fail(const std::string& what) {
    const unsigned long error = ERR_peek_last_error();
    const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
    ERR_clear_error();
    throw Error(ErrorCode::tls_error, reason == nullptr ? what : what + ": " + reason);
}

void require_file(const std::filesystem::path& path, const char* what) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
        throw Error(ErrorCode::tls_error, std::string(what) + " " + path.string() + " is no readable file");
    }
}

// A daemon has nobody to ask for a passphrase.
int no_passphrase(char*, int, int, void*) {
    return 0;
}

void load_own(SSL_CTX* context, const TlsFiles& files) {
    if (files.certificate.empty()) return;
    require_file(files.certificate, "certificate");
    require_file(files.private_key, "private key");
    require_private_key(files.private_key);
    if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
        fail("certificate " + files.certificate.string() +
             " is no PEM file of a certificate that can be used");
    }
    if (SSL_CTX_use_PrivateKey_file(context, files.private_key.c_str(), SSL_FILETYPE_PEM) != 1) {
        fail("private key " + files.private_key.string() +
             " cannot be used (not a PEM file, not the certificate's key, or protected by a passphrase)");
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        fail("private key " + files.private_key.string() + " does not belong to certificate " +
             files.certificate.string());
    }
}

void load_trusted(SSL_CTX* context, const TlsFiles& files, bool server) {
    if (files.trusted.empty()) return;
    require_file(files.trusted, "trusted certificates");
    if (SSL_CTX_load_verify_file(context, files.trusted.c_str()) != 1) {
        fail("trusted certificates " + files.trusted.string() + " cannot be used");
    }
    // A hint for peers that have several certificates.
    if (server) SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(files.trusted.c_str()));
}

void load_revoked(SSL_CTX* context, const TlsFiles& files) {
    if (files.revoked.empty()) return;
    require_file(files.revoked, "revocation lists");
    X509_STORE* const store = SSL_CTX_get_cert_store(context);
    X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (lookup == nullptr || X509_load_crl_file(lookup, files.revoked.c_str(), X509_FILETYPE_PEM) < 1) {
        fail("revocation lists " + files.revoked.string() + " cannot be used");
    }
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

std::string subject_of(X509* certificate) {
    const std::unique_ptr<BIO, FreeOpenSsl> text(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
    char* data = nullptr;
    const long length = BIO_get_mem_data(text.get(), &data);
    return {data, static_cast<std::size_t>(length)};
}

std::string address_text(const ASN1_OCTET_STRING* address) {
    std::string text(64, '\0');
    const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
    const bool whole = ASN1_STRING_length(address) == (family == AF_INET ? 4 : 16);
    if (!whole || ::inet_ntop(family, ASN1_STRING_get0_data(address), text.data(),
                              static_cast<socklen_t>(text.size())) == nullptr) {
        return {};
    }
    text.resize(text.find('\0'));
    return text;
}

std::string text_of(const ASN1_STRING* value) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
            static_cast<std::size_t>(ASN1_STRING_length(value))};
}

std::vector<std::string> names_of(X509* certificate) {
    std::vector<std::string> names;
    const X509_NAME* const subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) names.push_back(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
    const std::unique_ptr<GENERAL_NAMES, FreeOpenSsl> others(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; i < sk_GENERAL_NAME_num(others.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(others.get(), i);
        if (name->type == GEN_DNS) names.push_back(text_of(name->d.dNSName));
        if (name->type == GEN_IPADD) names.push_back(address_text(name->d.iPAddress));
    }
    // A name with a NUL within could be read as another.
    std::erase_if(
        names, [](const std::string& name) { return name.empty() || name.find('\0') != std::string::npos; });
    return names;
}

std::string fingerprint(X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned int length = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &length) != 1) return {};
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned int i = 0; i < length; ++i) {
        text += kDigits[digest[i] >> 4];
        text += kDigits[digest[i] & 15];
    }
    return text;
}

// Writes down whose certificate was refused and why: OpenSSL's own error says only that one was.
int note_refusal(int good, X509_STORE_CTX* verified) {
    if (good == 1) return 1;
    auto* const ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verified, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* const note = static_cast<std::string*>(SSL_get_app_data(ssl));
    X509* const certificate = X509_STORE_CTX_get_current_cert(verified);
    if (note == nullptr) return 0;
    *note = X509_verify_cert_error_string(X509_STORE_CTX_get_error(verified));
    if (certificate != nullptr) {
        *note += ": certificate " + subject_of(certificate) + ", SHA-256 " + fingerprint(certificate);
    }
    return 0;
}

}  // namespace

void require_private_key(const std::filesystem::path& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || (info.st_mode & kForbidden) == 0) return;
    throw Error(ErrorCode::tls_error, "private key " + path.string() +
                                          " can be read or changed by others: chmod 600 " + path.string());
}

void FreeContext::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

TlsContext make_tls_context(const TlsFiles& files, bool server, bool only_tls13) {
    ERR_clear_error();
    TlsContext context(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
    if (!context) fail("OpenSSL gives no TLS context");
    SSL_CTX* const raw = context.get();
    SSL_CTX_set_security_level(raw, kStrength);
    SSL_CTX_set_min_proto_version(raw, only_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    if (SSL_CTX_set_cipher_list(raw, kTls12Suites) != 1 || SSL_CTX_set1_groups_list(raw, kGroups) != 1) {
        fail("OpenSSL does not know the cipher suites of BCP 195");
    }
    // A resumed session would not be looked up in the revocation lists. That a data set is whole, DICOM says.
    SSL_CTX_set_options(raw, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(raw, 0);
    SSL_CTX_set_dh_auto(raw, 1);
    SSL_CTX_set_mode(
        raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(raw, no_passphrase);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(raw), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_verify(raw, SSL_VERIFY_NONE, note_refusal);
    load_own(raw, files);
    load_trusted(raw, files, server);
    load_revoked(raw, files);
    return context;
}

std::optional<PeerCertificate> peer_certificate(ssl_st* ssl) {
    const std::unique_ptr<X509, FreeOpenSsl> certificate(SSL_get1_peer_certificate(ssl));
    if (!certificate) return std::nullopt;
    return PeerCertificate{subject_of(certificate.get()), names_of(certificate.get()),
                           fingerprint(certificate.get())};
}

std::optional<int> days_left(const ssl_ctx_st* context) {
    X509* const own = SSL_CTX_get0_certificate(context);
    int days = 0;
    int seconds = 0;
    if (own == nullptr || ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(own)) != 1) {
        return std::nullopt;
    }
    return seconds < 0 && days == 0 ? -1 : days;
}

}  // namespace calcnode::dicom

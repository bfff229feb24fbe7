#include "dicom/tls_server.h"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

TlsContext make_context(const TlsServerOptions& options) {
    TlsContext context = make_tls_context(options.files, true, options.only_tls13);
    int mode = SSL_VERIFY_NONE;
    if (options.client_certificates != ClientCertificates::none) mode = SSL_VERIFY_PEER;
    if (options.client_certificates == ClientCertificates::required) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(context.get(), mode, SSL_CTX_get_verify_callback(context.get()));
    return context;
}

}  // namespace

TlsServer::TlsServer(TlsServerOptions options)
    : options_(std::move(options)), stamps_(stamps()), context_(make_context(options_)) {}

std::unique_ptr<TlsStream> TlsServer::start(int fd) {
    SSL* const ssl = SSL_new(context_.get());
    if (ssl == nullptr || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        throw Error(ErrorCode::tls_error, "OpenSSL gives no TLS connection");
    }
    SSL_set_accept_state(ssl);
    return std::make_unique<TlsStream>(ssl);
}

TlsServer::Reload TlsServer::reload_if_changed() {
    // Stamps first: what changes while we read is read once more.
    std::vector<Stamp> seen = stamps();
    if (seen == stamps_) return Reload::unchanged;
    stamps_ = std::move(seen);
    try {
        context_ = make_context(options_);  // connections keep the one that they began with
        failure_.clear();
        return Reload::reloaded;
    } catch (const Error& error) {
        failure_ = error.what();
        return Reload::failed;
    }
}

std::vector<TlsServer::Stamp> TlsServer::stamps() const {
    const TlsFiles& files = options_.files;
    std::vector<Stamp> result;
    for (const auto* path : {&files.certificate, &files.private_key, &files.trusted, &files.revoked}) {
        struct stat info {};
        Stamp stamp;
        if (!path->empty() && ::stat(path->c_str(), &info) == 0) {
            stamp = {info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size, info.st_ino};
        }
        result.push_back(stamp);
    }
    return result;
}

}  // namespace calcnode::dicom

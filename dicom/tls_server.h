// What the acceptor's side of TLS needs: our certificate, whom we trust, what we ask of peers. Reads its
// files again when they have changed, so that a renewed certificate or revocation list needs no restart. One
// thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dicom/tls_certificates.h"
#include "dicom/tls_stream.h"

namespace calcnode::dicom {

enum class ClientCertificates { required, optional, none };

struct TlsServerOptions {
    TlsFiles files;
    bool only_tls13 = false;
    ClientCertificates client_certificates = ClientCertificates::required;
};

class TlsServer {
  public:
    /// Throws Error tls_error naming the file that cannot be used.
    explicit TlsServer(TlsServerOptions options);

    /// A stream at the beginning of its handshake, on a descriptor that does not block and stays the
    /// caller's. Throws Error tls_error when OpenSSL has no memory for it.
    std::unique_ptr<TlsStream> start(int fd);

    enum class Reload { unchanged, reloaded, failed };
    /// Looks at the files (four calls of stat) and reads them if one has changed. `failed`: the earlier ones
    /// stay in use, failure() says why, and they are read again when they change again.
    Reload reload_if_changed();
    const std::string& failure() const { return failure_; }

    /// Until our certificate expires; negative afterwards.
    std::optional<int> days_left() const { return dicom::days_left(context_.get()); }

  private:
    struct Stamp {
        long long seconds = 0, nanoseconds = 0, size = -1;
        unsigned long long inode = 0;
        bool operator==(const Stamp&) const = default;
    };
    std::vector<Stamp> stamps() const;

    TlsServerOptions options_;
    std::vector<Stamp> stamps_;
    std::string failure_;
    TlsContext context_;
};

}  // namespace calcnode::dicom

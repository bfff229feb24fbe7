// The requestor's side of TLS: whom we expect at the other end. Files are read for each connection, so that
// changed ones are used at once. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "dicom/tls_certificates.h"
#include "dicom/transport.h"

namespace calcnode::dicom {

struct TlsPeer {
    TlsFiles files;
    bool only_tls13 = false;
    std::string name;    // that the peer's certificate must be for: a DNS name or an address
    std::string sha256;  // or the one certificate that it must be, trusted or not (64 lower case digits)
};

/// Takes `fd` (connected, not blocking) over and makes the handshake. Blocks until `end` at most. Throws
/// Error tls_error: our files cannot be used, the peer is not the expected one, or it refuses us.
std::unique_ptr<Transport> connect_tls(int fd, const TlsPeer& expected,
                                       std::chrono::steady_clock::time_point end);

}  // namespace calcnode::dicom

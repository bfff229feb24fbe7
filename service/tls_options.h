// From the configuration to the values that dicom/'s TLS takes. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "dicom/tls_client.h"
#include "dicom/tls_server.h"

namespace calcnode::service {

dicom::TlsServerOptions tls_server_options(const config::DicomTls& tls);

std::vector<dicom::CertificateBinding> certificate_bindings(const config::DicomTls& tls);

/// Nothing: the peer is reached without TLS. `host` is the name to expect unless the section gives one.
std::optional<dicom::TlsPeer> tls_peer(const config::DicomTls& own, const config::PeerTls& peer,
                                       const std::string& host);

}  // namespace calcnode::service

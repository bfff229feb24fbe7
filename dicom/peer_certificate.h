// Who the peer of a TLS connection is by its certificate, and which AE titles that certificate may use.
// Plain values; thread-safe.
#pragma once

#include <string>
#include <vector>

namespace calcnode::dicom {

struct PeerCertificate {
    std::string subject;  // RFC 2253: "CN=ct1.example.org,O=Example"
    std::vector<std::string>
        names;           // Common Name, and the DNS names and addresses of Subject Alternative Name
    std::string sha256;  // fingerprint, 64 lower case hexadecimal digits
};

/// An AE title and one certificate that may call with it. An empty member is not looked at.
struct CertificateBinding {
    std::string ae_title;
    std::string name;    // one of PeerCertificate::names, in any case
    std::string sha256;  // as in PeerCertificate
};

/// Why a peer may not call itself `ae_title`; empty: it may. With no bindings every title may be used. With
/// bindings, over TLS a title must be bound to the peer's certificate; without TLS (`over_tls` false) the
/// bound titles are refused, since nothing vouches for them.
std::string title_refusal(const std::vector<CertificateBinding>& bindings, const std::string& ae_title,
                          const PeerCertificate* certificate, bool over_tls);

}  // namespace calcnode::dicom

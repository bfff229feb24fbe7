#include "dicom/peer_certificate.h"

#include <algorithm>

#include <strings.h>

namespace calcnode::dicom {

namespace {

bool fits(const CertificateBinding& binding, const PeerCertificate& certificate) {
    const auto same = [&](const std::string& name) {
        return ::strcasecmp(name.c_str(), binding.name.c_str()) == 0;
    };
    return (binding.sha256.empty() || binding.sha256 == certificate.sha256) &&
           (binding.name.empty() || std::any_of(certificate.names.begin(), certificate.names.end(), same));
}

}  // namespace

std::string title_refusal(const std::vector<CertificateBinding>& bindings, const std::string& ae_title,
                          const PeerCertificate* certificate, bool over_tls) {
    if (bindings.empty()) return {};
    std::vector<CertificateBinding> own;
    std::copy_if(bindings.begin(), bindings.end(), std::back_inserter(own),
                 [&](const CertificateBinding& binding) { return binding.ae_title == ae_title; });
    if (!over_tls) return own.empty() ? "" : "is bound to a certificate, and this is no TLS connection";
    if (own.empty()) return "is bound to no certificate";
    if (certificate == nullptr) return "is bound to a certificate, and the peer showed none";
    const bool fitting = std::any_of(own.begin(), own.end(), [&](const CertificateBinding& binding) {
        return fits(binding, *certificate);
    });
    return fitting ? "" : "is bound to another certificate";
}

}  // namespace calcnode::dicom

#include "service/tls_options.h"

namespace calcnode::service {

namespace {

dicom::TlsFiles files_of(const config::DicomTls& tls) {
    return {tls.certificate_file, tls.private_key_file, tls.trusted_certificates_file,
            tls.revocation_lists_file};
}

dicom::ClientCertificates rule_of(config::ClientCertificates rule) {
    switch (rule) {
        case config::ClientCertificates::optional:
            return dicom::ClientCertificates::optional;
        case config::ClientCertificates::none:
            return dicom::ClientCertificates::none;
        default:
            return dicom::ClientCertificates::required;
    }
}

}  // namespace

dicom::TlsServerOptions tls_server_options(const config::DicomTls& tls) {
    return {files_of(tls), tls.minimum_version == config::TlsVersion::tls13,
            rule_of(tls.client_certificates)};
}

std::vector<dicom::CertificateBinding> certificate_bindings(const config::DicomTls& tls) {
    std::vector<dicom::CertificateBinding> bindings;
    for (const config::CertificateBinding& binding : tls.calling_ae_certificates)
        bindings.push_back({binding.ae_title, binding.name, binding.sha256});
    return bindings;
}

std::optional<dicom::TlsPeer> tls_peer(const config::DicomTls& own, const config::PeerTls& peer,
                                       const std::string& host) {
    if (!peer.enabled) return std::nullopt;
    dicom::TlsPeer result{.files = files_of(own),
                          .only_tls13 = own.minimum_version == config::TlsVersion::tls13,
                          .name = peer.peer_name.empty() ? host : peer.peer_name,
                          .sha256 = peer.peer_sha256};
    if (!peer.trusted_certificates_file.empty()) result.files.trusted = peer.trusted_certificates_file;
    return result;
}

}  // namespace calcnode::service

#include "config/tls_rules.h"

namespace calcnode::config {

namespace {

using Refuse = std::function<void(const Value&, const std::string&, const std::string&)>;

void check_listening(const Config& config, const Value& tree, const Refuse& refuse) {
    const Value& dicom = *tree.find("dicom");
    const Value& section = *dicom.find("tls");
    const DicomTls& tls = config.dicom.tls;
    const auto wants = [&](const char* key, const std::string& why) {
        refuse(*section.find(key), std::string("dicom.tls.") + key, why);
    };
    if (!config.dicom.plain && !tls.enabled)
        refuse(*dicom.find("plain"), "dicom.plain", "without it and without dicom.tls nobody can send");
    if (!tls.enabled) return;
    if (tls.certificate_file.empty()) wants("certificate_file", "must be set where dicom.tls is enabled");
    const bool asks = tls.client_certificates != ClientCertificates::none;
    if (asks && tls.trusted_certificates_file.empty())
        wants("trusted_certificates_file", "must be set where client_certificates are asked for");
    if (!asks && !tls.calling_ae_certificates.empty())
        wants("calling_ae_certificates", "needs client_certificates: required or optional");
    if (tls.port == 0) return;
    if (config.dicom.plain && tls.port == config.dicom.port) wants("port", "is the same as dicom.port");
    if (tls.port == config.http.port) wants("port", "is the same as http.port");
}

void check_peer(const PeerTls& peer, const DicomTls& own, const Value& section, const std::string& key,
                const Refuse& refuse) {
    if (!peer.enabled || !peer.peer_sha256.empty()) return;
    if (!peer.trusted_certificates_file.empty() || !own.trusted_certificates_file.empty()) return;
    refuse(section, key,
           "nothing says which certificates are trusted: set trusted_certificates_file here or in dicom.tls, "
           "or peer_sha256");
}

}  // namespace

void check_tls(const Config& config, const Value& tree, const Refuse& refuse) {
    const DicomTls& own = config.dicom.tls;
    check_listening(config, tree, refuse);
    if (own.certificate_file.empty() != own.private_key_file.empty()) {
        const char* given = own.certificate_file.empty() ? "private_key_file" : "certificate_file";
        const char* lacking = own.certificate_file.empty() ? "certificate_file" : "private_key_file";
        refuse(*tree.find("dicom")->find("tls")->find(given), std::string("dicom.tls.") + given,
               std::string("is set without ") + lacking);
    }
    for (const auto& [name, destination] : config.destinations) {
        const Value* section = tree.find("destinations")->find(name)->find("tls");
        if (section != nullptr)
            check_peer(destination.tls, own, *section, "destinations." + name + ".tls", refuse);
    }
    const AuditSyslog& syslog = config.audit.syslog;
    const Value& section = *tree.find("audit")->find("syslog");
    const bool remote = syslog.transport == SyslogTransport::udp || syslog.transport == SyslogTransport::tls;
    if (remote && syslog.host.empty())
        refuse(*section.find("transport"), "audit.syslog.transport", "needs audit.syslog.host");
    PeerTls server = syslog.tls;
    server.enabled = syslog.transport == SyslogTransport::tls;
    check_peer(server, own, *section.find("tls"), "audit.syslog.tls", refuse);
    const Value& senders = *tree.find("dicom")->find("commitment")->find("senders");
    for (std::size_t i = 0; i < config.dicom.commitment.senders.size(); ++i) {
        const Value* section = senders.children[i].find("tls");
        if (section == nullptr) continue;
        check_peer(config.dicom.commitment.senders[i].tls, own, *section,
                   "dicom.commitment.senders[" + std::to_string(i) + "].tls", refuse);
    }
}

}  // namespace calcnode::config

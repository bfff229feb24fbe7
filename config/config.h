// The whole configuration as plain typed values: one struct a section of default.yaml, which holds every
// default and documents every key. Value types; made once by config/loader.h; each class gets its section
// only.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace calcnode::config {

/// How a peer that we connect to is reached by TLS, and which certificate it must show.
struct PeerTls {
    bool enabled = false;
    std::string peer_name;    // that its certificate is for; empty: the host
    std::string peer_sha256;  // its fingerprint (64 lower case digits): instead of name and authority
    std::filesystem::path trusted_certificates_file;  // empty: dicom.tls's
};

/// Where a sender is told what became of its request when it has released its association.
struct CommitmentSender {
    std::string ae_title;
    std::string host;
    int port = 0;
    PeerTls tls;
};

/// We as provider of storage commitment.
struct DicomCommitment {
    bool enabled = false;
    std::vector<CommitmentSender> senders;
};

enum class TlsVersion { tls12, tls13 };
enum class ClientCertificates { required, optional, none };

/// An AE title and the certificate that may call with it.
struct CertificateBinding {
    std::string ae_title;
    std::string name;    // Common Name, or a DNS name or address of Subject Alternative Name
    std::string sha256;  // fingerprint, 64 lower case digits
};

/// DICOM over TLS, in and out (PS3.15 Annex B).
struct DicomTls {
    bool enabled = false;  // listen
    int port = 0;          // 0: any free port, printed at start
    std::filesystem::path certificate_file;
    std::filesystem::path private_key_file;
    std::filesystem::path trusted_certificates_file;
    std::filesystem::path revocation_lists_file;
    TlsVersion minimum_version = TlsVersion::tls12;
    ClientCertificates client_certificates = ClientCertificates::required;
    std::vector<CertificateBinding> calling_ae_certificates;
};

struct Dicom {
    std::string ae_title;
    std::string listen_address;
    bool plain = true;  // listen without TLS
    int port = 0;       // 0: any free port, printed at start
    DicomTls tls;
    std::vector<std::string> called_ae_titles;
    std::vector<std::string> calling_ae_titles;
    std::vector<std::string> allowed_peers;  // addresses or CIDR blocks
    int max_associations = 0;
    int max_associations_per_peer = 0;  // 0: no limit of its own
    std::uint32_t max_pdu = 0;
    std::chrono::seconds associate_timeout{};
    std::chrono::seconds idle_timeout{};
    std::chrono::seconds association_timeout{};
    std::uint64_t max_object_bytes = 0;
    std::vector<std::string> other_storage_classes;
    DicomCommitment commitment;
};

struct Journal {
    std::string url;  // sqlite:///path or postgresql://...; empty: sqlite in the data folder
};

enum class Intent { presentation, processing };
enum class ImplantPolicy { skip, displaced_only, analyse };

struct Assembly {
    std::vector<std::string> required_views;  // "L-CC", "R-MLO", ...
    std::chrono::milliseconds settle{};
    std::chrono::milliseconds quiet{};
    std::chrono::milliseconds max_age{};
    Intent preferred_intent = Intent::presentation;
    ImplantPolicy implants = ImplantPolicy::skip;
};

enum class Precision { automatic, float32, bfloat16 };
enum class Device { automatic, cpu, cuda };
enum class OutOfDomain { refuse, analyse };

struct Analysis {
    int workers = 0;  // worker processes that serve starts and supervises; 0: none here
    int threads = 0;  // a worker's; 0: the machine's cores divided by workers
    std::string model;
    std::string model_version;            // empty: the only one installed
    std::string shadow_model;             // empty: none
    std::string shadow_model_version;     // empty: the only one installed
    std::filesystem::path models_folder;  // empty: <binary>/../share/calcnode/models
    double cluster_threshold = -1;        // negative: the model's own operating point
    OutOfDomain out_of_domain = OutOfDomain::refuse;
    Precision precision = Precision::float32;
    Device device = Device::automatic;
    std::chrono::milliseconds lease{};
    int max_attempts = 0;
    std::chrono::seconds job_timeout{};
    int max_worker_deaths = 0;
    std::chrono::seconds cpu_limit{};  // processor time of a job, all threads together; 0: no limit
    std::uint64_t memory_limit = 0;    // bytes of address space a worker may take; 0: no limit
};

struct Results {
    bool plane_orientation_compat = true;
    std::string device_serial_number;
    std::string institution;
};

struct Delivery {
    int attempts = 0;
    std::chrono::milliseconds first_retry{};
    std::chrono::milliseconds longest_retry{};
    int batch = 0;
    std::chrono::seconds connect_timeout{};
    std::chrono::seconds response_timeout{};
    std::chrono::seconds association_timeout{};
    int breaker_failures = 0;
};

/// We as user of a destination's storage commitment. A destination may leave out any of it.
struct DestinationCommitment {
    bool enabled = false;
    std::chrono::seconds wait{5};
    std::chrono::seconds timeout{3600};
    int attempts = 5;
    std::vector<std::string> answers_from;  // calling AE titles beside the destination's own
};

struct Destination {
    std::string ae_title;
    std::string host;
    int port = 0;
    // What it takes; these three may be left out.
    std::vector<std::string> results{"segmentation", "cad_sr", "measurement_report"};
    std::string code_scheme = "sct";                                           // sct, srt
    std::vector<std::string> transfer_syntaxes{"explicit_le", "implicit_le"};  // the first is preferred
    DestinationCommitment commitment;
    PeerTls tls;
};

/// Conditions of a rule; each is a list of shell-style patterns (* and ?), empty: anything. All must hold.
struct RouteMatch {
    std::vector<std::string> calling_ae_title;
    std::vector<std::string> called_ae_title;
    std::vector<std::string> peer;  // numeric address
    std::vector<std::string> modality;
    std::vector<std::string> sop_class_uid;
    std::vector<std::string> station_name;
    std::vector<std::string> manufacturer;
};

struct Route {
    std::string name;
    RouteMatch match;
    std::vector<std::string> destinations;  // names of Config::destinations; empty: analyse, send nowhere
};

struct Http {
    std::string listen_address;
    int port = 0;                           // 0: any free port, printed at start
    std::filesystem::path token_file;       // empty: http-tokens in data_dir
    std::filesystem::path tls_certificate;  // PEM, the chain; empty: no TLS
    std::filesystem::path tls_key;          // PEM
};

struct Log {
    std::string level;           // debug, info, warn, error
    std::filesystem::path file;  // empty: standard error
};

enum class SyslogTransport { none, local, udp, tls };

/// Where audit messages go beside the file (RFC 5424).
struct AuditSyslog {
    SyslogTransport transport = SyslogTransport::none;
    std::string socket;  // local
    std::string host;    // udp, tls
    int port = 0;
    PeerTls tls;  // `enabled` is the transport's matter
};

/// The audit trail (PS3.15 A.5).
struct Audit {
    std::filesystem::path file;  // empty: none
    std::uint64_t file_size = 0;
    int files = 0;          // old ones that are kept
    std::string source_id;  // empty: our AE title and the machine's name
    AuditSyslog syslog;
};

struct Config {
    std::filesystem::path data_dir;
    Dicom dicom;
    Journal journal;
    Assembly assembly;
    Analysis analysis;
    Results results;
    Delivery delivery;
    std::map<std::string, Destination> destinations;
    std::vector<Route> routes;  // the first that matches an instance decides
    Http http;
    Log log;
    Audit audit;
};

/// journal.url with its default filled in.
std::string journal_url(const Config& config);

/// http.token_file with its default filled in.
std::filesystem::path token_file(const Config& config);

}  // namespace calcnode::config

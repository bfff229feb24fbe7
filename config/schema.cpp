#include "config/schema.h"

#include <array>
#include <chrono>

#include "config/rules.h"

// One line a key: its member and what its value must be. default.yaml says what each is for.

namespace calcnode::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKiB = 1ULL << 10;
constexpr std::uint64_t kTiB = 1ULL << 40;
constexpr std::chrono::milliseconds kDay = 24h;

auto whole(std::int64_t lowest, std::int64_t highest) {
    return [=](const std::string& text) { return parse_whole(text, lowest, highest); };
}

auto size(std::uint64_t lowest, std::uint64_t highest) {
    return [=](const std::string& text) { return parse_size(text, lowest, highest); };
}

auto milliseconds(std::chrono::milliseconds shortest, std::chrono::milliseconds longest) {
    return [=](const std::string& text) { return parse_duration(text, shortest, longest); };
}

auto seconds(std::chrono::milliseconds shortest, std::chrono::milliseconds longest) {
    return [=](const std::string& text) -> Parsed<std::chrono::seconds> {
        const auto parsed = parse_duration(text, shortest, longest);
        if (!parsed.value) return {.mistake = parsed.mistake};
        if (*parsed.value % 1s != 0ms) return {.mistake = text + " is not a whole number of seconds"};
        return {.value = std::chrono::duration_cast<std::chrono::seconds>(*parsed.value)};
    };
}

auto text(std::string (*rule)(const std::string&)) {
    return [=](const std::string& value) -> Parsed<std::string> {
        std::string mistake = rule(value);
        if (!mistake.empty()) return {.mistake = std::move(mistake)};
        return {.value = value};
    };
}

Parsed<std::string> title(const std::string& value) {
    std::string mistake = ae_title(value);
    if (!mistake.empty()) return {.mistake = std::move(mistake)};
    return {.value = trimmed(value)};
}

Parsed<double> threshold(const std::string& value) {
    const Parsed<double> parsed = parse_real(value);
    if (!parsed.value || *parsed.value == -1 || (*parsed.value >= 0 && *parsed.value <= 1)) return parsed;
    return {.mistake = value + " is not 0..1, nor -1"};
}

std::string folder_name_or_empty(const std::string& value) {
    return value.empty() ? "" : folder_name(value);
}

template <class T, std::size_t N>
auto one_of(const std::array<std::pair<const char*, T>, N>& choices) {
    return [=](const std::string& value) -> Parsed<T> {
        std::string names;
        for (const auto& [name, choice] : choices) {
            if (value == name) return {.value = choice};
            names += (names.empty() ? "" : ", ") + std::string(name);
        }
        return {.mistake = "\"" + value + "\" is not one of " + names};
    };
}

constexpr std::array<std::pair<const char*, Intent>, 2> kIntents{
    {{"presentation", Intent::presentation}, {"processing", Intent::processing}}};
constexpr std::array<std::pair<const char*, ImplantPolicy>, 3> kImplants{
    {{"skip", ImplantPolicy::skip},
     {"displaced_only", ImplantPolicy::displaced_only},
     {"analyse", ImplantPolicy::analyse}}};
constexpr std::array<std::pair<const char*, OutOfDomain>, 2> kOutOfDomain{
    {{"refuse", OutOfDomain::refuse}, {"analyse", OutOfDomain::analyse}}};
constexpr std::array<std::pair<const char*, Precision>, 3> kPrecisions{
    {{"auto", Precision::automatic}, {"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}}};
constexpr std::array<std::pair<const char*, Device>, 3> kDevices{
    {{"auto", Device::automatic}, {"cpu", Device::cpu}, {"cuda", Device::cuda}}};
constexpr std::array<std::pair<const char*, const char*>, 4> kLevels{
    {{"debug", "debug"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}}};

/// What a destination or a list's entry leaves out has the default of config.h.
template <class Section>
Field<Section> may_lack(Field<Section> field) {
    field.required = false;
    return field;
}

Parsed<std::string> fingerprint_or_empty(const std::string& value) {
    return value.empty() ? Parsed<std::string>{.value = value} : parse_fingerprint(value);
}

constexpr std::array<std::pair<const char*, TlsVersion>, 2> kTlsVersions{
    {{"1.2", TlsVersion::tls12}, {"1.3", TlsVersion::tls13}}};
constexpr std::array<std::pair<const char*, ClientCertificates>, 3> kClientCertificates{
    {{"required", ClientCertificates::required},
     {"optional", ClientCertificates::optional},
     {"none", ClientCertificates::none}}};

std::string host_or_empty(const std::string& value) {
    return value.empty() ? "" : host(value);
}

/// Of a server that is always reached by TLS.
const Table<PeerTls> kServerTls{
    one("peer_name", &PeerTls::peer_name, text(host_or_empty)),
    one("peer_sha256", &PeerTls::peer_sha256, fingerprint_or_empty),
    one("trusted_certificates_file", &PeerTls::trusted_certificates_file, text(any_text)),
};

const Table<PeerTls> kPeerTls{
    may_lack(one("enabled", &PeerTls::enabled, parse_bool)),
    may_lack(one("peer_name", &PeerTls::peer_name, text(host_or_empty))),
    may_lack(one("peer_sha256", &PeerTls::peer_sha256, fingerprint_or_empty)),
    may_lack(one("trusted_certificates_file", &PeerTls::trusted_certificates_file, text(any_text))),
};

const Table<CertificateBinding> kCertificateBinding{
    one("ae_title", &CertificateBinding::ae_title, title),
    may_lack(one("name", &CertificateBinding::name, text(any_text))),
    may_lack(one("sha256", &CertificateBinding::sha256, fingerprint_or_empty)),
};

void read_certificate_bindings(DicomTls& tls, const Value& value, const Place& place) {
    if (!place.expect(value, Value::Kind::list, "a list of AE titles with their certificates")) return;
    tls.calling_ae_certificates.clear();
    for (std::size_t i = 0; i < value.children.size(); ++i) {
        const Value& entry = value.children[i];
        read_map(kCertificateBinding, tls.calling_ae_certificates.emplace_back(), entry, place.item(i));
        const auto given = [&](const char* key) {
            const Value* child = entry.find(key);
            return child != nullptr && !child->text.empty();
        };
        if (!given("name") && !given("sha256"))
            place.item(i).refuse(value.children[i], "needs a name or a sha256, or both");
    }
}

const Table<DicomTls> kDicomTls{
    one("enabled", &DicomTls::enabled, parse_bool),
    one("port", &DicomTls::port, whole(0, 65535)),
    one("certificate_file", &DicomTls::certificate_file, text(any_text)),
    one("private_key_file", &DicomTls::private_key_file, text(any_text)),
    one("trusted_certificates_file", &DicomTls::trusted_certificates_file, text(any_text)),
    one("revocation_lists_file", &DicomTls::revocation_lists_file, text(any_text)),
    one("minimum_version", &DicomTls::minimum_version, one_of(kTlsVersions)),
    one("client_certificates", &DicomTls::client_certificates, one_of(kClientCertificates)),
    {.key = "calling_ae_certificates", .read = read_certificate_bindings},
};

const Table<CommitmentSender> kCommitmentSender{
    one("ae_title", &CommitmentSender::ae_title, title),
    one("host", &CommitmentSender::host, text(host)),
    one("port", &CommitmentSender::port, whole(1, 65535)),
    may_lack(section("tls", &CommitmentSender::tls, kPeerTls)),
};

void read_commitment_senders(DicomCommitment& commitment, const Value& value, const Place& place) {
    if (!place.expect(value, Value::Kind::list, "a list of senders")) return;
    commitment.senders.clear();
    for (std::size_t i = 0; i < value.children.size(); ++i)
        read_map(kCommitmentSender, commitment.senders.emplace_back(), value.children[i], place.item(i));
}

const Table<DicomCommitment> kDicomCommitment{
    one("enabled", &DicomCommitment::enabled, parse_bool),
    {.key = "senders", .read = read_commitment_senders},
};

const Table<Dicom> kDicom{
    one("ae_title", &Dicom::ae_title, title),
    one("listen_address", &Dicom::listen_address, text(ip_address)),
    one("plain", &Dicom::plain, parse_bool),
    one("port", &Dicom::port, whole(0, 65535)),
    section("tls", &Dicom::tls, kDicomTls),
    many("called_ae_titles", &Dicom::called_ae_titles, title),
    many("calling_ae_titles", &Dicom::calling_ae_titles, title),
    many("allowed_peers", &Dicom::allowed_peers, text(ip_block)),
    one("max_associations", &Dicom::max_associations, whole(1, 4096)),
    one("max_associations_per_peer", &Dicom::max_associations_per_peer, whole(0, 4096)),
    one("max_pdu", &Dicom::max_pdu, size(4 * kKiB, 128 * kKiB)),
    one("associate_timeout", &Dicom::associate_timeout, seconds(1s, 1h)),
    one("idle_timeout", &Dicom::idle_timeout, seconds(1s, kDay)),
    one("association_timeout", &Dicom::association_timeout, seconds(1s, 7 * kDay)),
    one("max_object_bytes", &Dicom::max_object_bytes, size(kKiB, kTiB)),
    many("other_storage_classes", &Dicom::other_storage_classes, text(uid)),
    section("commitment", &Dicom::commitment, kDicomCommitment),
};

const Table<Journal> kJournal{one("url", &Journal::url, text(journal_location))};

const Table<Assembly> kAssembly{
    many("required_views", &Assembly::required_views, text(exam_view)),
    one("settle", &Assembly::settle, milliseconds(0s, kDay)),
    one("quiet", &Assembly::quiet, milliseconds(0s, kDay)),
    one("max_age", &Assembly::max_age, milliseconds(0s, 30 * kDay)),
    one("preferred_intent", &Assembly::preferred_intent, one_of(kIntents)),
    one("implants", &Assembly::implants, one_of(kImplants)),
};

const Table<Analysis> kAnalysis{
    one("workers", &Analysis::workers, whole(0, 256)),
    one("threads", &Analysis::threads, whole(0, 1024)),
    one("model", &Analysis::model, text(folder_name)),
    one("model_version", &Analysis::model_version, text(any_text)),
    one("shadow_model", &Analysis::shadow_model, text(folder_name_or_empty)),
    one("shadow_model_version", &Analysis::shadow_model_version, text(any_text)),
    one("models_folder", &Analysis::models_folder, text(any_text)),
    one("cluster_threshold", &Analysis::cluster_threshold, threshold),
    one("out_of_domain", &Analysis::out_of_domain, one_of(kOutOfDomain)),
    one("precision", &Analysis::precision, one_of(kPrecisions)),
    one("device", &Analysis::device, one_of(kDevices)),
    one("lease", &Analysis::lease, milliseconds(100ms, kDay)),
    one("max_attempts", &Analysis::max_attempts, whole(1, 100)),
    one("job_timeout", &Analysis::job_timeout, seconds(1s, 7 * kDay)),
    one("max_worker_deaths", &Analysis::max_worker_deaths, whole(1, 100)),
    one("cpu_limit", &Analysis::cpu_limit, seconds(0s, 7 * kDay)),
    one("memory_limit", &Analysis::memory_limit, size(0, 1024 * kTiB)),
};

const Table<Results> kResults{
    one("plane_orientation_compat", &Results::plane_orientation_compat, parse_bool),
    one("device_serial_number", &Results::device_serial_number, text(required_long_string)),
    one("institution", &Results::institution, text(long_string)),
};

const Table<Delivery> kDelivery{
    one("attempts", &Delivery::attempts, whole(1, 10000)),
    one("first_retry", &Delivery::first_retry, milliseconds(10ms, kDay)),
    one("longest_retry", &Delivery::longest_retry, milliseconds(10ms, 7 * kDay)),
    one("batch", &Delivery::batch, whole(1, 10000)),
    one("connect_timeout", &Delivery::connect_timeout, seconds(1s, 1h)),
    one("response_timeout", &Delivery::response_timeout, seconds(1s, kDay)),
    one("association_timeout", &Delivery::association_timeout, seconds(1s, 7 * kDay)),
    one("breaker_failures", &Delivery::breaker_failures, whole(1, 1000)),
};

auto word(std::vector<std::string_view> known) {
    return [known = std::move(known)](const std::string& value) -> Parsed<std::string> {
        std::string mistake = known_word(value, known);
        if (!mistake.empty()) return {.mistake = std::move(mistake)};
        return {.value = value};
    };
}

const Table<DestinationCommitment> kDestinationCommitment{
    may_lack(one("enabled", &DestinationCommitment::enabled, parse_bool)),
    may_lack(one("wait", &DestinationCommitment::wait, seconds(0s, 1h))),
    may_lack(one("timeout", &DestinationCommitment::timeout, seconds(1s, 30 * kDay))),
    may_lack(one("attempts", &DestinationCommitment::attempts, whole(1, 1000))),
    may_lack(many("answers_from", &DestinationCommitment::answers_from, title)),
};

/// A list that must not be empty.
template <class Section>
Field<Section> some(std::string_view key, std::vector<std::string> Section::*member,
                    const std::vector<std::string_view>& known) {
    auto read_list = many(key, member, word(known)).read;
    return {.key = key, .read = [=](Section& section, const Value& value, const Place& place) {
                read_list(section, value, place);
                if (value.kind == Value::Kind::list && value.children.empty())
                    place.refuse(value, "name at least one");
            }};
}

Table<Destination> destination_table() {
    return {
        one("ae_title", &Destination::ae_title, title),
        one("host", &Destination::host, text(host)),
        one("port", &Destination::port, whole(1, 65535)),
        may_lack(many("results", &Destination::results,
                      word({"segmentation", "cad_sr", "measurement_report", "presentation_state",
                            "secondary_capture", "probability_map"}))),
        may_lack(one("code_scheme", &Destination::code_scheme, word({"sct", "srt"}))),
        may_lack(some("transfer_syntaxes", &Destination::transfer_syntaxes,
                      {"explicit_le", "implicit_le", "deflated"})),
        may_lack(section("commitment", &Destination::commitment, kDestinationCommitment)),
        may_lack(section("tls", &Destination::tls, kPeerTls)),
    };
}

const Table<Destination> kDestination = destination_table();

/// A pattern, or a list of patterns.
Field<RouteMatch> patterns(std::string_view key, std::vector<std::string> RouteMatch::*member) {
    auto read_list = many(key, member, text(not_empty)).read;
    return {.key = key,
            .read =
                [=](RouteMatch& match, const Value& value, const Place& place) {
                    Value list = value;
                    if (value.kind == Value::Kind::scalar) {
                        list.kind = Value::Kind::list;
                        list.children = {value};
                    }
                    read_list(match, list, place);
                },
            .required = false};
}

const Table<RouteMatch> kRouteMatch{
    patterns("calling_ae_title", &RouteMatch::calling_ae_title),
    patterns("called_ae_title", &RouteMatch::called_ae_title),
    patterns("peer", &RouteMatch::peer),
    patterns("modality", &RouteMatch::modality),
    patterns("sop_class_uid", &RouteMatch::sop_class_uid),
    patterns("station_name", &RouteMatch::station_name),
    patterns("manufacturer", &RouteMatch::manufacturer),
};

Table<Route> route_table() {
    Table<Route> table{
        one("name", &Route::name, text(not_empty)),
        section("match", &Route::match, kRouteMatch),
        many("destinations", &Route::destinations, text(plain_name)),
    };
    table[1].required = false;  // a rule without conditions takes everything
    return table;
}

const Table<Route> kRoute = route_table();

const Table<Http> kHttp{
    one("listen_address", &Http::listen_address, text(ip_address)),
    one("port", &Http::port, whole(0, 65535)),
    one("token_file", &Http::token_file, text(any_text)),
    one("tls_certificate", &Http::tls_certificate, text(any_text)),
    one("tls_key", &Http::tls_key, text(any_text)),
};

const Table<Log> kLog{
    one("level", &Log::level, one_of(kLevels)),
    one("file", &Log::file, text(any_text)),
};

constexpr std::array<std::pair<const char*, SyslogTransport>, 4> kSyslogTransports{
    {{"none", SyslogTransport::none},
     {"local", SyslogTransport::local},
     {"udp", SyslogTransport::udp},
     {"tls", SyslogTransport::tls}}};

const Table<AuditSyslog> kAuditSyslog{
    one("transport", &AuditSyslog::transport, one_of(kSyslogTransports)),
    one("socket", &AuditSyslog::socket, text(not_empty)),
    one("host", &AuditSyslog::host, text(host_or_empty)),
    one("port", &AuditSyslog::port, whole(1, 65535)),
    section("tls", &AuditSyslog::tls, kServerTls),
};

const Table<Audit> kAudit{
    one("file", &Audit::file, text(any_text)),
    one("file_size", &Audit::file_size, size(64 * kKiB, kTiB)),
    one("files", &Audit::files, whole(0, 1000)),
    one("source_id", &Audit::source_id, text(long_string)),
    section("syslog", &Audit::syslog, kAuditSyslog),
};

void read_destinations(Config& config, const Value& value, const Place& place) {
    if (!place.expect(value, Value::Kind::map, "a map of destinations")) return;
    config.destinations.clear();
    for (const Value& child : value.children) {
        const Place here = place.child(child.key);
        if (const std::string mistake = plain_name(child.key); !mistake.empty()) here.refuse(child, mistake);
        read_map(kDestination, config.destinations[child.key], child, here);
    }
}

void read_routes(Config& config, const Value& value, const Place& place) {
    if (!place.expect(value, Value::Kind::list, "a list of rules")) return;
    config.routes.clear();
    for (std::size_t i = 0; i < value.children.size(); ++i)
        read_map(kRoute, config.routes.emplace_back(), value.children[i], place.item(i));
}

}  // namespace

const Table<Config>& schema() {
    static const Table<Config> table{
        one("data_dir", &Config::data_dir, text(not_empty)),
        section("dicom", &Config::dicom, kDicom),
        section("journal", &Config::journal, kJournal),
        section("assembly", &Config::assembly, kAssembly),
        section("analysis", &Config::analysis, kAnalysis),
        section("results", &Config::results, kResults),
        section("delivery", &Config::delivery, kDelivery),
        {.key = "destinations", .read = read_destinations},
        {.key = "routes", .read = read_routes},
        section("http", &Config::http, kHttp),
        section("log", &Config::log, kLog),
        section("audit", &Config::audit, kAudit),
    };
    return table;
}

}  // namespace calcnode::config

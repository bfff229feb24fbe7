// default.yaml is documentation, defaults and embedded text in one: these must not drift apart.
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "config/loader.h"

namespace calcnode::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::filesystem::path kFile = std::filesystem::path(CALCNODE_SOURCE_DIR) / "config/default.yaml";

std::string file_text() {
    std::ostringstream text;
    text << std::ifstream(kFile, std::ios::binary).rdbuf();
    return text.str();
}

TEST(DefaultYaml, IsEmbeddedAsItIs) {
    EXPECT_EQ(file_text(), kDefaultYaml);
}

/// load() refuses keys that the schema does not know and reports keys of the schema that default.yaml lacks.
TEST(DefaultYaml, HoldsExactlyTheKeysOfTheSchema) {
    EXPECT_NO_THROW(load({}));
    EXPECT_NO_THROW(load(kFile));
}

/// A destination of a file does not inherit from default.yaml's: what it leaves out must have the same
/// defaults.
TEST(DefaultYaml, ADestinationThatLeavesCommitmentOutHasItsDefaults) {
    const DestinationCommitment said = load({}).destinations.at("pacs").commitment;
    const DestinationCommitment silent =
        load({}, {"destinations={pacs: {ae_title: X, host: h, port: 1}}"}).destinations.at("pacs").commitment;
    EXPECT_EQ(silent.enabled, said.enabled);
    EXPECT_EQ(silent.wait, said.wait);
    EXPECT_EQ(silent.timeout, said.timeout);
    EXPECT_EQ(silent.attempts, said.attempts);
    EXPECT_EQ(silent.answers_from, said.answers_from);
}

/// The line without its indentation and without the dash of a list.
std::string_view content(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return line.starts_with("- ") ? line.substr(2) : line;
}

bool is_key(std::string_view line) {
    const std::size_t end = content(line).find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    return end != 0 && end != std::string_view::npos && content(line)[end] == ':';
}

TEST(DefaultYaml, EveryKeyHasACommentAboveIt) {
    std::istringstream lines(file_text());
    std::string line;
    std::string above;
    int keys = 0;
    for (int number = 1; std::getline(lines, line); ++number) {
        if (is_key(line)) {
            ++keys;
            EXPECT_TRUE(content(above).starts_with("# ")) << "line " << number << ": " << line;
        }
        above = line;
    }
    EXPECT_GE(keys, 60);
}

TEST(DefaultYaml, GivesTheValuesItSays) {
    const Config c = load({});
    EXPECT_EQ(c.data_dir, "calcnode-data");
    EXPECT_EQ(c.dicom.ae_title, "CALCNODE");
    EXPECT_EQ(c.dicom.listen_address, "0.0.0.0");
    EXPECT_EQ(c.dicom.port, 11112);
    EXPECT_THAT(c.dicom.called_ae_titles, IsEmpty());
    EXPECT_THAT(c.dicom.calling_ae_titles, IsEmpty());
    EXPECT_THAT(c.dicom.allowed_peers, IsEmpty());
    EXPECT_EQ(c.dicom.max_associations, 64);
    EXPECT_EQ(c.dicom.max_associations_per_peer, 0);
    EXPECT_EQ(c.dicom.max_pdu, 131072U);
    EXPECT_EQ(c.dicom.associate_timeout, 5s);
    EXPECT_EQ(c.dicom.idle_timeout, 60s);
    EXPECT_EQ(c.dicom.association_timeout, 1h);
    EXPECT_EQ(c.dicom.max_object_bytes, 512ULL << 20);
    EXPECT_THAT(c.dicom.other_storage_classes, IsEmpty());
    EXPECT_TRUE(c.dicom.plain);
    EXPECT_FALSE(c.dicom.tls.enabled);
    EXPECT_EQ(c.dicom.tls.port, 2762);
    EXPECT_EQ(c.dicom.tls.certificate_file, "");
    EXPECT_EQ(c.dicom.tls.private_key_file, "");
    EXPECT_EQ(c.dicom.tls.trusted_certificates_file, "");
    EXPECT_EQ(c.dicom.tls.revocation_lists_file, "");
    EXPECT_EQ(c.dicom.tls.minimum_version, TlsVersion::tls12);
    EXPECT_EQ(c.dicom.tls.client_certificates, ClientCertificates::required);
    EXPECT_TRUE(c.dicom.tls.calling_ae_certificates.empty());
    EXPECT_FALSE(c.dicom.commitment.enabled);
    EXPECT_THAT(c.dicom.commitment.senders, IsEmpty());
    EXPECT_EQ(c.journal.url, "");
    EXPECT_THAT(c.assembly.required_views, ElementsAre("L-CC", "L-MLO", "R-CC", "R-MLO"));
    EXPECT_EQ(c.assembly.settle, 3s);
    EXPECT_EQ(c.assembly.quiet, 60s);
    EXPECT_EQ(c.assembly.max_age, 15min);
    EXPECT_EQ(c.assembly.preferred_intent, Intent::presentation);
    EXPECT_EQ(c.assembly.implants, ImplantPolicy::skip);
    EXPECT_EQ(c.analysis.workers, 1);
    EXPECT_EQ(c.analysis.threads, 0);
    EXPECT_EQ(c.analysis.model, "valvano-cascade");
    EXPECT_EQ(c.analysis.model_version, "");
    EXPECT_EQ(c.analysis.shadow_model, "");
    EXPECT_EQ(c.analysis.shadow_model_version, "");
    EXPECT_EQ(c.analysis.out_of_domain, OutOfDomain::refuse);
    EXPECT_EQ(c.analysis.precision, Precision::float32);
    EXPECT_EQ(c.analysis.device, Device::automatic);
    EXPECT_EQ(c.analysis.models_folder, "");
    EXPECT_DOUBLE_EQ(c.analysis.cluster_threshold, -1);
    EXPECT_EQ(c.analysis.lease, 30s);
    EXPECT_EQ(c.analysis.max_attempts, 3);
    EXPECT_EQ(c.analysis.job_timeout, 30min);
    EXPECT_EQ(c.analysis.max_worker_deaths, 2);
    EXPECT_EQ(c.analysis.cpu_limit, 2h);
    EXPECT_EQ(c.analysis.memory_limit, 16ULL << 30);
    EXPECT_TRUE(c.results.plane_orientation_compat);
    EXPECT_EQ(c.results.device_serial_number, "1");
    EXPECT_EQ(c.results.institution, "");
    EXPECT_EQ(c.delivery.attempts, 300);
    EXPECT_EQ(c.delivery.first_retry, 5s);
    EXPECT_EQ(c.delivery.longest_retry, 10min);
    EXPECT_EQ(c.delivery.batch, 32);
    EXPECT_EQ(c.delivery.connect_timeout, 10s);
    EXPECT_EQ(c.delivery.response_timeout, 60s);
    EXPECT_EQ(c.delivery.association_timeout, 1h);
    EXPECT_EQ(c.delivery.breaker_failures, 3);
    ASSERT_EQ(c.destinations.size(), 1U);
    EXPECT_EQ(c.destinations.at("pacs").ae_title, "PACS");
    EXPECT_EQ(c.destinations.at("pacs").host, "127.0.0.1");
    EXPECT_EQ(c.destinations.at("pacs").port, 11113);
    EXPECT_THAT(c.destinations.at("pacs").results,
                ElementsAre("segmentation", "cad_sr", "measurement_report"));
    EXPECT_EQ(c.destinations.at("pacs").code_scheme, "sct");
    EXPECT_THAT(c.destinations.at("pacs").transfer_syntaxes, ElementsAre("explicit_le", "implicit_le"));
    const DestinationCommitment& commitment = c.destinations.at("pacs").commitment;
    EXPECT_FALSE(commitment.enabled);
    EXPECT_EQ(commitment.wait, 5s);
    EXPECT_EQ(commitment.timeout, 1h);
    EXPECT_EQ(commitment.attempts, 5);
    EXPECT_THAT(commitment.answers_from, IsEmpty());
    EXPECT_FALSE(c.destinations.at("pacs").tls.enabled);
    EXPECT_EQ(c.destinations.at("pacs").tls.peer_name, "");
    EXPECT_EQ(c.destinations.at("pacs").tls.peer_sha256, "");
    EXPECT_EQ(c.destinations.at("pacs").tls.trusted_certificates_file, "");
    ASSERT_EQ(c.routes.size(), 1U);
    EXPECT_EQ(c.routes[0].name, "everything");
    EXPECT_THAT(c.routes[0].destinations, ElementsAre("pacs"));
    EXPECT_EQ(c.http.listen_address, "127.0.0.1");
    EXPECT_EQ(c.http.port, 8042);
    EXPECT_EQ(c.log.level, "info");
    EXPECT_EQ(c.log.file, "");
    EXPECT_EQ(c.audit.file, "");
    EXPECT_EQ(c.audit.file_size, 64ULL << 20);
    EXPECT_EQ(c.audit.files, 20);
    EXPECT_EQ(c.audit.source_id, "");
    EXPECT_EQ(c.audit.syslog.transport, SyslogTransport::none);
    EXPECT_EQ(c.audit.syslog.socket, "/dev/log");
    EXPECT_EQ(c.audit.syslog.host, "");
    EXPECT_EQ(c.audit.syslog.port, 6514);
    EXPECT_EQ(c.audit.syslog.tls.peer_name, "");
    EXPECT_EQ(c.audit.syslog.tls.peer_sha256, "");
    EXPECT_EQ(c.audit.syslog.tls.trusted_certificates_file, "");
}

/// These may be left out; then what default.yaml shows for its destination holds.
TEST(DefaultYaml, ADestinationsProfileIsTheOneOfAPlainDestination) {
    const Destination shown = load({}).destinations.at("pacs");
    const Destination plain;
    EXPECT_EQ(plain.results, shown.results);
    EXPECT_EQ(plain.code_scheme, shown.code_scheme);
    EXPECT_EQ(plain.transfer_syntaxes, shown.transfer_syntaxes);
}

}  // namespace
}  // namespace calcnode::config

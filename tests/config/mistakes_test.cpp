// Broken configurations, and what each is told.
#include <algorithm>

#include <gmock/gmock.h>

#include "config/loader.h"
#include "tests/config/config_files.h"

namespace calcnode::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// The texts of all mistakes, with the file called "c.yaml".
std::vector<std::string> mistakes_of(const std::string& yaml, const std::vector<std::string>& settings = {}) {
    const ConfigFile file(yaml);
    try {
        load(file.path(), settings);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid);
        std::vector<std::string> texts;
        for (Mistake mistake : error.mistakes()) {
            EXPECT_THAT(error.what(), HasSubstr(mistake.text()));
            if (mistake.source == file.path()) mistake.source = "c.yaml";
            texts.push_back(mistake.text());
        }
        return texts;
    }
    return {};
}

struct Case {
    const char* name;
    const char* yaml;
    const char* mistake;
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << c.name;
}

class OneMistake : public ::testing::TestWithParam<Case> {};

TEST_P(OneMistake, IsReportedWithFileLineAndKey) {
    EXPECT_THAT(mistakes_of(GetParam().yaml), ElementsAre(GetParam().mistake));
}

const Case kCases[] = {
    {"PortTooHigh", "dicom:\n  port: 70000\n", "c.yaml:2:3: dicom.port: 70000 is not 0..65535"},
    {"PortBeyondAnyInteger", "http: {port: 99999999999999999999}\n",
     "c.yaml:1:8: http.port: 99999999999999999999 is not 0..65535"},
    {"PortIsAWord", "\n\nhttp:\n  port: eighty\n", "c.yaml:4:3: http.port: \"eighty\" is not a whole number"},
    {"PortIsAList", "http:\n  port: [1]\n", "c.yaml:2:3: http.port: must be a single value, not a list"},
    {"NoValue", "http:\n  port:\n", "c.yaml:2:3: http.port: has no value; write \"\" for an empty text"},
    {"NothingToListenOn", "dicom:\n  plain: false\n",
     "c.yaml:2:3: dicom.plain: without it and without dicom.tls nobody can send"},
    {"KeyWithoutCertificate", "dicom:\n  tls:\n    private_key_file: k.pem\n",
     "c.yaml:3:5: dicom.tls.private_key_file: is set without certificate_file"},
    {"BindingOfNothing", "dicom:\n  tls:\n    calling_ae_certificates:\n      - ae_title: A\n",
     "c.yaml:4:9: dicom.tls.calling_ae_certificates[0]: needs a name or a sha256, or both"},
    {"FingerprintTooShort",
     "dicom:\n  tls:\n    calling_ae_certificates: [{ae_title: A, sha256: \"AB:CD\"}]\n",
     "c.yaml:3:45: dicom.tls.calling_ae_certificates[0].sha256: \"AB:CD\" is not a SHA-256 fingerprint (64 "
     "hexadecimal digits)"},
    {"OldTlsVersion", "dicom: {tls: {minimum_version: \"1.1\"}}\n",
     "c.yaml:1:15: dicom.tls.minimum_version: \"1.1\" is not one of 1.2, 1.3"},
    {"DestinationTrustsNobody",
     "destinations:\n  pacs: {ae_title: A, host: h, port: 1, tls: {enabled: true}}\n",
     "c.yaml:2:41: destinations.pacs.tls: nothing says which certificates are trusted: set "
     "trusted_certificates_file here or in dicom.tls, or peer_sha256"},
    {"SyslogWithoutHost", "audit: {syslog: {transport: udp}}\n",
     "c.yaml:1:18: audit.syslog.transport: needs audit.syslog.host"},
    {"TypingMistake", "dicom:\n  max_asociations: 3\n",
     "c.yaml:2:3: dicom.max_asociations: unknown key; did you mean dicom.max_associations?"},
    {"WrongSection", "max_pdu: 16384\n", "c.yaml:1:1: max_pdu: unknown key; did you mean dicom.max_pdu?"},
    {"UnknownResultKind",
     "destinations: {a: {ae_title: A, host: h, port: 104, results: [segmentaton, cad_sr]}}\nroutes: []\n",
     "c.yaml:1:63: destinations.a.results[0]: \"segmentaton\" is not one of segmentation, cad_sr, "
     "measurement_report, presentation_state, secondary_capture, probability_map; did you mean "
     "segmentation?"},
    {"ResultKindTwice",
     "destinations: {a: {ae_title: A, host: h, port: 104, results: [cad_sr, cad_sr]}}\nroutes: []\n",
     "c.yaml:1:71: destinations.a.results[1]: \"cad_sr\" stands twice"},
    {"UnknownCodeScheme",
     "destinations: {a: {ae_title: A, host: h, port: 104, code_scheme: SNOMED}}\nroutes: []\n",
     "c.yaml:1:53: destinations.a.code_scheme: \"SNOMED\" is not one of sct, srt"},
    {"UnknownTransferSyntax",
     "destinations: {a: {ae_title: A, host: h, port: 104, transfer_syntaxes: [deflate]}}\nroutes: []\n",
     "c.yaml:1:73: destinations.a.transfer_syntaxes[0]: \"deflate\" is not one of explicit_le, implicit_le, "
     "deflated; did you mean deflated?"},
    {"NoTransferSyntax",
     "destinations: {a: {ae_title: A, host: h, port: 104, transfer_syntaxes: []}}\nroutes: []\n",
     "c.yaml:1:53: destinations.a.transfer_syntaxes: name at least one"},
    {"NothingAlike", "frobnicate: yes\n",
     "c.yaml:1:1: frobnicate: unknown key; remove it (default.yaml holds every key)"},
    {"Twice", "log:\n  level: info\n  level: warn\n",
     "c.yaml:3:3: log.level: this key stands twice (first on line 2); remove one of the two"},
    {"SectionIsAScalar", "dicom: 5\n", "c.yaml:1:1: dicom: must be a map of keys, not a single value"},
    {"ListIsAScalar", "dicom:\n  allowed_peers: 10.0.0.1\n",
     "c.yaml:2:3: dicom.allowed_peers: must be a list, not a single value"},
    {"LongAeTitle", "dicom:\n  ae_title: SEVENTEEN_LETTERS\n",
     "c.yaml:2:3: dicom.ae_title: \"SEVENTEEN_LETTERS\" has more than 16 characters"},
    {"BlankAeTitle", "dicom:\n  ae_title: '   '\n",
     "c.yaml:2:3: dicom.ae_title: an AE title must not be empty or blank"},
    {"BackslashInAeTitle", "dicom:\n  calling_ae_titles: [OK, 'A\\B']\n",
     "c.yaml:2:27: dicom.calling_ae_titles[1]: an AE title is ASCII without backslash and control "
     "characters"},
    {"DurationWithoutUnit", "assembly:\n  quiet: 60\n",
     "c.yaml:2:3: assembly.quiet: \"60\" is not a duration such as 500ms, 5s, 10m, 2h or 1d"},
    {"DurationTooShort", "analysis:\n  lease: 5ms\n", "c.yaml:2:3: analysis.lease: 5ms is not 100ms..1d"},
    {"DurationOverflows", "analysis:\n  lease: 18446744073709551615d\n",
     "c.yaml:2:3: analysis.lease: \"18446744073709551615d\" is not a duration such as 500ms, 5s, 10m, 2h or "
     "1d"},
    {"NegativeDuration", "assembly:\n  settle: -1s\n",
     "c.yaml:2:3: assembly.settle: \"-1s\" is not a duration such as 500ms, 5s, 10m, 2h or 1d"},
    {"PartOfASecond", "dicom:\n  idle_timeout: 1500ms\n",
     "c.yaml:2:3: dicom.idle_timeout: 1500ms is not a whole number of seconds"},
    {"SizeInDecimalUnits", "dicom:\n  max_object_bytes: 1GB\n",
     "c.yaml:2:3: dicom.max_object_bytes: \"1GB\" is not a size such as 64KiB, 512MiB, 4GiB or a number of "
     "bytes"},
    {"PduTooLarge", "dicom:\n  max_pdu: 1MiB\n", "c.yaml:2:3: dicom.max_pdu: 1MiB is not 4KiB..128KiB"},
    {"NotAnAddress", "dicom:\n  listen_address: localhost\n",
     "c.yaml:2:3: dicom.listen_address: \"localhost\" is not a numeric address such as 0.0.0.0, 127.0.0.1 or "
     "::"},
    {"PrefixTooLong", "dicom:\n  allowed_peers: [10.0.0.0/33]\n",
     "c.yaml:2:19: dicom.allowed_peers[0]: \"10.0.0.0/33\": the length of a prefix is 0..32"},
    {"NotABlock", "dicom:\n  allowed_peers:\n    - 10.0.0.0/8\n    - 10.0.0/8\n",
     "c.yaml:4:7: dicom.allowed_peers[1]: \"10.0.0/8\" is not an address or a block such as 10.1.2.0/24"},
    {"UidWithLeadingZero", "dicom:\n  other_storage_classes: [1.2.840.010008]\n",
     "c.yaml:2:27: dicom.other_storage_classes[0]: \"1.2.840.010008\" is not a UID (numbers with dots, at "
     "most 64 characters)"},
    {"NotAView", "assembly:\n  required_views: [L-CC, MLO]\n",
     "c.yaml:2:26: assembly.required_views[1]: \"MLO\" is not a view such as L-CC: L or R, a dash, and one "
     "of CC MLO ML LM LMO XCCL XCCM FB SIO ISO"},
    {"ViewTwice", "assembly:\n  required_views: [L-CC, L-CC]\n",
     "c.yaml:2:26: assembly.required_views[1]: \"L-CC\" stands twice"},
    {"NoViews", "assembly:\n  required_views: []\n",
     "c.yaml:2:3: assembly.required_views: name at least one view"},
    {"NotAChoice", "assembly:\n  implants: maybe\n",
     "c.yaml:2:3: assembly.implants: \"maybe\" is not one of skip, displaced_only, analyse"},
    {"NotABool", "results:\n  plane_orientation_compat: yes\n",
     "c.yaml:2:3: results.plane_orientation_compat: \"yes\" is not true or false"},
    {"ThresholdAboveOne", "analysis:\n  cluster_threshold: 1.5\n",
     "c.yaml:2:3: analysis.cluster_threshold: 1.5 is not 0..1, nor -1"},
    {"ThresholdIsNoNumber", "analysis:\n  cluster_threshold: nan\n",
     "c.yaml:2:3: analysis.cluster_threshold: \"nan\" is not a number"},
    {"ModelIsAPath", "analysis:\n  model: ../x\n",
     "c.yaml:2:3: analysis.model: \"../x\" is not the name of a folder"},
    {"ShadowModelIsAPath", "analysis:\n  shadow_model: a/b\n",
     "c.yaml:2:3: analysis.shadow_model: \"a/b\" is not the name of a folder"},
    {"UnknownPrecision", "analysis:\n  precision: float16\n",
     "c.yaml:2:3: analysis.precision: \"float16\" is not one of auto, float32, bfloat16"},
    {"UnknownDevice", "analysis:\n  device: gpu\n",
     "c.yaml:2:3: analysis.device: \"gpu\" is not one of auto, cpu, cuda"},
    {"OutOfDomainIsNoChoice", "analysis:\n  out_of_domain: ignore\n",
     "c.yaml:2:3: analysis.out_of_domain: \"ignore\" is not one of refuse, analyse"},
    {"UnknownDatabase", "journal:\n  url: mysql://h/d\n",
     "c.yaml:2:3: journal.url: must begin with sqlite:/// or postgresql://"},
    {"RelativeDatabase", "journal:\n  url: sqlite://journal.db\n",
     "c.yaml:2:3: journal.url: sqlite:// is followed by an absolute path: "
     "sqlite:///var/lib/calcnode/journal.db"},
    {"RouteToNowhere", "routes:\n  - name: a\n    destinations: [pacs, pasc]\n",
     "c.yaml:3:26: routes[0].destinations[1]: no destination is named \"pasc\" (there is pacs)"},
    {"RoutesOfOneName", "routes:\n  - {name: a, destinations: []}\n  - {name: a, destinations: []}\n",
     "c.yaml:3:6: routes[1].name: another rule is named \"a\""},
    {"RouteWithUnknownCondition", "routes:\n  - name: a\n    match: {modalty: MG}\n    destinations: []\n",
     "c.yaml:3:13: routes[0].match.modalty: unknown key; did you mean routes[0].match.modality?"},
    {"RouteWithoutDestinations", "routes:\n  - name: a\n", "c.yaml:2:5: routes[0].destinations: is missing"},
    {"DestinationWithoutHost", "destinations:\n  pacs:\n    ae_title: A\n    port: 1\n",
     "c.yaml:2:3: destinations.pacs.host: is missing"},
    {"DestinationsPortZero", "destinations:\n  pacs: {ae_title: A, host: h, port: 0}\n",
     "c.yaml:2:32: destinations.pacs.port: 0 is not 1..65535"},
    {"CommitmentSenderWithoutPort", "dicom:\n  commitment:\n    senders: [{ae_title: A, host: h}]\n",
     "c.yaml:3:15: dicom.commitment.senders[0].port: is missing"},
    {"CommitmentSenderTwice",
     "dicom:\n  commitment:\n    senders:\n    - {ae_title: A, host: h, port: 1}\n"
     "    - {ae_title: A, host: g, port: 2}\n",
     "c.yaml:5:8: dicom.commitment.senders[1].ae_title: another sender is named \"A\""},
    {"CommitmentKeyMistyped",
     "destinations:\n  pacs: {ae_title: A, host: h, port: 1, commitment: {enable: true}}\n",
     "c.yaml:2:54: destinations.pacs.commitment.enable: unknown key; did you mean "
     "destinations.pacs.commitment.enabled?"},
    {"CommitmentWaitOverTimeout",
     "destinations:\n  pacs:\n    ae_title: A\n    host: h\n    port: 1\n    commitment:\n"
     "      timeout: 4s\n",
     "c.yaml:7:7: destinations.pacs.commitment.timeout: wait is longer than timeout; wait is a part of it"},
    {"CommitmentNeverAsked",
     "destinations:\n  pacs: {ae_title: A, host: h, port: 1, commitment: {attempts: 0}}\n",
     "c.yaml:2:54: destinations.pacs.commitment.attempts: 0 is not 1..1000"},
    {"RetryOrder", "delivery:\n  first_retry: 1h\n",
     "c.yaml:2:3: delivery.first_retry: is longer than longest_retry (10m)"},
    {"OnePortForBoth", "http:\n  port: 11112\n",
     "c.yaml:2:3: http.port: is the same as dicom.port; give each its own"},
    {"LongSerialNumber",
     "results:\n  institution: 0123456789012345678901234567890123456789012345678901234567890123x\n",
     "c.yaml:2:3: results.institution: more than 64 characters"},
    {"Syntax", "dicom:\n  port: [1\nhttp:\n",
     "c.yaml:3:5: not valid YAML: end of sequence flow not found; a ] is missing above"},
    {"TwoDocuments", "log:\n  level: info\n---\nlog:\n  level: warn\n",
     "c.yaml:4:1: only one YAML document is allowed (no `---`)"},
    {"NotAMap", "- a\n- b\n", "c.yaml:1:1: must be a map of keys"},
};

INSTANTIATE_TEST_SUITE_P(Mistakes, OneMistake, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Mistakes, AreAllReportedAtOnce) {
    EXPECT_THAT(
        mistakes_of("dicom:\n  port: x\n  prot: 1\nlog: {level: loud}\n", {"http.port=-1", "nonsense"}),
        ::testing::UnorderedElementsAre(
            "c.yaml:2:3: dicom.port: \"x\" is not a whole number",
            "c.yaml:3:3: dicom.prot: unknown key; did you mean dicom.port?",
            "c.yaml:4:7: log.level: \"loud\" is not one of debug, info, warn, error",
            "--set: http.port: -1 is not 0..65535", "--set: \"nonsense\" is not of the form key=value"));
}

TEST(Mistakes, OfSettings) {
    EXPECT_THAT(mistakes_of("", {"a..b=1"}),
                ElementsAre("--set: \"a..b\" is not a dotted key such as dicom.port"));
    EXPECT_THAT(mistakes_of("", {"=1"}), ElementsAre("--set: \"\" is not a dotted key such as dicom.port"));
    EXPECT_THAT(mistakes_of("", {"routes=[{name: a"}),
                ElementsAre(HasSubstr("--set: routes: not valid YAML: ")));
    EXPECT_THAT(mistakes_of("", {"dicom.prot=1"}),
                ElementsAre("--set: dicom.prot: unknown key; did you mean dicom.port?"));
    EXPECT_THAT(mistakes_of("", {"dicom.port.x=1"}),
                ElementsAre("--set: dicom.port: must be a single value, not a map of keys"));
    EXPECT_THAT(mistakes_of("", {"routes.0.name=x"}),
                ElementsAre("--set: routes: must be a list of rules, not a map of keys"));
    EXPECT_THAT(mistakes_of("", {"destinations.new.host=h"}),
                ElementsAre("--set: destinations.new.ae_title: is missing",
                            "--set: destinations.new.port: is missing"));
}

TEST(Mistakes, NeverShowAPassword) {
    const std::vector<std::string> texts =
        mistakes_of("journal:\n  url: postgres://node:secret@db/calcnode\n");
    EXPECT_THAT(texts, ElementsAre(Not(HasSubstr("secret"))));
}

TEST(Mistakes, DocumentsThatContainThemselvesEnd) {
    EXPECT_THAT(mistakes_of("routes: &a [*a]\n"), ::testing::Contains(HasSubstr("nested too deep")));
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        const std::string alias = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 9; ++j)
            bomb += alias + ", ";
        bomb += alias + "]\n";
    }
    EXPECT_THAT(mistakes_of(bomb), ::testing::Contains(HasSubstr("far too long")));
}

}  // namespace
}  // namespace calcnode::config

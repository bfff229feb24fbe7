#include "config/loader.h"

#include <gmock/gmock.h>

#include "tests/config/config_files.h"

namespace calcnode::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Loader, FileGoesOverTheDefaultsKeyByKey) {
    const ConfigFile file("dicom:\n  port: 4242\n  idle_timeout: 2m\nassembly:\n  settle: 1500ms\n");
    const Config config = load(file.path());
    EXPECT_EQ(config.dicom.port, 4242);
    EXPECT_EQ(config.dicom.idle_timeout, 120s);
    EXPECT_EQ(config.assembly.settle, 1500ms);
    EXPECT_EQ(config.dicom.ae_title, "CALCNODE");
    EXPECT_EQ(config.http.port, 8042);
}

TEST(Loader, SettingsGoOverTheFileAndTheLastOneWins) {
    const ConfigFile file("dicom:\n  port: 4242\n");
    EXPECT_EQ(load(file.path(), {"dicom.port=1", "dicom.port=0"}).dicom.port, 0);
}

TEST(Loader, EveryUnitOfTimeAndSize) {
    const Config config =
        load({}, {"assembly.settle=500ms", "assembly.quiet=5s", "assembly.max_age=1d",
                  "analysis.job_timeout=2h", "delivery.longest_retry=10m", "dicom.max_object_bytes=3GiB",
                  "dicom.max_pdu=64KiB", "analysis.memory_limit=1073741824"});
    EXPECT_EQ(config.assembly.settle, 500ms);
    EXPECT_EQ(config.assembly.quiet, 5s);
    EXPECT_EQ(config.assembly.max_age, 24h);
    EXPECT_EQ(config.analysis.job_timeout, 2h);
    EXPECT_EQ(config.delivery.longest_retry, 10min);
    EXPECT_EQ(config.dicom.max_object_bytes, 3ULL << 30);
    EXPECT_EQ(config.dicom.max_pdu, 65536U);
    EXPECT_EQ(config.analysis.memory_limit, 1ULL << 30);
}

TEST(Loader, ListsReplaceTheDefaultsList) {
    const Config config = load({}, {"assembly.required_views=[R-CC, L-XCCL]"});
    EXPECT_THAT(config.assembly.required_views, ElementsAre("R-CC", "L-XCCL"));
}

TEST(Loader, AFilesDestinationsReplaceTheDefaultOne) {
    const ConfigFile file(
        "destinations:\n  archive: {ae_title: ARC, host: arc.local, port: 104}\n"
        "routes:\n  - name: all\n    destinations: [archive]\n");
    const Config config = load(file.path());
    ASSERT_EQ(config.destinations.size(), 1U);
    EXPECT_EQ(config.destinations.at("archive").host, "arc.local");
    ASSERT_EQ(config.routes.size(), 1U);
    EXPECT_THAT(config.routes[0].match.modality, IsEmpty());
}

TEST(Loader, ASettingChangesOneValueOfADestination) {
    const Config config = load({}, {"destinations.pacs.port=104"});
    EXPECT_EQ(config.destinations.at("pacs").port, 104);
    EXPECT_EQ(config.destinations.at("pacs").ae_title, "PACS");
}

TEST(Loader, SettingsMakeADestinationAndRoutes) {
    const Config config =
        load({}, {"destinations.b.host=::1", "destinations.b.port=2", "destinations.b.ae_title=B",
                  "routes=[{name: mg, match: {modality: MG, peer: [10.*, ::1]}, "
                  "destinations: [pacs, b]}]"});
    EXPECT_EQ(config.destinations.size(), 2U);
    ASSERT_EQ(config.routes.size(), 1U);
    EXPECT_THAT(config.routes[0].match.modality, ElementsAre("MG"));
    EXPECT_THAT(config.routes[0].match.peer, ElementsAre("10.*", "::1"));
    EXPECT_THAT(config.routes[0].destinations, ElementsAre("pacs", "b"));
}

TEST(Loader, AWholeSettingOfDestinationsReplacesThem) {
    const Config config = load({}, {"destinations={x: {ae_title: X, host: h, port: 1}}", "routes=[]"});
    ASSERT_EQ(config.destinations.size(), 1U);
    EXPECT_TRUE(config.destinations.contains("x"));
    EXPECT_THAT(config.routes, IsEmpty());
}

TEST(Loader, AnEmptySettingIsAnEmptyText) {
    EXPECT_EQ(load({}, {"log.file="}).log.file, "");
    EXPECT_EQ(load({}, {"analysis.model_version=1.0=beta"}).analysis.model_version, "1.0=beta");
}

TEST(Loader, SpacesAroundAnAeTitleMeanNothing) {
    EXPECT_EQ(load({}, {"dicom.ae_title=' MAMMO AI  '"}).dicom.ae_title, "MAMMO AI");
}

TEST(Loader, EmptyFilesAndEmptySectionsChangeNothing) {
    EXPECT_EQ(load(ConfigFile("# nothing yet\n").path()).dicom.port, 11112);
    EXPECT_EQ(load(ConfigFile("dicom:\nhttp:\n  # port: 1\n").path()).dicom.port, 11112);
}

TEST(Loader, ChoicesBecomeTheirEnum) {
    const Config config =
        load({}, {"assembly.preferred_intent=processing", "assembly.implants=displaced_only",
                  "results.plane_orientation_compat=false", "analysis.cluster_threshold=0.25"});
    EXPECT_EQ(config.assembly.preferred_intent, Intent::processing);
    EXPECT_EQ(config.assembly.implants, ImplantPolicy::displaced_only);
    EXPECT_FALSE(config.results.plane_orientation_compat);
    EXPECT_DOUBLE_EQ(config.analysis.cluster_threshold, 0.25);
}

TEST(Loader, JournalUrlDefaultsToTheDataFolder) {
    EXPECT_EQ(journal_url(load({}, {"data_dir=/var/lib/calcnode"})), "sqlite:///var/lib/calcnode/journal.db");
    EXPECT_EQ(journal_url(load({}, {"data_dir=here"})),
              "sqlite://" + (std::filesystem::current_path() / "here/journal.db").string());
    EXPECT_EQ(journal_url(load({}, {"journal.url=postgresql://u:p@db/calcnode"})),
              "postgresql://u:p@db/calcnode");
}

TEST(Loader, UnreadableFilesSayWhy) {
    try {
        load("/nowhere/at/all.yaml");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::file_unreadable);
        EXPECT_STREQ(error.what(), "/nowhere/at/all.yaml: cannot be read: No such file or directory");
    }
    const ConfigFile file("");
    EXPECT_THROW(load(file.path().parent_path()), Error);
}

}  // namespace
}  // namespace calcnode::config

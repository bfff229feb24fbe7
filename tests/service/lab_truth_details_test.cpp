#include "service/lab_truth_details.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/error.h"
#include "service/lab_phantom.h"

namespace calcnode::service {
namespace {

namespace fs = std::filesystem;

TEST(LabTruthDetails, ReadsWhatThePhantomWrites) {
    std::string name = (fs::temp_directory_path() / "calcnode-details-XXXXXX").string();
    const fs::path folder = mkdtemp(name.data());
    testing::internal::CaptureStdout();
    run_lab_phantom(
        {.out = folder, .rows = 480, .columns = 400, .spacing_mm = 0.1, .exams = 1, .views = {"R-CC"}});
    testing::internal::GetCapturedStdout();
    const CaseRow row = read_cases(folder / "cases.csv").at(0);
    const TruthDetails details = read_truth_details(row, folder);
    EXPECT_TRUE(details.known);
    ASSERT_EQ(details.clusters.size(), 1u);
    EXPECT_EQ(details.clusters[0].number, static_cast<int>(details.clusters[0].grains.size()));
    EXPECT_GT(details.clusters[0].hull_area_mm2, 0);
    EXPECT_FALSE(details.clusters[0].morphology.empty());
    EXPECT_EQ(details.kinds.rows, 480);

    std::ofstream(folder / "PHANTOM-1_R-CC.truth.json", std::ios::trunc) << "{}";
    EXPECT_THROW(read_truth_details(row, folder), pipeline::Error);
    fs::remove(folder / "PHANTOM-1_R-CC.truth.json");
    EXPECT_FALSE(read_truth_details(row, folder).known);
    fs::remove_all(folder);
}

TEST(LabTruthDetails, EveryKindHasAName) {
    EXPECT_STREQ(distractor_name(0), "nothing known");
    EXPECT_STREQ(distractor_name(2), "vessel wall");
    EXPECT_STREQ(distractor_name(99), "unknown kind");
}

}  // namespace
}  // namespace calcnode::service

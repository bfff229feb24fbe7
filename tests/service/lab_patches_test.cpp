#include "service/lab_patches.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/error.h"

namespace calcnode::service {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kHeader = "file,patient,label,visible,cbis_description\n";

class LabPatches : public testing::Test {
  protected:
    LabPatches() {
        std::string name = (fs::temp_directory_path() / "calcnode-patches-XXXXXX").string();
        folder_ = mkdtemp(name.data());
        std::ofstream(folder_ / "a.png") << "read later";
    }
    ~LabPatches() override { fs::remove_all(folder_); }

    fs::path file(const std::string& rows) const {
        std::ofstream(folder_ / "patches.csv") << kHeader << rows;
        return folder_ / "patches.csv";
    }
    std::string mistake(const std::string& rows, double spacing = 0.05) const {
        try {
            read_patches(file(rows), spacing);
        } catch (const pipeline::Error& error) {
            EXPECT_EQ(error.code(), pipeline::ErrorCode::bad_argument);
            return error.what();
        }
        return "accepted";
    }
    fs::path folder_;
};

constexpr const char* kRows =
    "a.png,P1,calc,\"clear, coarse\",abn1 x; abn2 y\n"
    "a.png,P1,calc,faint,abn1\r\n"
    "a.png,P2,calc,none seen,abn1\n"
    "a.png,P3,outside_roi,,no flag\n"
    "a.png,P3,outside_roi,,\"bright spots: look, may be dust\"\n";

TEST_F(LabPatches, CropsAreKnownAsAWhole) {
    ASSERT_TRUE(is_patches(file(kRows)));
    const auto rows = read_patches(file(kRows), 0.05);
    ASSERT_EQ(rows.size(), 5u);
    EXPECT_EQ(rows[0].kind, "calc");
    EXPECT_EQ(rows[0].truth, "image");
    EXPECT_EQ(rows[0].note, "clear, coarse");
    EXPECT_TRUE(read_truth(rows[0], folder_).somewhere);
    EXPECT_EQ(rows[1].note, "faint");
    EXPECT_EQ(rows[3].kind, "normal");
    EXPECT_TRUE(read_truth(rows[3], folder_).is_normal());
    EXPECT_DOUBLE_EQ(rows[4].spacing_mm, 0.05);
    EXPECT_EQ(rows[4].line, 6);
}

TEST_F(LabPatches, SubsetsAreTheVisibleAndTheScreened) {
    const auto rows = read_patches(file(kRows), 0.05);
    const auto subsets = subsets_of(rows);
    ASSERT_EQ(subsets.size(), 4u);
    EXPECT_THAT(subsets[0].rows, ElementsAre(0, 1, 2, 3, 4));
    EXPECT_THAT(subsets[1].rows, ElementsAre(0, 1, 3, 4));
    EXPECT_THAT(subsets[2].rows, ElementsAre(0, 1, 2, 3));
    EXPECT_THAT(subsets[3].rows, ElementsAre(0, 1, 3));
    const std::vector<CaseRow> without = {{.patient = "P"}};
    EXPECT_TRUE(subsets_of(without).empty());
}

TEST_F(LabPatches, MistakesAreNamedWithTheirLine) {
    EXPECT_THAT(mistake("gone.png,P1,calc,clear,x\n"), HasSubstr("patches.csv:2: there is no image"));
    EXPECT_THAT(mistake("a.png,P1,odd,clear,x\n"), HasSubstr("patches.csv:2: the label 'odd'"));
    EXPECT_THAT(mistake("a.png,P1,calc\n"), HasSubstr("patches.csv:2: 3 fields instead of 5"));
    EXPECT_THAT(mistake(kRows, 0), HasSubstr("--spacing"));
    EXPECT_THAT(mistake(""), HasSubstr("no crops"));
}

}  // namespace
}  // namespace calcnode::service

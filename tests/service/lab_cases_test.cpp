#include "service/lab_cases.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/error.h"
#include "pipeline/evaluation_picture.h"

namespace calcnode::service {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kHeader = "image,spacing_mm,patient,kind,severity,tissue,truth\n";

class LabCases : public testing::Test {
  protected:
    LabCases() {
        std::string name = (fs::temp_directory_path() / "calcnode-cases-XXXXXX").string();
        folder_ = mkdtemp(name.data());
        pipeline::Image<std::uint16_t> picture(10, 12);
        picture.at(3, 4) = 7;
        pipeline::write_grey_png(picture, folder_ / "a.png");
        pipeline::write_grey_png({10, 12}, folder_ / "empty.png");
    }
    ~LabCases() override { fs::remove_all(folder_); }

    fs::path file(const std::string& text) const {
        std::ofstream(folder_ / "cases.csv") << text;
        return folder_ / "cases.csv";
    }
    std::string mistake(const std::string& rows) const {
        try {
            read_cases(file(kHeader + rows));
        } catch (const pipeline::Error& error) {
            EXPECT_EQ(error.code(), pipeline::ErrorCode::bad_argument);
            return error.what();
        }
        return "accepted";
    }
    fs::path folder_;
};

TEST_F(LabCases, ReadsCirclesMasksAndNormals) {
    const auto rows = read_cases(file(std::string(kHeader) +
                                      "a.png,0.2,P1,calc,B,D,\"circle:287,414,7;circle:329.5,474,25\"\n"
                                      "a.png,0.2,P1,calc,M,,circle:1,2,3\r\n"
                                      "\n"
                                      "a.png,0.07,P2,calc,,,mask:a.png\n"
                                      "a.png,0.2,P3,normal,,F,\n"));
    ASSERT_EQ(rows.size(), 4u);
    const pipeline::Truth circles = read_truth(rows[0], folder_);
    ASSERT_EQ(circles.circles.size(), 2u);
    EXPECT_DOUBLE_EQ(circles.circles[1].centre.x, 329.5);
    EXPECT_DOUBLE_EQ(circles.circles[1].radius, 25);
    EXPECT_EQ(read_truth(rows[1], folder_).circles.size(), 1u);
    EXPECT_EQ(read_truth(rows[2], folder_).mask.at(3, 4), 7);
    EXPECT_TRUE(read_truth(rows[3], folder_).is_normal());
    EXPECT_EQ(rows[2].line, 5);
    EXPECT_EQ(rows[3].tissue, "F");
}

TEST_F(LabCases, TruthMayBeKnownOfTheImageOnly) {
    const auto rows = read_cases(file(std::string(kHeader) + "a.png,0.05,P1,calc,M,,image\n"));
    const pipeline::Truth truth = read_truth(rows.at(0), folder_);
    EXPECT_TRUE(truth.somewhere);
    EXPECT_FALSE(truth.is_normal());
    EXPECT_THAT(mistake("a.png,0.05,P1,normal,,,image\n"), HasSubstr("cases.csv:2: the kind is normal but"));
}

TEST_F(LabCases, WritesWhatItReads) {
    const std::vector<CaseRow> rows = {{.image = "a.png",
                                        .spacing_mm = 0.07,
                                        .patient = "P",
                                        .kind = "calc",
                                        .severity = "",
                                        .tissue = "",
                                        .truth = "circle:1,2,3",
                                        .line = 0},
                                       {.image = "a.png",
                                        .spacing_mm = 0.1,
                                        .patient = "P",
                                        .kind = "calc",
                                        .severity = "",
                                        .tissue = "",
                                        .truth = "mask:a.png",
                                        .line = 0}};
    write_cases(rows, folder_ / "out.csv");
    fs::rename(folder_ / "out.csv", folder_ / "cases.csv");
    const auto again = read_cases(folder_ / "cases.csv");
    ASSERT_EQ(again.size(), 2u);
    EXPECT_EQ(again[0].truth, "circle:1,2,3");
    EXPECT_DOUBLE_EQ(again[0].spacing_mm, 0.07);
    EXPECT_EQ(again[1].truth, "mask:a.png");
}

TEST_F(LabCases, NamesFileLineAndRemedyOfEveryMistake) {
    const std::string text = mistake(
        "gone.dcm,0.2,P,normal,,,\n"
        "a.png,0.2,P,normal,,,\n"
        "a.png,wide,P,normal,,,\n"
        "a.png,0.2,,normal,,,\n"
        "a.png,0.2,P,odd,,,\n"
        "a.png,0.2,P,calc,,,\n"
        "a.png,0.2,P,calc,,,circle:1,2\n"
        "a.png,0.2,P,calc,,,square:1,2,3\n"
        "a.png,0.2,P,calc,,,mask:\n"
        "a.png,0.2,P,normal,,,circle:1,2,3\n"
        "a.png,0.2\n"
        "a.tif,0.2,P,normal,,,\n");
    for (const char* part :
         {"cases.csv:2: there is no image", "cases.csv:4: spacing_mm 'wide'",
          "cases.csv:5: the patient is empty", "cases.csv:6: the kind 'odd'",
          "cases.csv:7: the kind is calc but there is no truth",
          "cases.csv:8: the truth 'circle:1,2' is not understood; write circle:x,y,r",
          "cases.csv:9: the truth 'square", "cases.csv:10: the truth 'mask:' names no file",
          "cases.csv:11: the kind is normal but circles", "cases.csv:12: 2 fields instead of 7",
          "cases.csv:13: the image 'a.tif' is neither .dcm, .png nor .jpg"}) {
        EXPECT_THAT(text, HasSubstr(part));
    }
    EXPECT_THAT(text, Not(HasSubstr("cases.csv:3:"))) << "that row is right";
}

TEST_F(LabCases, RefusesAWrongHeaderAnEmptyAndAMissingFile) {
    EXPECT_THROW(read_cases(file("picture,truth\n")), pipeline::Error);
    EXPECT_THROW(read_cases(file(kHeader)), pipeline::Error);
    EXPECT_THROW(read_cases(folder_ / "nothing.csv"), pipeline::Error);
}

TEST_F(LabCases, KindAndMaskMustAgree) {
    const auto rows = read_cases(file(
        std::string(kHeader) + "a.png,0.2,P,calc,,,mask:empty.png\n" + "a.png,0.2,P,normal,,,mask:a.png\n" +
        "a.png,0.2,P,normal,,,mask:empty.png\n" + "a.png,0.2,P,calc,,,mask:absent.png\n"));
    EXPECT_THROW(read_truth(rows[0], folder_), pipeline::Error);
    EXPECT_THROW(read_truth(rows[1], folder_), pipeline::Error);
    EXPECT_TRUE(read_truth(rows[2], folder_).is_normal());
    EXPECT_THROW(read_truth(rows[3], folder_), pipeline::Error);
}

TEST_F(LabCases, RefusesToWriteWhatItCouldNotRead) {
    const CaseRow row{.image = "a,b.png",
                      .spacing_mm = 1,
                      .patient = "P",
                      .kind = "normal",
                      .severity = "",
                      .tissue = "",
                      .truth = "",
                      .line = 0};
    EXPECT_THROW(write_cases({row}, folder_ / "out.csv"), pipeline::Error);
}

TEST_F(LabCases, OptionalColumnsAreReadAndWrittenBesideTruthsWithCommas) {
    const std::string header =
        "image,spacing_mm,patient,kind,severity,tissue,truth,device,medium,intent,condition\n";
    const auto rows =
        read_cases(file(header + "a.png,0.1,P1,calc,,b,\"circle:1,2,3;circle:4,5,6\",Direct,digital,"
                                 "presentation,dose=0.5\n"
                                 "empty.png,0.1,P2,normal,,,,,film,,\n"));
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].truth, "circle:1,2,3;circle:4,5,6");
    EXPECT_EQ(rows[0].device, "Direct");
    EXPECT_EQ(rows[0].medium, "digital");
    EXPECT_EQ(rows[0].intent, "presentation");
    EXPECT_EQ(rows[0].condition, "dose=0.5");
    EXPECT_EQ(rows[1].device, "");
    EXPECT_EQ(rows[1].medium, "film");
    write_cases(rows, folder_ / "out.csv");
    fs::rename(folder_ / "out.csv", folder_ / "cases.csv");
    const auto again = read_cases(folder_ / "cases.csv");
    ASSERT_EQ(again.size(), 2u);
    EXPECT_EQ(again[0].truth, rows[0].truth);
    EXPECT_EQ(again[0].condition, "dose=0.5");
    EXPECT_EQ(again[1].medium, "film");
    EXPECT_THROW(read_cases(file(header + "a.png,0.1,P1,calc,,,mask:a.png\n")), pipeline::Error);
}

}  // namespace
}  // namespace calcnode::service

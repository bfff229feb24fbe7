#include "pipeline/overlay.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "pipeline/error.h"

namespace calcnode::pipeline {
namespace {

class OverlayTest : public testing::Test {
  protected:
    OverlayTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "calcnode-overlay-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        mammogram_.pixels = Image<std::uint16_t>(100, 120, 0);
        for (int row = 10; row < 90; ++row) {
            for (int column = 0; column < 60; ++column)
                mammogram_.pixels.at(row, column) = 2000;
        }
        findings_.labels = Image<std::uint16_t>(100, 120);
        findings_.labels.at(50, 30) = 1;
        findings_.calcifications = {{.centroid = {30.5, 50.5},
                                     .outline = {{25, 45}, {36, 45}, {36, 56}, {25, 56}, {25, 45}},
                                     .score = 1,
                                     .cluster = -1}};
    }
    ~OverlayTest() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_;
    Mammogram mammogram_;
    ImageFindings findings_;
};

TEST_F(OverlayTest, HasTheImagesSizeAndTheOutlineOnTheGrain) {
    write_overlay_png(mammogram_, findings_, folder_ / "o.png");
    const cv::Mat picture = cv::imread((folder_ / "o.png").string());
    ASSERT_EQ(picture.rows, 100);
    ASSERT_EQ(picture.cols, 120);
    const auto coloured = [&](int row, int column) {
        const auto pixel = picture.at<cv::Vec3b>(row, column);
        return std::abs(pixel[0] - pixel[2]) > 40;
    };
    EXPECT_TRUE(coloured(45, 30) || coloured(44, 30));  // upper edge
    EXPECT_FALSE(coloured(50, 30));                     // the inside stays visible
    EXPECT_FALSE(coloured(80, 100));                    // elsewhere nothing is drawn
}

TEST_F(OverlayTest, MaskKeepsTheLabels) {
    findings_.labels.at(99, 119) = 40'000;
    write_mask_png(findings_, folder_ / "m.png");
    const cv::Mat mask = cv::imread((folder_ / "m.png").string(), cv::IMREAD_UNCHANGED);
    ASSERT_EQ(mask.type(), CV_16U);
    EXPECT_EQ(mask.at<std::uint16_t>(50, 30), 1);
    EXPECT_EQ(mask.at<std::uint16_t>(99, 119), 40'000);
    EXPECT_EQ(cv::countNonZero(mask), 2);
}

TEST_F(OverlayTest, SaysWhichFileCannotBeWritten) {
    try {
        write_mask_png(findings_, folder_ / "missing" / "m.png");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::write_failed);
        EXPECT_NE(std::string(error.what()).find("missing/m.png"), std::string::npos);
    }
}

}  // namespace
}  // namespace calcnode::pipeline

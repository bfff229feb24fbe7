#include "pipeline/training_curve.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <unistd.h>

#include "pipeline/error.h"

namespace calcnode::pipeline {
namespace {

class TrainingCurve : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / ("calcnode-curve-test-" + std::to_string(getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_;
};

const std::vector<CurvePoint> kTwoStages = {{"detector", 100, 0.5, 0.6},
                                            {"detector", 200, 0.2, 0.3},
                                            {"segmentator", 100, 0.9, 0.8},
                                            {"segmentator", 200, 0.4, 0.5}};

TEST_F(TrainingCurve, IsReadAsItWasWritten) {
    write_curve(kTwoStages, folder_ / "training.csv");
    const std::vector<CurvePoint> points = read_curve(folder_ / "training.csv");
    ASSERT_EQ(points.size(), 4U);
    EXPECT_EQ(points[2].stage, "segmentator");
    EXPECT_EQ(points[1].step, 200);
    EXPECT_DOUBLE_EQ(points[1].training, 0.2);
    EXPECT_DOUBLE_EQ(points[3].validation, 0.5);
    EXPECT_TRUE(read_curve(folder_ / "absent.csv").empty());
}

TEST_F(TrainingCurve, RefusesWhatIsNoCurve) {
    std::ofstream(folder_ / "training.csv") << "stage,step,training_loss,validation_loss\ndetector,x,1,2\n";
    EXPECT_THROW(read_curve(folder_ / "training.csv"), Error);
}

TEST_F(TrainingCurve, IsDrawnWithAPanelAStage) {
    draw_curve(kTwoStages, folder_ / "training.png");
    draw_curve({kTwoStages[0], kTwoStages[1]}, folder_ / "one.png");
    const cv::Mat two = cv::imread((folder_ / "training.png").string());
    const cv::Mat one = cv::imread((folder_ / "one.png").string());
    ASSERT_FALSE(one.empty());
    EXPECT_EQ(two.cols, 2 * one.cols);
    // Falling: the validation line (red) is higher at the left than at the right.
    const auto first_red_row = [&](int column) {
        for (int row = 45; row < one.rows - 40; ++row) {
            const cv::Vec3b pixel = one.at<cv::Vec3b>(row, column);
            if (pixel[2] > 150 && pixel[0] < 100) return row;
        }
        return -1;
    };
    ASSERT_GT(first_red_row(310), 0);
    EXPECT_LT(first_red_row(310), first_red_row(510));
}

}  // namespace
}  // namespace calcnode::pipeline

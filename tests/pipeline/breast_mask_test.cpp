#include "pipeline/breast_mask.h"

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/cv_image.h"

namespace calcnode::pipeline {
namespace {

constexpr double kSpacing = 0.2;

/// A half-disc breast of grey 500 on a dark ground, its chest wall at the left or the right edge.
Mammogram half_disc(bool wall_left, int breast = 500, int ground = 20) {
    Mammogram m;
    m.pixels = Image<std::uint16_t>(600, 500, static_cast<std::uint16_t>(ground));
    m.row_spacing_mm = m.column_spacing_mm = kSpacing;
    cv::Mat picture = view(m.pixels);
    cv::circle(picture, {wall_left ? 0 : 499, 300}, 220, cv::Scalar(breast), cv::FILLED);
    return m;
}

/// The mask at source pixel (row, column).
bool covers(const cv::Mat& mask, const Mammogram& m, int row, int column) {
    return mask.at<unsigned char>(row * mask.rows / m.pixels.rows, column * mask.cols / m.pixels.columns) !=
           0;
}

double area_mm2(const cv::Mat& mask) {
    return cv::countNonZero(mask) * kMaskSpacing * kMaskSpacing;
}

TEST(BreastMask, WholeImageIsAllBreastButItsPadding) {
    Mammogram crop;
    crop.pixels = {60, 60};  // 12 mm, and flat: no breast by itself
    crop.row_spacing_mm = crop.column_spacing_mm = kSpacing;
    EXPECT_EQ(cv::countNonZero(breast_mask(crop)), 0);
    crop.whole_image = true;
    EXPECT_EQ(cv::countNonZero(breast_mask(crop) == 0), 0);
    crop.padding = {60, 60, 1};
    EXPECT_EQ(cv::countNonZero(breast_mask(crop)), 0);
}

TEST(BreastMask, FindsTheBreastOnEitherSide) {
    for (const bool wall_left : {true, false}) {
        const Mammogram m = half_disc(wall_left);
        const cv::Mat mask = breast_mask(m);
        EXPECT_TRUE(covers(mask, m, 300, wall_left ? 100 : 400));
        EXPECT_FALSE(covers(mask, m, 300, wall_left ? 400 : 100));
        const double truth = CV_PI * 220 * 220 / 2 * kSpacing * kSpacing;
        EXPECT_NEAR(area_mm2(mask), truth, 0.08 * truth);
    }
}

TEST(BreastMask, LeavesOutLabelsAndTape) {
    Mammogram m = half_disc(true);
    cv::Mat picture = view(m.pixels);
    cv::rectangle(picture, {380, 20, 80, 100}, cv::Scalar(4000), cv::FILLED);
    cv::rectangle(picture, {480, 0, 6, 600}, cv::Scalar(4000), cv::FILLED);
    const cv::Mat mask = breast_mask(m);
    EXPECT_FALSE(covers(mask, m, 70, 420));
    EXPECT_FALSE(covers(mask, m, 300, 482));
    EXPECT_TRUE(covers(mask, m, 300, 100));
}

TEST(BreastMask, TakesADimBreastBesideABrightMuscle) {
    Mammogram m = half_disc(true, 260);
    cv::Mat picture = view(m.pixels);
    const std::vector<cv::Point> muscle = {{0, 80}, {130, 80}, {0, 400}};
    cv::fillPoly(picture, std::vector<std::vector<cv::Point>>{muscle}, cv::Scalar(2600));
    cv::rectangle(picture, {420, 20, 60, 40}, cv::Scalar(3000), cv::FILLED);  // a label
    const cv::Mat mask = breast_mask(m);
    EXPECT_TRUE(covers(mask, m, 150, 40));   // the muscle
    EXPECT_TRUE(covers(mask, m, 300, 190));  // the breast
    EXPECT_TRUE(covers(mask, m, 480, 30));
    EXPECT_FALSE(covers(mask, m, 300, 300));  // what is behind them
}

TEST(BreastMask, LeavesOutAWhiteBorderBesideTheBreast) {
    Mammogram m = half_disc(true);
    cv::Mat picture = view(m.pixels);
    cv::rectangle(picture, {0, 0, 40, 600}, cv::Scalar(4000), cv::FILLED);
    const cv::Mat mask = breast_mask(m);
    EXPECT_FALSE(covers(mask, m, 300, 15));
    EXPECT_TRUE(covers(mask, m, 300, 120));
}

TEST(BreastMask, LeavesOutDeclaredPadding) {
    Mammogram m = half_disc(true);
    m.padding = Image<std::uint8_t>(m.pixels.rows, m.pixels.columns);
    cv::Mat padding = view(m.padding);
    cv::rectangle(padding, {0, 0, 500, 250}, cv::Scalar(1), cv::FILLED);
    cv::Mat picture = view(m.pixels);
    cv::rectangle(picture, {0, 0, 500, 250}, cv::Scalar(65535), cv::FILLED);
    const cv::Mat mask = breast_mask(m);
    EXPECT_FALSE(covers(mask, m, 150, 50));
    EXPECT_TRUE(covers(mask, m, 350, 100));
}

TEST(BreastMask, TakesAllOfAPictureWithoutBackground) {
    Mammogram m = half_disc(true);
    cv::Mat picture = view(m.pixels);
    cv::RNG noise(7);
    noise.fill(picture, cv::RNG::NORMAL, 2000, 300);
    EXPECT_GT(area_mm2(breast_mask(m)), 0.9 * 600 * 500 * kSpacing * kSpacing);
}

TEST(BreastMask, IsEmptyForAnEmptyPicture) {
    Mammogram m = half_disc(true, 20, 20);
    m.padding = Image<std::uint8_t>(m.pixels.rows, m.pixels.columns, 1);
    EXPECT_EQ(cv::countNonZero(breast_mask(m)), 0);
}

}  // namespace
}  // namespace calcnode::pipeline

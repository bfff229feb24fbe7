#include "pipeline/working_image.h"

#include <cmath>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/cv_image.h"
#include "pipeline/error.h"

namespace calcnode::pipeline {
namespace {

/// Uneven tissue with noise and one bright grain at (300, 300).
cv::Mat tissue() {
    cv::Mat picture(600, 600, CV_32F), noise(600, 600, CV_32F);
    cv::RNG generator(11);
    for (int y = 0; y < 600; ++y) {
        for (int x = 0; x < 600; ++x)
            picture.at<float>(y, x) = static_cast<float>(1000 + x + 300 * std::sin(y / 90.0));
    }
    generator.fill(noise, cv::RNG::NORMAL, 0, 20);
    picture += noise;
    picture(cv::Rect(299, 299, 3, 3)) += 250;
    return picture;
}

cv::Mat all_of(const cv::Mat& picture) {
    return cv::Mat(picture.size(), CV_8U, cv::Scalar(255));
}

TEST(Normalise, MakesNoiseOneAndAGrainStandOut) {
    const cv::Mat picture = tissue();
    const cv::Mat z = normalise(picture, all_of(picture), 0.1);
    cv::Scalar mean, sd;
    cv::meanStdDev(z(cv::Rect(50, 50, 200, 500)), mean, sd);
    EXPECT_NEAR(mean[0], 0, 0.05);
    EXPECT_NEAR(sd[0], 1, 0.15);
    EXPECT_GT(z.at<float>(300, 300), 8);
}

TEST(Normalise, DoesNotCareAboutScaleAndOffset) {
    const cv::Mat picture = tissue(), mask = all_of(picture);
    const cv::Mat a = normalise(picture, mask, 0.1), b = normalise(picture * 0.07 + 5, mask, 0.1);
    EXPECT_LT(cv::norm(a, b, cv::NORM_INF), 0.01);
}

TEST(Normalise, HardlyCaresAboutTheContrastCurve) {
    const cv::Mat picture = tissue(), mask = all_of(picture);
    cv::Mat curved;
    cv::pow(picture / 2000, 0.5, curved);
    const cv::Mat a = normalise(picture, mask, 0.1), b = normalise(curved, mask, 0.1);
    EXPECT_LT(cv::norm(a, b, cv::NORM_L1) / static_cast<double>(a.total()), 0.05);
}

TEST(Normalise, IsNothingOutsideTheMaskAndUnmovedByIt) {
    cv::Mat picture = tissue(), mask = all_of(picture);
    mask(cv::Rect(0, 0, 600, 100)).setTo(0);
    const cv::Mat before = normalise(picture, mask, 0.1);
    picture(cv::Rect(0, 0, 600, 100)).setTo(60000);
    const cv::Mat after = normalise(picture, mask, 0.1);
    EXPECT_EQ(cv::countNonZero(after(cv::Rect(0, 0, 600, 100))), 0);
    EXPECT_LT(cv::norm(before, after, cv::NORM_INF), 1e-3);
}

Mammogram disc_breast(double spacing) {
    Mammogram m;
    m.pixels = Image<std::uint16_t>(static_cast<int>(80 / spacing), static_cast<int>(60 / spacing), 10);
    m.row_spacing_mm = m.column_spacing_mm = spacing;
    cv::Mat picture = view(m.pixels);
    cv::circle(picture, {0, picture.rows / 2}, static_cast<int>(35 / spacing), cv::Scalar(1000), cv::FILLED);
    return m;
}

TEST(WorkingImage, HasTheWorkingSpacingWhateverTheSource) {
    for (const double spacing : {0.05, 0.07, 0.2}) {
        const Mammogram m = disc_breast(spacing);
        const WorkingImage work = make_working_image(m, 0.1);
        EXPECT_NEAR(work.mask.rows, 800, 2);
        EXPECT_NEAR(work.mask.cols, 600, 2);
        EXPECT_NEAR(work.column_scale, 0.1 / spacing, 0.01);
        EXPECT_EQ(work.normalised.size(), work.mask.size());
    }
}

TEST(WorkingImage, RefusesWhatCannotBeAnalysed) {
    Mammogram no_spacing = disc_breast(0.1);
    no_spacing.row_spacing_mm = 0;
    Mammogram coarse = disc_breast(0.1);
    coarse.column_spacing_mm = 0.4;
    Mammogram dark = disc_breast(0.1);
    std::fill(dark.pixels.pixels.begin(), dark.pixels.pixels.end(), std::uint16_t{0});
    dark.padding = Image<std::uint8_t>(dark.pixels.rows, dark.pixels.columns, 1);
    Mammogram tiny = disc_breast(0.1);
    tiny.pixels = Image<std::uint16_t>(20, 20, 100);
    for (const Mammogram& m : {no_spacing, coarse, dark, tiny}) {
        try {
            make_working_image(m, 0.1);
            FAIL() << "was taken";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::image_unsuitable);
        }
    }
}

}  // namespace
}  // namespace calcnode::pipeline

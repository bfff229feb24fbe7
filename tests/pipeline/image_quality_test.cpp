// What is measured of a picture, on breasts and on what is none. All pictures are made here.
#include "pipeline/image_quality.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/cv_image.h"
#include "pipeline/error.h"
#include "pipeline/phantom.h"
#include "pipeline/working_image.h"

namespace calcnode::pipeline {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kSpacing = 0.1;

Mammogram of(const cv::Mat& picture) {
    Mammogram mammogram;
    cv::Mat values;
    picture.convertTo(values, CV_16U);
    mammogram.pixels = copy_of<std::uint16_t>(values);
    mammogram.bits_stored = 12;
    mammogram.row_spacing_mm = mammogram.column_spacing_mm = kSpacing;
    return mammogram;
}

ImageQuality quality_of(const Mammogram& mammogram) {
    return image_quality(mammogram, make_working_image(mammogram, 0.1));
}

std::string objection(const Mammogram& mammogram) {
    return out_of_domain(quality_of(mammogram), Domain{});
}

cv::Mat noise(cv::Size size, double mean, double sigma, int seed = 1) {
    cv::Mat picture(size, CV_32F);
    cv::RNG(static_cast<std::uint64_t>(seed)).fill(picture, cv::RNG::NORMAL, mean, sigma);
    return cv::max(picture, 0);
}

cv::Mat half_disc() {
    cv::Mat mask = cv::Mat::zeros(1200, 1000, CV_8U);
    cv::circle(mask, {0, 600}, 450, cv::Scalar(255), cv::FILLED);
    return mask;
}

TEST(ImageQuality, LetsPhantomsOfEverySpacingPass) {
    for (const double spacing : {0.05, 0.07, 0.1, 0.2}) {
        for (const Intent intent : {Intent::presentation, Intent::processing}) {
            const Phantom phantom = make_phantom({.rows = static_cast<int>(116 / spacing),
                                                  .columns = static_cast<int>(80 / spacing),
                                                  .spacing_mm = spacing,
                                                  .seed = 3,
                                                  .view = View::mlo,
                                                  .intent = intent});
            EXPECT_THAT(objection(phantom.mammogram), IsEmpty()) << spacing;
        }
    }
}

TEST(ImageQuality, LetsAnEightBitFilmPass) {
    Mammogram film =
        make_phantom({.rows = 1024, .columns = 832, .spacing_mm = 0.2, .bits_stored = 8, .seed = 5})
            .mammogram;
    EXPECT_THAT(objection(film), IsEmpty());
}

TEST(ImageQuality, RefusesNoise) {
    cv::Mat breast = cv::Mat::zeros(1200, 1000, CV_32F);
    noise(breast.size(), 2000, 300).copyTo(breast, half_disc());
    EXPECT_THAT(objection(of(noise({1000, 1200}, 2000, 300))), HasSubstr("noise relative to contrast"));
    EXPECT_THAT(objection(of(breast)), HasSubstr("noise relative to contrast"));
}

TEST(ImageQuality, RefusesAShapeWithoutTissue) {
    cv::Mat flat = cv::Mat::zeros(1200, 1000, CV_32F);
    flat.setTo(2000, half_disc());
    EXPECT_THAT(objection(of(flat)), HasSubstr("grey levels in the breast"));
}

TEST(ImageQuality, RefusesAStepWedge) {
    for (const double sigma : {0.0, 15.0}) {
        cv::Mat wedge = noise({1000, 1200}, 50, sigma);
        for (int step = 0; step < 11; ++step)
            noise({400, 100}, 400 + 300 * step, sigma, step)
                .copyTo(wedge(cv::Rect(300, 50 + 100 * step, 400, 100)));
        EXPECT_THAT(objection(of(wedge)), HasSubstr("out of the model's domain")) << sigma;
    }
}

/// Discs that hide one another: the sharp outlines and even surfaces of a photograph.
cv::Mat photograph(int seed, bool blurred) {
    cv::RNG random(static_cast<std::uint64_t>(seed));
    cv::Mat picture(1200, 1000, CV_32F, cv::Scalar(100));
    for (int k = 0; k < 3000; ++k) {
        const int radius = std::min(300, static_cast<int>(8 / std::max(0.02, random.uniform(0.0, 1.0))));
        const cv::Point at(random.uniform(0, 1000), random.uniform(0, 1200));
        cv::circle(picture, at, radius, cv::Scalar(random.uniform(0, 256)), cv::FILLED);
    }
    if (blurred) cv::GaussianBlur(picture, picture, {}, 2);
    return cv::min(picture + noise(picture.size(), 2, 2), 255);
}

TEST(ImageQuality, RefusesAPhotograph) {
    for (const int seed : {100, 102, 104}) {
        for (const bool blurred : {false, true})
            EXPECT_THAT(objection(of(photograph(seed, blurred))), HasSubstr("edges relative to contrast"))
                << seed;
    }
}

TEST(ImageQuality, RefusesAHand) {
    cv::Mat hand = noise({1800, 2400}, 60, 8);
    const auto limb = [&](cv::Point from, cv::Point to, int width, int grey) {
        cv::line(hand, from, to, cv::Scalar(grey), width, cv::LINE_AA);
    };
    cv::ellipse(hand, {900, 1500}, {380, 420}, 0, 0, 360, cv::Scalar(1500), cv::FILLED);
    limb({900, 1700}, {900, 2399}, 420, 1500);
    const cv::Point bases[] = {{700, 1600}, {680, 1250}, {840, 1180}, {980, 1200}, {1150, 1280}};
    const cv::Point tips[] = {{350, 1250}, {560, 520}, {800, 330}, {1040, 380}, {1290, 640}};
    for (int finger = 0; finger < 5; ++finger) {
        limb(bases[finger], tips[finger], 170, 1500);
        limb(bases[finger], tips[finger], 70, 2600);
    }
    cv::GaussianBlur(hand, hand, {}, 4);
    hand += noise(hand.size(), 0, 20, 2);
    EXPECT_THAT(objection(of(hand)), HasSubstr("outline's area over its hull"));
}

TEST(ImageQuality, ABlankImageHasNoBreast) {
    EXPECT_THROW(objection(of(cv::Mat(1200, 1000, CV_32F, cv::Scalar(1000)))), Error);
    EXPECT_THAT(objection(of(noise({1000, 1200}, 30, 3))), HasSubstr("out of the model's domain"));
}

TEST(ImageQuality, MeasuresNoiseInUnitsOfContrast) {
    cv::Mat breast = cv::Mat::zeros(1200, 1000, CV_32F);
    for (int y = 0; y < breast.rows; ++y)
        breast.row(y).setTo(1000 + y);  // contrast from 5 % to 95 %: 0.9 of what the half-disc spans
    cv::Mat picture = cv::Mat::zeros(breast.size(), CV_32F);
    breast += noise(breast.size(), 100, 20) - 100;
    breast.copyTo(picture, half_disc());
    const ImageQuality quality = quality_of(of(picture));
    EXPECT_NEAR(quality.noise, 20 / 680.0, 0.005);
    EXPECT_NEAR(quality.breast_area_cm2, CV_PI * 4.5 * 4.5 / 2, 2);
    EXPECT_GT(quality.solidity, 0.98);
    EXPECT_NEAR(quality.extent, CV_PI / 4, 0.03);
}

TEST(ImageQuality, ReasonNamesMeasureValueAndLimits) {
    ImageQuality quality =
        quality_of(make_phantom({.rows = 1001, .columns = 803, .spacing_mm = 0.1}).mammogram);
    const Domain domain;
    EXPECT_THAT(out_of_domain(quality, domain), IsEmpty());
    quality.row_spacing_mm = 0.25;
    quality.noise = 0.5;
    EXPECT_EQ(
        out_of_domain(quality, domain),
        "out of the model's domain: row spacing in mm 0.25 (0.04 to 0.21), noise relative to contrast 0.5 (0 "
        "to 0.1)");
}

}  // namespace
}  // namespace calcnode::pipeline

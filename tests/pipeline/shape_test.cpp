#include "pipeline/shape.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline {
namespace {

/// An ellipse drawn by its equation: half axes in pixels, turned by `degrees`.
cv::Mat ellipse(double a, double b, double degrees, double aspect = 1) {
    const int side = 2 * static_cast<int>(std::ceil(std::max(a, b) * std::max(1.0, aspect))) + 5;
    cv::Mat region = cv::Mat::zeros(side, side, CV_8U);
    const double turn = degrees * std::numbers::pi / 180, centre = side / 2;
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            const double dx = x - centre, dy = (y - centre) / aspect;
            const double u = dx * std::cos(turn) + dy * std::sin(turn),
                         v = -dx * std::sin(turn) + dy * std::cos(turn);
            if (u * u / (a * a) + v * v / (b * b) <= 1) region.at<unsigned char>(y, x) = 255;
        }
    }
    return region;
}

TEST(Shape, MeasuresADisc) {
    const ShapeMeasures shape = measure_shape(ellipse(20, 20, 0), {0.05, 0.05});
    EXPECT_NEAR(shape.area_mm2, std::numbers::pi, 0.03);
    EXPECT_NEAR(shape.perimeter_mm, 2 * std::numbers::pi, 0.15);
    EXPECT_GT(shape.circularity, 0.95);
    EXPECT_NEAR(shape.major_axis_mm, 2, 0.03);
    EXPECT_NEAR(shape.minor_axis_mm, 2, 0.03);
    EXPECT_LT(shape.eccentricity, 0.1);
}

TEST(Shape, MeasuresATurnedEllipse) {
    const ShapeMeasures shape = measure_shape(ellipse(30, 10, 30), {0.1, 0.1});
    EXPECT_NEAR(shape.major_axis_mm, 6, 0.1);
    EXPECT_NEAR(shape.minor_axis_mm, 2, 0.1);
    EXPECT_NEAR(shape.eccentricity, std::sqrt(1 - 1.0 / 9), 0.01);
    EXPECT_NEAR(shape.area_mm2, std::numbers::pi * 3, 0.15);
    // Ramanujan: 13.36 for half axes 3 and 1.
    EXPECT_NEAR(shape.perimeter_mm, 13.36, 0.4);
}

TEST(Shape, UsesBothSpacings) {
    // A disc of 1 mm radius, seen with rows half as far apart as columns.
    const ShapeMeasures shape = measure_shape(ellipse(20, 20, 0, 2), {0.025, 0.05});
    EXPECT_NEAR(shape.area_mm2, std::numbers::pi, 0.03);
    EXPECT_NEAR(shape.major_axis_mm, 2, 0.05);
    EXPECT_LT(shape.eccentricity, 0.2);
}

TEST(Shape, MeasuresASinglePixel) {
    const ShapeMeasures shape = measure_shape(cv::Mat(1, 1, CV_8U, cv::Scalar(255)), {0.1, 0.1});
    EXPECT_NEAR(shape.area_mm2, 0.01, 1e-9);
    EXPECT_DOUBLE_EQ(shape.circularity, 1);
    EXPECT_NEAR(shape.major_axis_mm, shape.minor_axis_mm, 1e-9);
}

TEST(Shape, OutlineRunsJustInsideThePixels) {
    const std::vector<Point> outline = outline_of(cv::Mat(2, 3, CV_8U, cv::Scalar(255)), {10, 20});
    ASSERT_GE(outline.size(), 5U);
    EXPECT_EQ(outline.front(), outline.back());
    for (const Point& p : outline) {
        EXPECT_TRUE(p.x > 10 && p.x < 13 && p.y > 20 && p.y < 22);
        EXPECT_TRUE(std::abs(p.x - 11.5) > 1.3 || std::abs(p.y - 21) > 0.8);
    }
}

TEST(Shape, OutlineHasAtMostAHundredPoints) {
    cv::Mat ragged = cv::Mat::zeros(200, 200, CV_8U);
    for (int k = 0; k < 90; ++k)
        cv::line(ragged, {100, 100},
                 {100 + static_cast<int>(95 * std::cos(k * 0.07)),
                  100 + static_cast<int>(95 * std::sin(k * 0.07))},
                 255);
    const std::vector<Point> outline = outline_of(ragged, {0, 0});
    EXPECT_LE(outline.size(), static_cast<std::size_t>(kMostOutlinePoints));
    EXPECT_GE(outline.size(), 20U);
    EXPECT_EQ(outline.front(), outline.back());
}

}  // namespace
}  // namespace calcnode::pipeline

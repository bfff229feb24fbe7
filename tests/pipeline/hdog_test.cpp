#include "pipeline/hdog.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "pipeline/error.h"

namespace calcnode::pipeline {
namespace {

/// A half disc of bright, slightly noisy tissue at the left edge, with Gaussian spots in it.
Mammogram breast_with_spots(double spacing, const std::vector<Point>& spots_mm, double amplitude) {
    Mammogram mammogram;
    const int rows = static_cast<int>(100 / spacing);
    const int columns = static_cast<int>(80 / spacing);
    mammogram.pixels = {rows, columns};
    mammogram.bits_stored = 12;
    mammogram.row_spacing_mm = mammogram.column_spacing_mm = spacing;
    std::mt19937 engine(5);
    std::normal_distribution<double> noise(0, 0.002);
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            const double x = (column + 0.5) * spacing, y = (row + 0.5) * spacing;
            const double reach = std::hypot(x, y - 50) / 45;
            double value = reach < 1 ? 0.25 + 0.4 * std::sqrt(1 - reach * reach) + noise(engine) : 0.02;
            for (const Point& spot : spots_mm) {
                const double d2 = (x - spot.x) * (x - spot.x) + (y - spot.y) * (y - spot.y);
                if (d2 < 1) value += amplitude * std::exp(-d2 / (2 * 0.13 * 0.13));
            }
            mammogram.pixels.at(row, column) =
                static_cast<std::uint16_t>(std::lround(4095 * std::min(1.0, value)));
        }
    }
    return mammogram;
}

const std::vector<Point> kSpots = {{20, 50}, {22, 50}, {21, 52}, {23, 53}, {19, 52}, {21, 48}};

TEST(Hdog, FindsSpotsAtAnySpacing) {
    for (const double spacing : {0.07, 0.1, 0.15}) {
        const Mammogram mammogram = breast_with_spots(spacing, kSpots, 0.1);
        const HdogBlobs found = find_hdog_blobs(mammogram, 10);
        EXPECT_EQ(found.blobs.size(), kSpots.size()) << spacing;
        for (const Point& spot : kSpots) {
            const bool near =
                std::any_of(found.blobs.begin(), found.blobs.end(), [&](const Calcification& blob) {
                    return std::hypot(blob.centroid.x * spacing - spot.x,
                                      blob.centroid.y * spacing - spot.y) < 0.15;
                });
            EXPECT_TRUE(near) << spot.x << ", " << spot.y << " at " << spacing;
        }
        EXPECT_NEAR(found.breast_area_cm2, 3.14159 * 4.5 * 4.5 / 2, 4);
    }
}

TEST(Hdog, ResponsesCountInTheImagesOwnSpread) {
    Mammogram mammogram = breast_with_spots(0.1, kSpots, 0.1);
    const HdogBlobs found = find_hdog_blobs(mammogram, 10);
    for (std::uint16_t& pixel : mammogram.pixels.pixels)
        pixel /= 2;  // half the contrast, half the noise
    const HdogBlobs half = find_hdog_blobs(mammogram, 10);
    ASSERT_EQ(half.blobs.size(), found.blobs.size());
    for (std::size_t i = 0; i < found.blobs.size(); ++i)
        EXPECT_NEAR(half.blobs[i].score, found.blobs[i].score, 0.05 * found.blobs[i].score);
}

TEST(Hdog, BlobsAreSortedAndLabelled) {
    const Mammogram mammogram = breast_with_spots(0.1, kSpots, 0.1);
    const HdogBlobs found = find_hdog_blobs(mammogram, 10);
    for (std::size_t i = 0; i < found.blobs.size(); ++i) {
        const Calcification& blob = found.blobs[i];
        if (i > 0) {
            EXPECT_LE(blob.score, found.blobs[i - 1].score);
        }
        EXPECT_EQ(found.labels.at(static_cast<int>(blob.centroid.y), static_cast<int>(blob.centroid.x)),
                  i + 1);
        EXPECT_GT(blob.area_mm2, 0.02);
        EXPECT_LT(blob.area_mm2, 0.5);
    }
}

TEST(Hdog, FindsNothingInSmoothTissueAndNotTheBreastsBorder) {
    const HdogBlobs found = find_hdog_blobs(breast_with_spots(0.1, {}, 0), 7);
    EXPECT_TRUE(found.blobs.empty());
}

TEST(Hdog, SpotsWithinACentimetreMakeACluster) {
    const Mammogram mammogram = breast_with_spots(0.1, kSpots, 0.1);
    const HdogBlobs found = find_hdog_blobs(mammogram, 10);
    const ImageFindings findings = hdog_findings(found, mammogram, 10, 5);
    ASSERT_EQ(findings.clusters.size(), 1u);
    EXPECT_EQ(findings.clusters[0].members.size(), kSpots.size());
    EXPECT_DOUBLE_EQ(findings.clusters[0].score, found.blobs[4].score);
    EXPECT_EQ(findings.calcifications[0].cluster, 0);
    EXPECT_TRUE(hdog_findings(found, mammogram, 10, 7).clusters.empty());
}

TEST(Hdog, ThresholdLeavesTheStrongerBlobs) {
    const Mammogram mammogram = breast_with_spots(0.1, kSpots, 0.1);
    const HdogBlobs found = find_hdog_blobs(mammogram, 10);
    const ImageFindings findings = hdog_findings(found, mammogram, found.blobs[2].score, 3);
    EXPECT_EQ(findings.calcifications.size(), 3u);
    EXPECT_LE(*std::max_element(findings.labels.pixels.begin(), findings.labels.pixels.end()), 3);
}

TEST(Hdog, MarksAreTheFindingsWithoutTheirLabels) {
    const Mammogram mammogram = breast_with_spots(0.1, kSpots, 0.1);
    const HdogBlobs found = find_hdog_blobs(mammogram, 4);
    const ImageFindings findings = hdog_findings(found, mammogram, 10, 5);
    const ImageFindings marks = hdog_marks(found, mammogram, 10, 5);
    EXPECT_TRUE(marks.labels.empty());
    ASSERT_EQ(marks.clusters.size(), findings.clusters.size());
    EXPECT_EQ(marks.clusters.at(0).members, findings.clusters.at(0).members);
    EXPECT_EQ(marks.calcifications.size(), findings.calcifications.size());
}

TEST(Hdog, ImageScoreIsTheGreatestThresholdThatLeavesACluster) {
    const Mammogram mammogram = breast_with_spots(0.1, kSpots, 0.1);
    const HdogBlobs found = find_hdog_blobs(mammogram, 4);
    const double score = hdog_image_score(found, mammogram, 5);
    EXPECT_EQ(hdog_marks(found, mammogram, score, 5).clusters.size(), 1u);
    EXPECT_TRUE(hdog_marks(found, mammogram, std::nextafter(score, 2 * score), 5).clusters.empty());
    EXPECT_GE(hdog_image_score(found, mammogram, 3), score);
    EXPECT_EQ(hdog_image_score(find_hdog_blobs(breast_with_spots(0.1, {}, 0), 10), mammogram, 5), 0);
}

TEST(Hdog, RefusesAnImageWithoutABreast) {
    Mammogram mammogram;
    mammogram.pixels = {500, 500};
    mammogram.bits_stored = 12;
    mammogram.row_spacing_mm = mammogram.column_spacing_mm = 0.1;
    EXPECT_THROW(find_hdog_blobs(mammogram), Error);
}

}  // namespace
}  // namespace calcnode::pipeline

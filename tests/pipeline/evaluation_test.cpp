#include "pipeline/evaluation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "pipeline/error.h"
#include "pipeline/evaluation_counter.h"

namespace calcnode::pipeline {
namespace {

constexpr double kSpacing = 0.1;  // mm
constexpr int kSize = 600;        // 6 cm

/// A picture with square grains of 3 x 3 pixels; the same helper makes truth and findings.
struct Scene {
    Mammogram mammogram;
    Truth truth;
    ImageFindings findings;

    Scene() {
        mammogram.pixels = {kSize, kSize};
        mammogram.bits_stored = 12;
        mammogram.row_spacing_mm = mammogram.column_spacing_mm = kSpacing;
        truth.mask = {kSize, kSize};
        findings.status = ImageStatus::analysed;
        findings.labels = {kSize, kSize};
        findings.breast_area_cm2 = 36;
    }

    static void paint(Image<std::uint16_t>& image, int column, int row, std::uint16_t label) {
        for (int dy = -1; dy <= 1; ++dy) {
            for (int dx = -1; dx <= 1; ++dx)
                image.at(row + dy, column + dx) = label;
        }
    }
    void grain(int column, int row) { paint(truth.mask, column, row, ++grains_); }
    int find(int column, int row) {
        Calcification found;
        found.centroid = {column + 0.5, row + 0.5};
        found.score = 0.9;
        findings.calcifications.push_back(found);
        const auto label = static_cast<std::uint16_t>(findings.calcifications.size());
        paint(findings.labels, column, row, label);
        return label - 1;
    }
    /// Five grains, the corners and the centre of a square of `side` pixels.
    void square(int column, int row, int side) {
        for (const auto& [x, y] : corners(column, row, side))
            grain(x, y);
    }
    void mark_square(int column, int row, int side, double score) {
        Cluster cluster;
        cluster.score = score;
        for (const auto& [x, y] : corners(column, row, side))
            cluster.members.push_back(find(x, y));
        cluster.centroid = {column + 0.5, row + 0.5};
        const double half = side / 2.0 + 1.5;
        const double x = column + 0.5, y = row + 0.5;
        cluster.outline = {{x - half, y - half},
                           {x + half, y - half},
                           {x + half, y + half},
                           {x - half, y + half},
                           {x - half, y - half}};
        for (const int member : cluster.members) {
            findings.calcifications[member].cluster = static_cast<int>(findings.clusters.size());
        }
        findings.clusters.push_back(cluster);
    }
    ImageCounts count(int members = 5) const { return count_image(mammogram, findings, truth, members); }

  private:
    static std::vector<std::pair<int, int>> corners(int column, int row, int side) {
        const int half = side / 2;
        return {{column - half, row - half},
                {column + half, row - half},
                {column - half, row + half},
                {column + half, row + half},
                {column, row}};
    }
    std::uint16_t grains_ = 0;
};

TEST(Evaluation, PerfectFindingsHitEverything) {
    Scene scene;
    scene.square(200, 200, 60);
    scene.mark_square(200, 200, 60, 0.8);
    const ImageCounts counts = scene.count();
    EXPECT_FALSE(counts.normal);
    EXPECT_EQ(counts.groups, 1);
    ASSERT_EQ(counts.marks.size(), 1u);
    EXPECT_TRUE(counts.marks[0].hit);
    EXPECT_EQ(counts.grains, 5);
    EXPECT_EQ(counts.grains_found, 5);
    EXPECT_EQ(counts.false_grains, 0);
    EXPECT_DOUBLE_EQ(counts.dice, 1);
    EXPECT_DOUBLE_EQ(counts.iou, 1);
    EXPECT_DOUBLE_EQ(counts.object_iou, 5);
}

TEST(Evaluation, NothingFoundMissesEverything) {
    Scene scene;
    scene.square(200, 200, 60);
    const ImageCounts counts = scene.count();
    EXPECT_EQ(counts.groups, 1);
    EXPECT_TRUE(counts.marks.empty());
    EXPECT_EQ(counts.grains_found, 0);
    EXPECT_DOUBLE_EQ(counts.dice, 0);
}

TEST(Evaluation, MarkFarFromTheGroupIsFalse) {
    Scene scene;
    scene.square(150, 150, 60);
    scene.mark_square(450, 450, 60, 0.8);
    const ImageCounts counts = scene.count();
    ASSERT_EQ(counts.marks.size(), 1u);
    EXPECT_FALSE(counts.marks[0].hit);
    EXPECT_FALSE(counts.marks[0].ignored);
    EXPECT_EQ(counts.false_grains, 5);
}

TEST(Evaluation, KallergiWantsThreeGrainsFound) {
    for (const int shared : {2, 3}) {
        Scene scene;
        scene.square(200, 200, 60);
        scene.mark_square(200, 200, 60, 0.8);
        // Members beyond the shared ones move away from their grains (still inside the hull).
        for (int i = shared; i < 5; ++i) {
            scene.findings.calcifications[i].centroid.x += 8;
            Scene::paint(scene.findings.labels, 100 + 10 * i, 500, static_cast<std::uint16_t>(i + 1));
        }
        for (auto& label : scene.findings.labels.pixels) {
            if (label > shared) label = 0;
        }
        EXPECT_EQ(scene.count().marks.at(0).hit, shared == 3) << shared;
    }
}

TEST(Evaluation, KallergiWantsAnAreaBetweenHalfAndFourTimes) {
    const struct {
        double scale;
        bool hit;
    } cases[] = {{0.6, false}, {0.75, true}, {1.0, true}, {1.9, true}, {2.2, false}};  // of the side
    for (const auto& [scale, hit] : cases) {
        Scene scene;
        scene.square(300, 300, 60);
        scene.mark_square(300, 300, 60, 0.8);
        for (Point& point : scene.findings.clusters[0].outline) {
            point.x = 300.5 + scale * (point.x - 300.5);
            point.y = 300.5 + scale * (point.y - 300.5);
        }
        EXPECT_EQ(scene.count().marks.at(0).hit, hit) << scale;
    }
}

TEST(Evaluation, KallergiWantsMembersCloserThanFourteenMillimetres) {
    Scene scene;
    scene.square(300, 300, 60);
    scene.mark_square(300, 300, 60, 0.8);
    EXPECT_TRUE(scene.count().marks.at(0).hit);
    scene.findings.clusters[0].members.push_back(scene.find(300, 500));  // 17 mm from the next
    EXPECT_FALSE(scene.count().marks.at(0).hit);
}

TEST(Evaluation, SecondMarkOnAGroupCountsNeitherWay) {
    Scene scene;
    scene.square(200, 200, 60);
    scene.mark_square(200, 200, 60, 0.8);
    Cluster again = scene.findings.clusters[0];
    again.score = 0.9;
    scene.findings.clusters.push_back(again);
    const ImageCounts counts = scene.count();
    ASSERT_EQ(counts.marks.size(), 2u);
    EXPECT_DOUBLE_EQ(counts.marks[0].score, 0.9);
    EXPECT_TRUE(counts.marks[0].hit);
    EXPECT_FALSE(counts.marks[1].hit);
    EXPECT_TRUE(counts.marks[1].ignored);
}

TEST(Evaluation, GroupNeedsItsMembers) {
    Scene scene;
    for (int i = 0; i < 4; ++i)
        scene.grain(200 + 20 * i, 200);
    EXPECT_EQ(scene.count(5).groups, 0);
    EXPECT_EQ(scene.count(3).groups, 1);
    EXPECT_FALSE(scene.count(5).normal) << "an image with grains is not normal, group or no group";
}

TEST(Evaluation, MarkOnAGroupTooSmallToCountCountsNeitherWay) {
    Scene scene;
    scene.square(200, 200, 60);
    for (auto& label : scene.truth.mask.pixels) {
        if (label == 5) label = 0;  // four grains are left
    }
    scene.mark_square(200, 200, 60, 0.8);
    const Mark as_five = scene.count(5).marks.at(0);
    EXPECT_FALSE(as_five.hit);
    EXPECT_TRUE(as_five.ignored);
    EXPECT_TRUE(scene.count(3).marks.at(0).hit);
}

TEST(Evaluation, MarkOfFewMembersCounts) {
    Scene scene;
    scene.square(200, 200, 60);
    scene.mark_square(200, 200, 60, 0.8);
    scene.findings.clusters[0].members.resize(3);
    EXPECT_TRUE(scene.count(5).marks.at(0).hit);
    Scene nothing;
    nothing.mark_square(200, 200, 60, 0.8);
    nothing.findings.clusters[0].members.resize(3);
    EXPECT_EQ(nothing.count(5).marks.size(), 1u);
}

TEST(Evaluation, GroupsAreLinkedOverOneCentimetre) {
    Scene scene;
    scene.square(100, 100, 60);
    scene.square(100 + 60 + 95, 100, 60);  // 9.5 mm between the nearest grains
    EXPECT_EQ(scene.count().groups, 1);
    Scene apart;
    apart.square(100, 100, 60);
    apart.square(100 + 60 + 105, 100, 60);
    EXPECT_EQ(apart.count().groups, 2);
}

TEST(Evaluation, CircleIsHitByTheCentroidWithinTwoMillimetres) {
    for (const auto& [offset, hit] : {std::pair{0, true}, std::pair{65, true}, std::pair{75, false}}) {
        Scene scene;
        scene.truth.mask = {};
        scene.truth.circles = {{.centre = {300, 300}, .radius = 50}};  // 5 mm, and 2 mm of margin
        scene.mark_square(300 + offset, 300, 20, 0.8);
        const ImageCounts counts = scene.count();
        EXPECT_EQ(counts.groups, 1);
        EXPECT_FALSE(counts.has_mask);
        EXPECT_EQ(counts.marks.at(0).hit, hit) << offset;
    }
}

TEST(Evaluation, CircleIsHitByAnOverlapOfAFifth) {
    // Both centroids are outside the grown circle; the hull of 300 x 300 covers 0.21 and 0.16.
    for (const auto& [offset, hit] : {std::pair{175, true}, std::pair{195, false}}) {
        Scene scene;
        scene.truth.mask = {};
        scene.truth.circles = {{.centre = {200, 300}, .radius = 150}};
        scene.mark_square(200 + offset, 300, 60, 0.8);
        const double x = 200 + offset, y = 300;
        scene.findings.clusters[0].outline = {{x - 150, y - 150},
                                              {x + 150, y - 150},
                                              {x + 150, y + 150},
                                              {x - 150, y + 150},
                                              {x - 150, y - 150}};
        EXPECT_EQ(scene.count().marks.at(0).hit, hit) << offset;
    }
}

TEST(Evaluation, GrainIsFoundWithinAThirdOfAMillimetre) {
    for (const auto& [offset, found] : {std::pair{3, 1}, std::pair{4, 0}}) {  // pixels of 0.1 mm
        Scene scene;
        scene.grain(200, 200);
        scene.find(200 + offset, 200);
        EXPECT_EQ(scene.count().grains_found, found) << offset;
    }
}

TEST(Evaluation, GrainIsFoundByOverlapHoweverFarItsCentroid) {
    Scene scene;
    for (int column = 200; column < 220; ++column)
        scene.truth.mask.at(200, column) = 1;
    Calcification found;
    found.centroid = {205, 200.5};
    scene.findings.calcifications.push_back(found);
    for (int column = 200; column < 210; ++column)
        scene.findings.labels.at(200, column) = 1;
    EXPECT_EQ(scene.count().grains_found, 1);
}

TEST(Evaluation, OneFindingFindsOneGrain) {
    Scene scene;
    scene.grain(200, 200);
    scene.grain(204, 200);
    scene.find(202, 200);
    EXPECT_EQ(scene.count().grains_found, 1);
    scene.find(200, 206);
    EXPECT_EQ(scene.count().false_grains, 1);
}

TEST(Evaluation, PixelsAreCountedOverTheWholePicture) {
    Scene scene;
    scene.grain(200, 200);
    scene.find(201, 200);  // 9 pixels each, 6 in common
    const ImageCounts counts = scene.count();
    EXPECT_DOUBLE_EQ(counts.pixels, kSize * kSize);
    EXPECT_DOUBLE_EQ(counts.pixels_both, 6);
    EXPECT_DOUBLE_EQ(counts.pixels_found, 9);
    EXPECT_DOUBLE_EQ(counts.pixels_true, 9);
    EXPECT_DOUBLE_EQ(counts.dice, 12.0 / 18);
    EXPECT_DOUBLE_EQ(counts.iou, 6.0 / 12);
    const std::vector<ImageCounts> images = {counts};
    const Summary summary = summarise(images, {});
    EXPECT_DOUBLE_EQ(summary.pixel_accuracy.value, (kSize * kSize - 6.0) / (kSize * kSize));
    EXPECT_DOUBLE_EQ(summary.pixel_false_rate.value, 3.0 / (kSize * kSize - 9.0));
    EXPECT_DOUBLE_EQ(summary.empty_mask_accuracy.value, (kSize * kSize - 9.0) / (kSize * kSize));
}

TEST(Evaluation, PooledOverlapWeighsImagesByTheirPixels) {
    Scene perfect;
    perfect.grain(200, 200);
    perfect.find(200, 200);
    Scene missed;
    for (int i = 0; i < 3; ++i)
        missed.grain(100 + 50 * i, 300);
    const std::vector<ImageCounts> images = {perfect.count(), missed.count()};
    const Summary summary = summarise(images, {});
    EXPECT_DOUBLE_EQ(summary.dice.value, 0.5);
    EXPECT_DOUBLE_EQ(summary.dice_pooled.value, 18.0 / (9 + 36));
    EXPECT_DOUBLE_EQ(summary.iou.value, 0.5);
    EXPECT_DOUBLE_EQ(summary.iou_pooled.value, 9.0 / 36);
    EXPECT_DOUBLE_EQ(summary.object_iou.value, 1);
    EXPECT_DOUBLE_EQ(summary.object_iou_mean.value, 1) << "an image where nothing was found has none";
}

TEST(Evaluation, GrainMarksTakeTheStrongestFirst) {
    Scene scene;
    scene.grain(200, 200);
    scene.find(202, 200);  // stronger, off by two pixels
    scene.find(200, 200);  // weaker, exact
    scene.findings.calcifications[0].score = 0.9;
    scene.findings.calcifications[1].score = 0.5;
    const ImageCounts counts = scene.count();
    EXPECT_EQ(counts.grains_found, 1);
    ASSERT_EQ(counts.grain_marks.size(), 2u);
    EXPECT_TRUE(counts.grain_marks[0].hit) << "so that a threshold of 0.7 finds the grain";
    EXPECT_FALSE(counts.grain_marks[1].hit);
}

TEST(Evaluation, WhereNobodyKnowsThePlaceMarksCountNeitherWay) {
    Scene scene;
    scene.truth.mask = {};
    scene.truth.somewhere = true;
    scene.mark_square(200, 200, 60, 0.8);
    const ImageCounts counts = scene.count();
    EXPECT_FALSE(counts.normal);
    EXPECT_EQ(counts.groups, 0);
    EXPECT_TRUE(counts.marks.at(0).ignored);
    EXPECT_DOUBLE_EQ(counts.score, 0.8) << "the ROC needs it";
}

TEST(Evaluation, MarkKnowsItsClusterAndItsGroup) {
    Scene scene;
    scene.square(100, 100, 60);
    scene.square(400, 400, 60);
    scene.mark_square(250, 500, 60, 0.3);
    scene.mark_square(400, 400, 60, 0.8);
    const ImageCounts counts = scene.count();
    ASSERT_EQ(counts.marks.size(), 2u);
    EXPECT_EQ(counts.marks[0].cluster, 1);
    EXPECT_EQ(counts.marks[0].group, 1);
    EXPECT_EQ(counts.marks[1].cluster, 0);
    EXPECT_EQ(counts.marks[1].group, -1);
    const TruthCounter counter(scene.mammogram, scene.truth);
    EXPECT_EQ(counter.groups(5).at(1).grains, (std::set<int>{6, 7, 8, 9, 10}));
}

TEST(Evaluation, LinksPointsAsEveryPairWould) {
    std::mt19937 engine(3);
    std::uniform_real_distribution<double> place(0, 60);
    for (const double link : {1.0, 3.0, 10.0}) {
        std::vector<Point> points(150);
        for (Point& point : points)
            point = {place(engine), place(engine)};
        std::vector<int> group(points.size());
        std::iota(group.begin(), group.end(), 0);
        for (std::size_t i = 0; i < points.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                if (std::hypot(points[i].x - points[j].x, points[i].y - points[j].y) > link) continue;
                const int from = std::max(group[i], group[j]), to = std::min(group[i], group[j]);
                std::replace(group.begin(), group.end(), from, to);
            }
        }
        std::map<int, std::vector<int>> expected;
        for (int i = 0; i < static_cast<int>(points.size()); ++i)
            expected[group[i]].push_back(i);
        std::vector<std::vector<int>> lists;
        for (const auto& [first, members] : expected)
            lists.push_back(members);
        EXPECT_EQ(link_points(points, link), lists) << link;
    }
}

TEST(Evaluation, RefusesAMaskOfAnotherSize) {
    Scene scene;
    scene.truth.mask = {kSize, kSize - 1};
    EXPECT_THROW(scene.count(), Error);
}

TEST(Evaluation, LabelsRegionsOfAPlainMask) {
    Image<std::uint16_t> mask(10, 10);
    mask.at(1, 1) = mask.at(2, 2) = 255;  // touch at a corner: one
    mask.at(7, 7) = 255;
    const Image<std::uint16_t> labels = label_regions(mask);
    EXPECT_EQ(labels.at(1, 1), labels.at(2, 2));
    EXPECT_NE(labels.at(1, 1), labels.at(7, 7));
    EXPECT_EQ(labels.at(0, 0), 0);
}

TEST(Evaluation, OperatingPointDropsWeakClustersAndTheirCalcifications) {
    Scene scene;
    scene.mark_square(200, 200, 60, 0.8);
    scene.mark_square(400, 400, 60, 0.3);
    for (int i = 5; i < 10; ++i)
        scene.findings.calcifications[i].score = i == 5 ? 0.99 : 0.5;
    const ImageFindings kept = at_operating_point(scene.findings, 0.5, 0.95);
    ASSERT_EQ(kept.clusters.size(), 1u);
    ASSERT_EQ(kept.calcifications.size(), 6u);
    EXPECT_EQ(kept.calcifications[5].cluster, -1) << "strong enough to stand alone";
    EXPECT_EQ(kept.labels.at(200, 200), 5);
    EXPECT_EQ(kept.labels.at(400, 400), 0);
    EXPECT_EQ(kept.clusters[0].members.size(), 5u);
}

}  // namespace
}  // namespace calcnode::pipeline

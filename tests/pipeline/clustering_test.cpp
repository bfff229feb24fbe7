#include "pipeline/clustering.h"

#include <cmath>

#include <gtest/gtest.h>

#include "pipeline/shape.h"

namespace calcnode::pipeline {
namespace {

Mammogram ten_micron_grid() {
    Mammogram m;
    m.row_spacing_mm = m.column_spacing_mm = 0.1;
    return m;
}

Calcification grain_at(double x, double y) {
    Calcification one;
    one.centroid = {x, y};
    one.area_mm2 = 0.04;
    one.outline = {{x - 1, y - 1}, {x + 1, y - 1}, {x + 1, y + 1}, {x - 1, y + 1}, {x - 1, y - 1}};
    return one;
}

Cluster of_all(std::vector<Calcification>& grains, const BreastFrame& frame = {10000, {0, 0}}) {
    Cluster cluster;
    for (int k = 0; k < static_cast<int>(grains.size()); ++k)
        cluster.members.push_back(k);
    describe_cluster(cluster, 0, grains, ten_micron_grid(), frame);
    return cluster;
}

TEST(Clustering, LinksChainsWithinTheRadius) {
    const std::vector<cv::Point2d> points{{0, 0}, {4, 0}, {8, 0}, {14, 0}, {16, 0}, {18, 3}, {50, 50}};
    const auto groups = single_linkage(points, {.link_radius_mm = 5, .min_members = 3});
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0], (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(groups[1], (std::vector<int>{3, 4, 5}));
}

TEST(Clustering, LeavesOutGroupsThatAreTooSmall) {
    EXPECT_TRUE(single_linkage({{0, 0}, {1, 0}}, {.link_radius_mm = 5, .min_members = 3}).empty());
    EXPECT_TRUE(single_linkage({}, {}).empty());
}

TEST(Clustering, JoinsSureGroupsOverTheWiderRadiusButDrawsInNoLoneSpeck) {
    // Three groups in a row, 8 mm apart; a speck as near to the first; a doubtful group beside the last.
    const std::vector<cv::Point2d> points{{0, 0},  {1, 0},  {2, 0}, {10, 0}, {11, 0}, {12, 0}, {20, 0},
                                          {21, 0}, {22, 0}, {0, 8}, {30, 0}, {31, 0}, {32, 0}};
    std::vector<double> scores(points.size(), 0.99);
    scores[10] = scores[11] = scores[12] = 0.6;
    ClusteringOptions options{.link_radius_mm = 5, .min_members = 3, .score_members = 3};
    options.join_radius_mm = 9;
    options.join_score = 0.9;
    const auto groups = group_grains(points, scores, options);
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0], (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(groups[1], (std::vector<int>{10, 11, 12}));
    options.join_radius_mm = 0;
    EXPECT_EQ(group_grains(points, scores, options), single_linkage(points, options));
}

TEST(Clustering, ScoreIsTheMeanOfTheBestAndCountsMissingOnesAsNothing) {
    const ClusteringOptions options{.score_members = 4};
    EXPECT_DOUBLE_EQ(cluster_score({0.2, 1.0, 0.8, 0.6, 0.4}, options), 0.7);
    EXPECT_DOUBLE_EQ(cluster_score({1.0, 1.0}, options), 0.5);
}

TEST(Clustering, MeasuresASquareOfGrains) {
    std::vector<Calcification> grains{grain_at(100, 100), grain_at(130, 100), grain_at(100, 130),
                                      grain_at(130, 130)};
    const Cluster cluster = of_all(grains);
    EXPECT_DOUBLE_EQ(cluster.centroid.x, 115);
    EXPECT_DOUBLE_EQ(cluster.centroid.y, 115);
    const double side = 3.2 + 2 * 0.1 * kOutlineInset;  // to the pixels' edges
    EXPECT_NEAR(cluster.hull_area_mm2, side * side, 1e-4);
    EXPECT_NEAR(cluster.long_axis_mm, side * std::sqrt(2), 1e-4);
    EXPECT_NEAR(cluster.elongation, 1, 1e-9);
    EXPECT_DOUBLE_EQ(cluster.density, 1);
    EXPECT_NEAR(cluster.coverage, 0.16 / (side * side), 1e-6);
    EXPECT_NEAR(cluster.mean_distance_mm, 3, 1e-9);
    EXPECT_NEAR(cluster.sd_distance_mm, 0, 1e-9);
    EXPECT_EQ(cluster.distribution, Distribution::grouped);
    EXPECT_EQ(cluster.outline.front(), cluster.outline.back());
    EXPECT_EQ(grains[2].cluster, 0);
    EXPECT_NEAR(grains[0].distance_to_cluster_centroid_mm, 1.5 * std::sqrt(2), 1e-9);
}

TEST(Clustering, NamesDistributions) {
    std::vector<Calcification> line, wide, towards_nipple;
    for (int k = 0; k < 6; ++k)
        line.push_back(grain_at(100 + 20 * k, 100 + (k % 2)));
    EXPECT_EQ(of_all(line).distribution, Distribution::linear);
    for (int k = 0; k < 12; ++k)
        wide.push_back(grain_at(100 + 80 * (k % 4), 100 + 110 * (k / 4)));
    EXPECT_EQ(of_all(wide).distribution, Distribution::regional);
    EXPECT_EQ(of_all(wide, {700, {0, 0}}).distribution, Distribution::diffuse);
    for (int k = 0; k < 12; ++k)
        towards_nipple.push_back(grain_at(100 + 30 * k, 100 + 50 * (k % 3)));
    EXPECT_EQ(of_all(towards_nipple, {10000, {100, 15}}).distribution, Distribution::segmental);
}

TEST(Clustering, FindsNearestNeighbours) {
    std::vector<Calcification> grains{grain_at(0, 0), grain_at(30, 40), grain_at(30, 50)};
    measure_neighbours(grains, ten_micron_grid());
    EXPECT_NEAR(grains[0].nearest_neighbour_mm, 5, 1e-9);
    EXPECT_NEAR(grains[1].nearest_neighbour_mm, 1, 1e-9);
    std::vector<Calcification> alone{grain_at(5, 5)};
    measure_neighbours(alone, ten_micron_grid());
    EXPECT_EQ(alone[0].nearest_neighbour_mm, 0);
}

}  // namespace
}  // namespace calcnode::pipeline

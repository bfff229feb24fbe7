#include "pipeline/evaluation_descriptors.h"

#include <gtest/gtest.h>

namespace calcnode::pipeline {
namespace {

TrueGroup group(std::set<int> grains) {
    TrueGroup result;
    result.grains = std::move(grains);
    return result;
}

TEST(EvaluationDescriptors, ErrorsAreRelativeToTheTruth) {
    ImageFindings findings;
    findings.clusters.resize(2);
    findings.clusters[1].members = {0, 1, 2, 3, 4, 5};
    findings.clusters[1].hull_area_mm2 = 30;
    findings.clusters[1].distribution = Distribution::linear;
    const std::vector<Mark> marks = {{.score = 0.9, .hit = true, .cluster = 1, .group = 0}};
    const std::vector<TrueGroup> groups = {group({1, 2, 3, 4, 5, 6, 7, 8}), group({9, 10, 11})};
    const std::vector<DescribedCluster> truth = {{.grains = {1, 2, 3, 4, 5, 6, 7, 8},
                                                  .number = 8,
                                                  .hull_area_mm2 = 20,
                                                  .distribution = "linear",
                                                  .morphology = "round"},
                                                 {.grains = {9, 10, 11},
                                                  .number = 3,
                                                  .hull_area_mm2 = 5,
                                                  .distribution = "grouped",
                                                  .morphology = "amorphous"}};
    const auto details = cluster_details(findings, marks, groups, truth);
    ASSERT_EQ(details.size(), 2u);
    EXPECT_TRUE(details[0].hit);
    EXPECT_DOUBLE_EQ(details[0].number_error, -0.25);
    EXPECT_DOUBLE_EQ(details[0].area_error, 0.5);
    EXPECT_TRUE(details[0].distribution_right);
    EXPECT_FALSE(details[1].hit);
    EXPECT_EQ(details[1].morphology, "amorphous");
}

TEST(EvaluationDescriptors, GroupOfTwoClustersSaysNothingOfOne) {
    const std::vector<TrueGroup> groups = {group({1, 2, 3, 4, 5, 6})};
    const std::vector<DescribedCluster> truth = {{.grains = {1, 2, 3}, .number = 3},
                                                 {.grains = {4, 5, 6}, .number = 3}};
    EXPECT_TRUE(cluster_details({}, {}, groups, truth).empty());
}

TEST(EvaluationDescriptors, FalseMarkLiesOnWhatHalfOfItTouches) {
    Mammogram mammogram;
    mammogram.pixels = {100, 100};
    mammogram.row_spacing_mm = mammogram.column_spacing_mm = 0.1;
    Image<std::uint16_t> kinds(100, 100);
    ImageFindings findings;
    findings.labels = {100, 100};
    for (int k = 0; k < 4; ++k) {
        Calcification one;
        one.centroid = {10.5 + 20 * k, 50.5};
        findings.calcifications.push_back(one);
        findings.labels.at(50, 10 + 20 * k) = static_cast<std::uint16_t>(k + 1);
    }
    findings.clusters.resize(1);
    findings.clusters[0].members = {0, 1, 2, 3};
    const std::vector<Mark> wrong = {{.score = 0.9, .cluster = 0}};
    EXPECT_EQ(kinds_of_false_marks(mammogram, findings, wrong, kinds), std::vector<int>{0});
    kinds.at(50, 10) = 2;  // under the first
    EXPECT_EQ(kinds_of_false_marks(mammogram, findings, wrong, kinds), std::vector<int>{0});
    kinds.at(53, 30) = 2;  // 0.3 mm from the second: half of them
    EXPECT_EQ(kinds_of_false_marks(mammogram, findings, wrong, kinds), std::vector<int>{2});
    kinds.at(53, 30) = 0;
    kinds.at(54, 30) = 2;  // 0.4 mm
    EXPECT_EQ(kinds_of_false_marks(mammogram, findings, wrong, kinds), std::vector<int>{0});
    const std::vector<Mark> right = {{.score = 0.9, .hit = true, .cluster = 0},
                                     {.score = 0.8, .ignored = true, .cluster = 0}};
    EXPECT_TRUE(kinds_of_false_marks(mammogram, findings, right, kinds).empty());
}

TEST(EvaluationDescriptors, SummaryHasMediansKindsAndRates) {
    std::vector<ImageCounts> images(3);
    images[0].patient = "a";
    images[1].patient = "b";
    images[2].patient = "c";
    std::vector<ImageDetails> details(3);
    const auto found = [](const char* morphology, double error) {
        return ClusterDetail{.distribution = "grouped",
                             .morphology = morphology,
                             .hit = true,
                             .number_error = error,
                             .area_error = 2 * error,
                             .distribution_right = error > 0};
    };
    details[0] = {.known = true, .clusters = {found("round", -0.2), found("round", 0.4)}, .false_marks = {2}};
    details[1] = {
        .known = true,
        .clusters = {found("amorphous", 0.1), {.distribution = "linear", .morphology = "amorphous"}},
        .false_marks = {2, 2, 0}};
    const DetailsSummary summary = summarise_details(images, details, {});
    EXPECT_EQ(summary.images, 2);
    EXPECT_EQ(summary.hits, 3);
    EXPECT_DOUBLE_EQ(summary.number_error_median.value, 0.1);
    EXPECT_NEAR(summary.number_error_mean.value, 0.7 / 3, 1e-12);
    EXPECT_DOUBLE_EQ(summary.area_error_median.value, 0.2);
    EXPECT_DOUBLE_EQ(summary.distribution_right.value, 2.0 / 3);
    ASSERT_EQ(summary.by_morphology.size(), 2u);
    EXPECT_EQ(summary.by_morphology[0].name, "amorphous");
    EXPECT_DOUBLE_EQ(summary.by_morphology[0].sensitivity.value, 0.5);
    EXPECT_DOUBLE_EQ(summary.by_morphology[1].sensitivity.value, 1);
    ASSERT_EQ(summary.false_marks.size(), 2u);
    EXPECT_EQ(summary.false_marks[1].kind, 2);
    EXPECT_EQ(summary.false_marks[1].marks, 3);
    EXPECT_DOUBLE_EQ(summary.false_marks[1].per_image.value, 1.5) << "the third image says nothing";
}

}  // namespace
}  // namespace calcnode::pipeline

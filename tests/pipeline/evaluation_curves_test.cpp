#include <cmath>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "pipeline/evaluation.h"

namespace calcnode::pipeline {
namespace {

ImageCounts scored(const char* patient, bool normal, double score) {
    ImageCounts counts;
    counts.patient = patient;
    counts.normal = normal;
    counts.score = score;
    return counts;
}

/// An image with a mask, `grains` true ones and the marks in `marks` (score, hit).
ImageCounts masked(const char* patient, int grains, double breast_cm2, std::vector<GrainMark> marks) {
    ImageCounts counts;
    counts.patient = patient;
    counts.normal = grains == 0;
    counts.has_mask = true;
    counts.grains = grains;
    counts.breast_cm2 = breast_cm2;
    counts.grain_marks = std::move(marks);
    return counts;
}

const FrocPoint& at(const std::vector<FrocPoint>& points, double allowed) {
    for (const FrocPoint& point : points) {
        if (point.allowed == allowed) return point;
    }
    throw std::out_of_range("no such rate");
}

TEST(EvaluationCurves, AreaUnderTheRocCountsPairsInOrderAndTiesHalf) {
    // Pairs (0.9, 0.5, 0.5 with findings; 0.5, 0.1 normal): 0.9 beats both; each 0.5 ties one and beats one.
    const std::vector<ImageCounts> images = {scored("a", false, 0.9), scored("b", false, 0.5),
                                             scored("c", false, 0.5), scored("d", true, 0.5),
                                             scored("e", true, 0.1)};
    const Estimate area = summarise(images, {}).area_under_roc;
    ASSERT_TRUE(area.known);
    EXPECT_DOUBLE_EQ(area.value, (2 + 1.5 + 1.5) / 6);
    EXPECT_LE(area.low, area.value);
    EXPECT_GE(area.high, area.value);
    EXPECT_LT(area.low, area.high);
}

TEST(EvaluationCurves, AreaIsOneWhenParted_AndUnknownWithoutNormalImages) {
    const std::vector<ImageCounts> parted = {scored("a", false, 0.9), scored("b", false, 0.8),
                                             scored("c", true, 0.2), scored("d", true, 0)};
    const Estimate area = summarise(parted, {}).area_under_roc;
    EXPECT_DOUBLE_EQ(area.value, 1);
    EXPECT_DOUBLE_EQ(area.low, 1);
    const std::vector<ImageCounts> one_kind = {scored("a", false, 0.9), scored("b", false, 0.8)};
    EXPECT_FALSE(summarise(one_kind, {}).area_under_roc.known);
}

TEST(EvaluationCurves, RocRunsFromCornerToCorner) {
    const std::vector<ImageCounts> images = {scored("a", false, 0.9), scored("b", false, 0.3),
                                             scored("c", true, 0.6), scored("d", true, 0.1)};
    const Roc roc = curves_of(images, {}).images;
    EXPECT_EQ(roc.positive, 2);
    EXPECT_EQ(roc.negative, 2);
    ASSERT_FALSE(roc.points.empty());
    EXPECT_DOUBLE_EQ(roc.points.front().false_positive_rate, 0);
    EXPECT_DOUBLE_EQ(roc.points.front().sensitivity.value, 0.5) << "0.9 stands above every normal image";
    EXPECT_DOUBLE_EQ(roc.points.back().false_positive_rate, 1);
    EXPECT_DOUBLE_EQ(roc.points.back().sensitivity.value, 1);
    for (const RocPoint& point : roc.points) {
        const double rate = point.false_positive_rate;
        EXPECT_DOUBLE_EQ(point.sensitivity.value, rate < 0.5 ? 0.5 : 1) << rate;
    }
}

TEST(EvaluationCurves, ImagesOfOneScoreGiveTheDiagonal) {
    const std::vector<ImageCounts> images = {scored("a", false, 0), scored("b", true, 0)};
    for (const RocPoint& point : curves_of(images, {}).images.points)
        EXPECT_NEAR(point.sensitivity.value, point.false_positive_rate, 1e-12);
}

TEST(EvaluationCurves, GrainFrocCountsFalseOnesACm2AndAnImage) {
    const std::vector<ImageCounts> images = {
        masked("a", 3, 5,
               {{.score = 0.9F, .hit = true}, {.score = 0.8F, .hit = false}, {.score = 0.7F, .hit = true}}),
        masked("b", 0, 5, {{.score = 0.6F, .hit = false}, {.score = 0.5F, .hit = false}}),
        masked("c", 1, 10, {{.score = 0.4F, .hit = true}}),
    };
    const Summary summary = summarise(images, {});
    // 20 cm2: one false grain is 0.05 a cm2, two are 0.1, three are 0.15.
    EXPECT_DOUBLE_EQ(at(summary.grain_froc_cm2, 0.05).sensitivity.value, 0.5);
    EXPECT_DOUBLE_EQ(at(summary.grain_froc_cm2, 0.05).false_per_image.value, 0.05);
    EXPECT_DOUBLE_EQ(at(summary.grain_froc_cm2, 0.1).sensitivity.value, 0.5);
    EXPECT_DOUBLE_EQ(at(summary.grain_froc_cm2, 0.2).sensitivity.value, 0.75);
    EXPECT_FLOAT_EQ(static_cast<float>(at(summary.grain_froc_cm2, 0.05).threshold), 0.7F);
    // Three images: one false grain is 0.33 an image.
    EXPECT_DOUBLE_EQ(at(summary.grain_froc_image, 1).sensitivity.value, 0.75);
    EXPECT_DOUBLE_EQ(at(summary.grain_froc_image, 1).false_per_image.value, 1);
}

TEST(EvaluationCurves, GrainFrocLeavesOutImagesWithoutAMask) {
    std::vector<ImageCounts> images = {masked("a", 1, 10, {{.score = 0.9F, .hit = true}})};
    images.push_back(scored("b", true, 0));
    images.back().breast_cm2 = 1000;
    images.push_back(masked("c", 0, 10, {{.score = 0.95F, .hit = false}}));
    EXPECT_DOUBLE_EQ(at(summarise(images, {}).grain_froc_cm2, 0.05).false_per_image.value, 0.05);
}

TEST(EvaluationCurves, SameSeedGivesTheSameInterval_AnotherDoesNot) {
    std::vector<ImageCounts> images;
    for (int i = 0; i < 30; ++i)
        images.push_back(scored(std::to_string(i).c_str(), i % 2 == 0, std::fmod(i * 0.37, 1.0)));
    const auto low = [&](std::uint64_t seed) { return summarise(images, {.seed = seed}).area_under_roc.low; };
    EXPECT_EQ(low(1), low(1));
    EXPECT_NE(low(1), low(2));
}

TEST(EvaluationCurves, DifferenceIsPairedByPatient) {
    const auto image = [](const char* patient, bool hit) {
        ImageCounts counts = scored(patient, false, 0);
        counts.groups = 1;
        if (hit) counts.marks = {{.score = 0.9, .hit = true}};
        return counts;
    };
    const std::vector<ImageCounts> reference = {image("a", true), image("b", true), image("c", false)};
    const std::vector<ImageCounts> same = reference;
    const Estimate none = sensitivity_difference(same, reference, {});
    ASSERT_TRUE(none.known);
    EXPECT_DOUBLE_EQ(none.value, 0);
    EXPECT_DOUBLE_EQ(none.low, 0) << "drawn apart, two patients' luck would differ";
    EXPECT_DOUBLE_EQ(none.high, 0);
    const std::vector<ImageCounts> worse = {image("a", false), image("b", true), image("c", false)};
    EXPECT_NEAR(sensitivity_difference(worse, reference, {}).value, -1.0 / 3, 1e-12);
    EXPECT_FALSE(sensitivity_difference(worse, {}, {}).known);
}

}  // namespace
}  // namespace calcnode::pipeline

#include <gtest/gtest.h>

#include "pipeline/evaluation.h"

namespace calcnode::pipeline {
namespace {

ImageCounts image(const char* patient, int groups, std::vector<Mark> marks) {
    ImageCounts counts;
    counts.patient = patient;
    counts.normal = groups == 0;
    counts.groups = groups;
    counts.marks = std::move(marks);
    return counts;
}

TEST(EvaluationSummary, CountsAtTheThreshold) {
    const std::vector<ImageCounts> images = {
        image(
            "a", 1,
            {{.score = 0.9, .hit = true, .ignored = false}, {.score = 0.8, .hit = false, .ignored = false}}),
        image("b", 1, {{.score = 0.4, .hit = true, .ignored = false}}),
        image("c", 0, {{.score = 0.6, .hit = false, .ignored = false}}),
        image("d", 0, {}),
    };
    const Summary summary = summarise(images, {.threshold = 0.5});
    EXPECT_EQ(summary.images, 4);
    EXPECT_EQ(summary.normal_images, 2);
    EXPECT_EQ(summary.patients, 4);
    EXPECT_DOUBLE_EQ(summary.sensitivity.value, 0.5);
    EXPECT_DOUBLE_EQ(summary.false_per_normal.value, 0.5);
    EXPECT_DOUBLE_EQ(summary.false_per_other.value, 0.5);
    EXPECT_FALSE(summary.grain_sensitivity.known);
    EXPECT_LE(summary.sensitivity.low, 0.5);
    EXPECT_GE(summary.sensitivity.high, 0.5);
    EXPECT_LT(summary.sensitivity.low, summary.sensitivity.high);
}

TEST(EvaluationSummary, FrocReadsTheBestThresholdWithinTheAllowedRate) {
    const std::vector<ImageCounts> images = {
        image("a", 1, {{.score = 0.9, .hit = true, .ignored = false}}),
        image("b", 1, {{.score = 0.4, .hit = true, .ignored = false}}),
        image("c", 0, {{.score = 0.6, .hit = false, .ignored = false}}),
        image("d", 0, {}),
    };
    const Summary summary = summarise(images, {});
    for (const FrocPoint& point : summary.froc) {
        EXPECT_LE(point.false_per_image.value, point.allowed);
        EXPECT_DOUBLE_EQ(point.sensitivity.value, point.allowed < 0.5 ? 0.5 : 1.0) << point.allowed;
    }
    EXPECT_EQ(summary.froc.size(), std::size(kFrocAllowed));
}

TEST(EvaluationSummary, IntervalIsByPatient) {
    // One patient with many images is one piece of evidence: the interval must be the single value.
    std::vector<ImageCounts> images;
    for (int i = 0; i < 20; ++i) {
        images.push_back(image("a", 1, {{.score = 1, .hit = i % 2 == 0, .ignored = false}}));
    }
    const Summary summary = summarise(images, {});
    EXPECT_DOUBLE_EQ(summary.sensitivity.value, 0.5);
    EXPECT_DOUBLE_EQ(summary.sensitivity.low, 0.5);
    EXPECT_DOUBLE_EQ(summary.sensitivity.high, 0.5);
}

TEST(EvaluationSummary, RepeatedMarksCountNeitherWay) {
    const std::vector<ImageCounts> images = {image(
        "a", 1,
        {{.score = 0.9, .hit = true, .ignored = false}, {.score = 0.8, .hit = false, .ignored = true}})};
    const Summary summary = summarise(images, {});
    EXPECT_DOUBLE_EQ(summary.sensitivity.value, 1);
    EXPECT_DOUBLE_EQ(summary.false_per_other.value, 0);
}

TEST(EvaluationSummary, SweepTakesTheMostSensitiveStepWithinTheRate) {
    const Mark hit{.score = 1, .hit = true, .ignored = false};
    const Mark miss{.score = 1, .hit = false, .ignored = false};
    const std::vector<SweepStep> steps = {
        {.threshold = 0.1,
         .images = {image("a", 1, {hit}), image("b", 1, {hit}), image("c", 0, {miss, miss})}},
        {.threshold = 0.2, .images = {image("a", 1, {hit}), image("b", 1, {}), image("c", 0, {})}},
    };
    const std::vector<FrocPoint> points = sweep_froc(steps, {});
    ASSERT_EQ(points.size(), std::size(kFrocAllowed));
    for (const FrocPoint& point : points) {
        EXPECT_DOUBLE_EQ(point.threshold, point.allowed < 2 ? 0.2 : 0.1);
        EXPECT_DOUBLE_EQ(point.sensitivity.value, point.allowed < 2 ? 0.5 : 1.0);
    }
}

}  // namespace
}  // namespace calcnode::pipeline

// The paper's patch classifiers, on data small enough for a unit test.
#include "pipeline/paper_table.h"

#include <gtest/gtest.h>
#include <opencv2/core.hpp>

#include "pipeline/error.h"
#include "pipeline/patch_classifier.h"

namespace calcnode::pipeline {
namespace {

/// A bright spot in the middle, or noise alone.
std::vector<LabelledPatch> easy_patches(int count, int side) {
    std::vector<LabelledPatch> patches;
    cv::RNG generator(4);
    for (int k = 0; k < count; ++k) {
        LabelledPatch patch{cv::Mat(side, side, CV_32F), k % 2 == 0};
        generator.fill(patch.pixels, cv::RNG::NORMAL, 0, 0.5);
        if (patch.positive) patch.pixels(cv::Rect(side / 2 - 1, side / 2 - 1, 3, 3)) += 5;
        patches.push_back(patch);
    }
    return patches;
}

class PatchClassifierOf : public testing::TestWithParam<std::tuple<int, Padding>> {};

TEST_P(PatchClassifierOf, LearnsWhatIsEasy) {
    const auto [side, padding] = GetParam();
    PatchClassifier network({.side = side, .padding = padding, .seed = 1, .epochs = 3});
    network.train(easy_patches(256, 49));
    EXPECT_GE(network.accuracy(easy_patches(100, 49)), 0.97);
}

INSTANTIATE_TEST_SUITE_P(SidesAndPaddings, PatchClassifierOf,
                         testing::Combine(testing::Values(29, 39, 49), testing::Values(Padding::same, Padding::valid)));

TEST(PatchClassifier, TheSameSeedGivesTheSameAnswers) {
    const std::vector<LabelledPatch> noise = easy_patches(64, 29);
    const auto accuracy_with = [&](std::uint64_t seed) {
        PatchClassifier network({.side = 29, .padding = Padding::same, .seed = seed, .epochs = 0});
        return network.accuracy(noise);
    };
    EXPECT_DOUBLE_EQ(accuracy_with(7), accuracy_with(7));
}

TEST(PatchClassifier, RefusesWhatCannotBe) {
    EXPECT_THROW(PatchClassifier({.side = 21}), Error);
    EXPECT_THROW(PatchClassifier({.side = 29}).accuracy({}), Error);
}

TEST(PaperTable, IsAMarkdownTable) {
    const PaperTable table{.rows = {{.side = 49, .padding = Padding::same, .detector = 0.98765, .segmentator = 0.9}},
                           .detector_patches = 10,
                           .segmentator_patches = 20,
                           .held_out_detector_patches = 30,
                           .held_out_segmentator_patches = 40};
    const std::string text = paper_table_markdown(table);
    EXPECT_NE(text.find("| 49 x 49 | same | 98.77 % | 90.00 % |"), std::string::npos) << text;
    EXPECT_NE(text.find("Trained on 10 and 20 patches, measured on 30 and 40."), std::string::npos) << text;
    EXPECT_THROW(make_paper_table({.phantoms = 0}), Error);
}

}  // namespace
}  // namespace calcnode::pipeline

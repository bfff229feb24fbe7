// The parts of training, each on data small enough for a unit test.
#include "pipeline/training.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <unistd.h>

#include "pipeline/augmentation.h"
#include "pipeline/error.h"
#include "pipeline/grain_insertion.h"
#include "pipeline/network.h"
#include "pipeline/network_fields.h"
#include "pipeline/training_networks.h"
#include "pipeline/training_patches.h"

namespace calcnode::pipeline {
namespace {

class TrainingTest : public testing::Test {
  protected:
    void SetUp() override {
        folder_ =
            std::filesystem::temp_directory_path() / ("calcnode-training-test-" + std::to_string(getpid()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_ / "pictures");
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_;
};

TrainingImage plain_tissue(std::uint64_t seed) {
    TrainingImage image;
    image.spacing_mm = 0.05;
    image.picture = cv::Mat(500, 500, CV_32F);
    cv::RNG(seed).fill(image.picture, cv::RNG::NORMAL, 1000, 20);
    image.grains = cv::Mat::zeros(500, 500, CV_32F);
    image.mask = cv::Mat(500, 500, CV_8U, cv::Scalar(255));
    return image;
}

/// Bright squares of 3 x 3 on noise: what a network of this size learns in a few steps.
std::vector<Patch> easy_patches(int count) {
    std::vector<Patch> patches;
    cv::RNG generator(9);
    for (int k = 0; k < count; ++k) {
        Patch patch{cv::Mat(kPatchSide, kPatchSide, CV_32F), cv::Mat::zeros(kPatchSide, kPatchSide, CV_8U)};
        generator.fill(patch.normalised, cv::RNG::NORMAL, 0, 0.5);
        for (int grain = 0; grain < 4; ++grain) {
            const cv::Rect place(generator.uniform(16, 76), generator.uniform(16, 76), 3, 3);
            patch.normalised(place) += 5;
            patch.labels(place).setTo(kGrain);
        }
        patches.push_back(patch);
    }
    return patches;
}

std::vector<const Patch*> pointers(const std::vector<Patch>& patches) {
    std::vector<const Patch*> list;
    for (const Patch& patch : patches)
        list.push_back(&patch);
    return list;
}

TEST_F(TrainingTest, NetworksLearnWhatIsEasy) {
    const std::vector<Patch> patches = easy_patches(4);
    for (const Stage stage : {Stage::detector, Stage::segmentator}) {
        NetworkTrainer trainer(stage, 1, 30);
        const double first = trainer.step(pointers(patches));
        double last = first;
        while (trainer.steps_done() < 30)
            last = trainer.step(pointers(patches));
        EXPECT_LT(last, 0.4 * first);
    }
}

TEST_F(TrainingTest, GoesOnFromACheckpointAsIfNothingHadHappened) {
    const std::vector<Patch> patches = easy_patches(4);
    NetworkTrainer straight(Stage::detector, 1, 10), stopped(Stage::detector, 1, 10),
        resumed(Stage::detector, 2, 10);
    for (int k = 0; k < 5; ++k)
        straight.step(pointers(patches));
    for (int k = 0; k < 3; ++k)
        stopped.step(pointers(patches));
    EXPECT_FALSE(resumed.resume(folder_ / "none"));
    stopped.checkpoint(folder_ / "here");
    ASSERT_TRUE(resumed.resume(folder_ / "here"));
    EXPECT_EQ(resumed.steps_done(), 3);
    resumed.step(pointers(patches));
    resumed.step(pointers(patches));
    EXPECT_DOUBLE_EQ(straight.step(pointers(patches)), resumed.step(pointers(patches)));
}

TEST_F(TrainingTest, AStageEndsWithTheWeightsThatWereBest) {
    const std::vector<Patch> patches = easy_patches(4);
    NetworkTrainer trainer(Stage::detector, 1, 40);
    EXPECT_TRUE(std::isinf(trainer.remembered_loss()));
    for (int k = 0; k < 10; ++k)
        trainer.step(pointers(patches));
    const double best = trainer.loss_on(pointers(patches));
    EXPECT_DOUBLE_EQ(trainer.loss_on(pointers(patches)), best) << "measuring takes no step";
    trainer.remember(best);
    for (int k = 0; k < 10; ++k)
        trainer.step(pointers(patches));
    EXPECT_NE(trainer.loss_on(pointers(patches)), best);
    trainer.checkpoint(folder_ / "here");
    NetworkTrainer resumed(Stage::detector, 2, 40);
    ASSERT_TRUE(resumed.resume(folder_ / "here"));
    EXPECT_DOUBLE_EQ(resumed.remembered_loss(), best);
    resumed.finish();
    EXPECT_DOUBLE_EQ(resumed.loss_on(pointers(patches)), best);
    EXPECT_EQ(resumed.steps_done(), 40);
}

TEST_F(TrainingTest, InsertedGrainsAreBrightAndTrue) {
    TrainingImage image = plain_tissue(4);
    const cv::Mat before = image.picture.clone();
    const InsertionOptions options{.clusters_per_piece = 6, .lines_per_100_cm2 = 0, .blobs_per_100_cm2 = 0};
    for (std::uint64_t seed = 1; cv::countNonZero(image.grains > 0.5) == 0; ++seed) {
        ASSERT_LT(seed, 20U);
        Random random(seed, 1);
        insert_grains(image, options, random);
    }
    const cv::Mat added = image.picture - before;
    EXPECT_GT(cv::mean(added, image.grains > 0.5)[0], 20);
    cv::Mat near;
    cv::dilate(image.grains, near, cv::Mat::ones(15, 15, CV_8U));
    EXPECT_LT(cv::norm(added, cv::NORM_INF, near == 0), 1);
}

TEST_F(TrainingTest, AugmentationKeepsPictureAndTruthTogether) {
    TrainingImage image = plain_tissue(5);
    cv::circle(image.picture, {250, 120}, 8, cv::Scalar(1400), cv::FILLED);
    cv::circle(image.grains, {250, 120}, 8, cv::Scalar(1), cv::FILLED);
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        Random random(seed, 3);
        const TrainingView view = augmented(image, 0.1, random);
        ASSERT_EQ(view.normalised.size(), view.labels.size());
        const cv::Mat grain = view.labels == kGrain;
        EXPECT_GT(cv::countNonZero(grain), 20) << seed;
        EXPECT_GT(cv::mean(view.normalised, grain)[0], 3) << seed;
        EXPECT_LT(cv::mean(view.normalised, view.labels == kNothing)[0], 0.2) << seed;
    }
}

TEST_F(TrainingTest, AGrainThatDoesNotShowIsIgnored) {
    TrainingImage image = plain_tissue(6);
    cv::circle(image.grains, {250, 250}, 3, cv::Scalar(1), cv::FILLED);
    Random random(1, 1);
    // Noise may lift a pixel, but not in most of the trials.
    int ignored = 0;
    for (int trial = 0; trial < 10; ++trial) {
        ignored += cv::countNonZero(augmented(image, 0.1, random).labels == kGrain) == 0 ? 1 : 0;
    }
    EXPECT_GE(ignored, 5);
}

TEST_F(TrainingTest, PatchesHaveThePapersClasses) {
    cv::Mat labels = cv::Mat::zeros(200, 200, CV_8U);
    labels.at<unsigned char>(100, 100) = kGrain;
    EXPECT_EQ(patch_class(labels, {100, 100}), PatchClass::centre);
    EXPECT_EQ(patch_class(labels, {105, 94}), PatchClass::close);
    EXPECT_EQ(patch_class(labels, {120, 100}), PatchClass::periphery);
    EXPECT_EQ(patch_class(labels, {125, 100}), PatchClass::none);
}

TEST_F(TrainingTest, HardPatchesAreCutWhereTheNetworkIsWrong) {
    TrainingView view{cv::Mat::zeros(300, 300, CV_32F), cv::Mat::zeros(300, 300, CV_8U), cv::Mat()};
    view.normalised.at<float>(150, 200) = 7;
    cv::Mat mistakes = cv::Mat::zeros(300, 300, CV_32F);
    mistakes.at<float>(150, 200) = 0.9F;
    Random random(1, 1);
    const std::vector<Patch> patches = cut_patches(view, mistakes, {.per_class = 0, .hard = 5}, random);
    ASSERT_EQ(patches.size(), 1U);
    EXPECT_EQ(patches[0].normalised.at<float>(kPatchSide / 2, kPatchSide / 2), 7);
}

TEST_F(TrainingTest, RefusesOptionsThatMakeNoSense) {
    const auto code_of = [](const TrainingOptions& options) {
        try {
            train(options);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::write_failed;
    };
    EXPECT_EQ(code_of({.output = folder_ / "out", .steps = 0}), ErrorCode::bad_argument);
    EXPECT_EQ(code_of({.output = folder_ / "out", .spacing_mm = 1}), ErrorCode::bad_argument);
    EXPECT_EQ(code_of({}), ErrorCode::bad_argument);
    EXPECT_EQ(code_of({.output = folder_ / "out", .backgrounds = {{folder_ / "pictures", 0.05, ""}}}),
              ErrorCode::bad_argument);
}

TEST_F(TrainingTest, BackgroundsAreHeldOutByBlock) {
    for (int k = 0; k < 10; ++k) {
        const cv::Mat picture(200, 200, CV_8U, cv::Scalar(100 + 10 * k));
        cv::imwrite((folder_ / "pictures" / ("p" + std::to_string(k) + ".png")).string(), picture);
    }
    const BackgroundLibrary library({{folder_ / "pictures", 0.05, ""}});
    Random random(3, 1);
    for (int k = 0; k < 30; ++k) {
        EXPECT_LT(library.draw(0, false, random).picture.at<float>(50, 50), 175);
        EXPECT_GT(library.draw(0, true, random).picture.at<float>(50, 50), 175);
    }
}

}  // namespace
}  // namespace calcnode::pipeline

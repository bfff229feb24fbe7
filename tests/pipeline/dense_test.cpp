#include "pipeline/dense.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>
#include <unistd.h>

#include "pipeline/network_fields.h"
#include "pipeline/training_networks.h"

namespace calcnode::pipeline {
namespace {

/// A network with random weights: what it says does not matter here, only that it always says the same.
Network random_network(Stage stage) {
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("calcnode-dense-test-" + std::to_string(getpid()) + ".pt");
    NetworkTrainer(stage, 5, 1).save(file);
    Network network = Network::load(file);
    std::filesystem::remove(file);
    return network;
}

cv::Mat noise_picture(cv::Size size) {
    cv::Mat picture(size, CV_32F);
    cv::RNG(3).fill(picture, cv::RNG::NORMAL, 0, 1);
    return picture;
}

cv::Mat everywhere(const cv::Mat& picture) {
    return cv::Mat(picture.size(), CV_8U, cv::Scalar(255));
}

class Dense : public testing::TestWithParam<Stage> {
  protected:
    int stride() const { return GetParam() == Stage::detector ? kDetectorStride : 1; }
    int field() const { return GetParam() == Stage::detector ? kDetectorField : kSegmentatorField; }
};

TEST_P(Dense, TilesGiveWhatOneRunGives) {
    const Network network = random_network(GetParam());
    const cv::Mat picture = noise_picture({301, 187});
    const cv::Mat whole = run_dense(network, picture, everywhere(picture), {512, 48, stride(), 1});
    const cv::Mat tiled = run_dense(network, picture, everywhere(picture), {64, 48, stride(), 1});
    EXPECT_EQ(whole.cols, (301 + stride() - 1) / stride());
    EXPECT_LT(cv::norm(whole, tiled, cv::NORM_INF), 1e-5);
}

TEST_P(Dense, ThreadsDoNotChangeABit) {
    const Network network = random_network(GetParam());
    const cv::Mat picture = noise_picture({301, 187});
    const cv::Mat one = run_dense(network, picture, everywhere(picture), {64, 48, stride(), 1});
    const cv::Mat three = run_dense(network, picture, everywhere(picture), {64, 48, stride(), 3});
    EXPECT_EQ(cv::norm(one, three, cv::NORM_INF), 0);
}

TEST_P(Dense, SeesNoFurtherThanItsReceptiveField) {
    const Network network = random_network(GetParam());
    cv::Mat picture = cv::Mat::zeros(256, 256, CV_32F);
    const cv::Mat before = run_dense(network, picture, everywhere(picture), {256, 0, stride(), 1});
    picture.at<float>(128, 128) = 1000;
    const cv::Mat after = run_dense(network, picture, everywhere(picture), {256, 0, stride(), 1});
    std::vector<cv::Point> changed;
    cv::findNonZero(cv::Mat(before != after), changed);
    const cv::Rect box = cv::boundingRect(changed);
    const int reach = field() / 2;
    EXPECT_GE(box.x * stride(), 128 - reach - stride());
    EXPECT_LE(box.br().x * stride(), 128 + reach + stride());
    EXPECT_GE(box.width * stride(), field() / 2);
}

TEST_P(Dense, LooksOnlyWhereItIsTold) {
    const Network network = random_network(GetParam());
    const cv::Mat picture = noise_picture({256, 256});
    cv::Mat where = cv::Mat::zeros(256, 256, CV_8U);
    where.at<unsigned char>(200, 200) = 255;
    const cv::Mat all = run_dense(network, picture, everywhere(picture), {128, 48, stride(), 2});
    const cv::Mat result = run_dense(network, picture, where, {128, 48, stride(), 2, 16});
    const cv::Rect cell(192 / stride(), 192 / stride(), 16 / stride(), 16 / stride());
    EXPECT_LT(cv::norm(result(cell), all(cell), cv::NORM_INF), 1e-5);
    cv::Mat elsewhere = result.clone();
    elsewhere(cell).setTo(0);
    EXPECT_EQ(cv::countNonZero(elsewhere), 0);
    EXPECT_GT(cv::countNonZero(result(cell)), 0);
}

INSTANTIATE_TEST_SUITE_P(BothNetworks, Dense, testing::Values(Stage::detector, Stage::segmentator),
                         [](const auto& param) {
                             return param.param == Stage::detector ? "Detector" : "Segmentator";
                         });

}  // namespace
}  // namespace calcnode::pipeline

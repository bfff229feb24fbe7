#include "pipeline/tiles.h"

#include <set>
#include <utility>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline {
namespace {

constexpr TileOptions kOptions{.cell = 16, .largest = 256, .halo = 28};

/// A half-disc breast with a few specks far from it.
cv::Mat breast() {
    cv::Mat where = cv::Mat::zeros(1190, 803, CV_8U);
    cv::circle(where, {0, 600}, 500, cv::Scalar(255), cv::FILLED);
    for (const cv::Point& speck : {cv::Point(790, 10), cv::Point(700, 1180), cv::Point(802, 1189)})
        where.at<unsigned char>(speck) = 255;
    return where;
}

double pixels_run(const std::vector<Tile>& tiles, int halo) {
    double sum = 0;
    for (const Tile& tile : tiles)
        sum += (tile.run.width + 2.0 * halo) * (tile.run.height + 2.0 * halo);
    return sum;
}

TEST(Tiles, HoldEveryPixelOnce) {
    const cv::Mat where = breast();
    cv::Mat times = cv::Mat::zeros(1190 + kOptions.cell, 803 + kOptions.cell, CV_8U);
    for (const Tile& tile : plan_tiles(where, kOptions)) {
        ASSERT_EQ(tile.area & cv::Rect({0, 0}, times.size()), tile.area);
        times(tile.area) += 1;
        EXPECT_LE(tile.area.width, tile.run.width);
        EXPECT_LE(tile.area.height, tile.run.height);
        EXPECT_LE(std::max(tile.run.width, tile.run.height), kOptions.largest);
        for (const int value : {tile.area.x, tile.area.y, tile.run.width, tile.run.height})
            EXPECT_EQ(value % kOptions.cell, 0);
    }
    double most = 0;
    cv::minMaxLoc(times, nullptr, &most);
    EXPECT_EQ(most, 1);
    EXPECT_EQ(cv::countNonZero((times(cv::Rect({0, 0}, where.size())) == 0) & where), 0);
}

TEST(Tiles, CostLessThanAGridOfEqualSquares) {
    const cv::Mat where = breast();
    std::vector<Tile> grid;
    for (int y = 0; y < where.rows; y += kOptions.largest) {
        for (int x = 0; x < where.cols; x += kOptions.largest) {
            const cv::Rect area(x, y, kOptions.largest, kOptions.largest);
            if (cv::countNonZero(where(area & cv::Rect({0, 0}, where.size()))) > 0)
                grid.push_back({area, area.size()});
        }
    }
    EXPECT_LT(pixels_run(plan_tiles(where, kOptions), kOptions.halo), 0.85 * pixels_run(grid, kOptions.halo));
}

TEST(Tiles, LieCloseAroundSpecks) {
    cv::Mat where = cv::Mat::zeros(2000, 2000, CV_8U);
    where.at<unsigned char>(500, 500) = where.at<unsigned char>(505, 505) = 255;
    where.at<unsigned char>(1500, 1900) = 255;
    const std::vector<Tile> tiles = plan_tiles(where, kOptions);
    ASSERT_EQ(tiles.size(), 2U);
    EXPECT_EQ(tiles[0].run, cv::Size(16, 16));
    EXPECT_EQ(tiles[1].run, cv::Size(16, 16));
}

TEST(Tiles, AreOfFewSizes) {
    cv::Mat where(1500, 1500, CV_8U);
    cv::RNG(4).fill(where, cv::RNG::UNIFORM, 0, 256);
    cv::threshold(where, where, 253, 255, cv::THRESH_BINARY);
    std::set<std::pair<int, int>> sizes;
    const std::vector<Tile> tiles = plan_tiles(where, kOptions);
    for (const Tile& tile : tiles)
        sizes.emplace(tile.run.width, tile.run.height);
    EXPECT_GT(tiles.size(), 20U);
    EXPECT_LE(sizes.size(), 64U);  // 1, 2, 3, 4, 6, 8, 12 and 16 cells each way
}

TEST(Tiles, AreNoneForNothing) {
    EXPECT_TRUE(plan_tiles(cv::Mat::zeros(300, 300, CV_8U), kOptions).empty());
}

}  // namespace
}  // namespace calcnode::pipeline

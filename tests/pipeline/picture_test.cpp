#include "pipeline/picture.h"

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "pipeline/error.h"

namespace calcnode::pipeline {
namespace {

/// Each pixel's value is 100 x its row + its column.
Image<std::uint16_t> ramp(int rows, int columns) {
    Image<std::uint16_t> image(rows, columns);
    for (int row = 0; row < rows; ++row)
        for (int column = 0; column < columns; ++column)
            image.at(row, column) = static_cast<std::uint16_t>(100 * row + column);
    return image;
}

cv::Mat decoded(const std::vector<unsigned char>& png) {
    return cv::imdecode(png, cv::IMREAD_UNCHANGED);
}

TEST(Picture, ShowsThePixelsOfTheAreaAtFullResolution) {
    const cv::Mat picture =
        decoded(picture_png(ramp(20, 20), {.column = 5, .row = 2, .columns = 4, .rows = 2}, 4, 2, {0, 255}));
    ASSERT_EQ(picture.type(), CV_8U);
    ASSERT_EQ(picture.size(), cv::Size(4, 2));
    EXPECT_EQ(picture.at<unsigned char>(0, 0), 205);
    EXPECT_EQ(picture.at<unsigned char>(0, 3), 208);
    EXPECT_EQ(picture.at<unsigned char>(1, 0), 255) << "305 is above the window";
}

TEST(Picture, TheWindowIsLinearBetweenBlackAndWhite) {
    const cv::Mat picture =
        decoded(picture_png(ramp(1, 101), {0, 0, 101, 1}, 101, 1, {.low = 20, .high = 70}));
    EXPECT_EQ(picture.at<unsigned char>(0, 10), 0);
    EXPECT_EQ(picture.at<unsigned char>(0, 20), 0);
    EXPECT_NEAR(picture.at<unsigned char>(0, 45), 127.5, 1);
    EXPECT_EQ(picture.at<unsigned char>(0, 70), 255);
    EXPECT_EQ(picture.at<unsigned char>(0, 100), 255);
}

TEST(Picture, ReducingAverages) {
    Image<std::uint16_t> image(2, 2);
    image.pixels = {0, 100, 100, 200};
    EXPECT_EQ(decoded(picture_png(image, {0, 0, 2, 2}, 1, 1, {0, 255})).at<unsigned char>(0, 0), 100);
}

TEST(Picture, AnAreaIsCutToTheImageAndOneBesideItIsRefused) {
    EXPECT_EQ(decoded(picture_png(ramp(4, 4), {-2, -2, 4, 4}, 2, 2, {0, 255})).at<unsigned char>(0, 1), 1);
    EXPECT_THROW(picture_png(ramp(4, 4), {4, 0, 4, 4}, 4, 4, {}), Error);
    EXPECT_THROW(picture_png(ramp(4, 4), {0, 0, 4, 4}, 5000, 4, {}), Error);
}

TEST(Picture, TheWindowLeavesOutTheBackgroundAndTheBrightest) {
    Image<std::uint16_t> image(100, 100, 0);
    for (int i = 0; i < 5000; ++i)
        image.pixels[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(1000 + i % 1000);
    image.pixels[9999] = 60000;
    const PictureWindow window = picture_window(image);
    EXPECT_NEAR(window.low, 1010, 3);
    EXPECT_NEAR(window.high, 1998, 3);
    const PictureWindow flat = picture_window(Image<std::uint16_t>(10, 10, 7));
    EXPECT_LT(flat.low, flat.high);
}

}  // namespace
}  // namespace calcnode::pipeline

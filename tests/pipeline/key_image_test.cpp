#include "pipeline/key_image.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

namespace calcnode::pipeline {
namespace {

using Colour = std::array<int, 3>;

Colour at(const KeyImage& image, int row, int column) {
    const std::size_t i = 3 * (static_cast<std::size_t>(row) * static_cast<std::size_t>(image.columns) +
                               static_cast<std::size_t>(column));
    return {image.rgb[i], image.rgb[i + 1], image.rgb[i + 2]};
}

bool is_yellow(const Colour& c) {
    return c[0] > 200 && c[1] > 200 && c[2] < 100;
}

/// Background 0, from column 100 on a breast that gets brighter downwards.
Mammogram mammogram(int rows, int columns) {
    Mammogram image;
    image.pixels = Image<std::uint16_t>(rows, columns);
    for (int row = 0; row < rows; ++row) {
        for (int column = 100; column < columns; ++column)
            image.pixels.at(row, column) = static_cast<std::uint16_t>(1000 + row);
    }
    image.row_spacing_mm = image.column_spacing_mm = 0.05;
    image.laterality = Laterality::left;
    image.view = View::mlo;
    return image;
}

ImageFindings findings(double x, double y, double size) {
    ImageFindings found;
    found.status = ImageStatus::analysed;
    Cluster cluster;
    cluster.outline = {{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}};
    cluster.centroid = {x + size / 2, y + size / 2};
    cluster.score = 0.87;
    cluster.members = {0, 1, 2};
    found.clusters.push_back(cluster);
    return found;
}

const ModelIdentity kModel{"cascade", "1.2", "ab"};

TEST(KeyImage, IsReducedByAWholeNumberToFit) {
    const Mammogram source = mammogram(3328, 2560);
    const KeyImage key = make_key_image(source, findings(1000, 2000, 200), kModel);
    EXPECT_EQ(key.columns, 1280);
    EXPECT_GT(key.rows, 1664);  // with the legend below
    EXPECT_LE(key.rows, kKeyImageSide);
    EXPECT_EQ(key.rgb.size(), 3u * 1280u * static_cast<std::size_t>(key.rows));
    EXPECT_EQ(at(key, 300, 10), (Colour{0, 0, 0}));
    const Colour upper = at(key, 300, 1200);
    const Colour lower = at(key, 1500, 1200);
    EXPECT_EQ(upper[0], upper[1]);
    EXPECT_GT(lower[0], upper[0] + 50);
}

TEST(KeyImage, NoSideIsLongerThanTheLimit) {
    for (const auto& [rows, columns] :
         {std::array{4096, 3328}, std::array{2040, 1500}, std::array{700, 500}}) {
        const KeyImage key = make_key_image(mammogram(rows, columns), findings(300, 300, 50), kModel);
        EXPECT_LE(std::max(key.rows, key.columns), kKeyImageSide) << rows;
        EXPECT_GE(std::max(key.rows, key.columns), std::min(rows, kKeyImageSide / 2)) << rows;
    }
}

TEST(KeyImage, DrawsTheClusterWhereItIs) {
    const KeyImage key = make_key_image(mammogram(3328, 2560), findings(1000, 2000, 200), kModel);
    EXPECT_TRUE(is_yellow(at(key, 1050, 500)));   // left edge
    EXPECT_TRUE(is_yellow(at(key, 1000, 550)));   // top
    EXPECT_FALSE(is_yellow(at(key, 1050, 550)));  // its inside is not covered
    EXPECT_FALSE(is_yellow(at(key, 1050, 490)));
}

TEST(KeyImage, TheLegendIsBelowThePicture) {
    const KeyImage key = make_key_image(mammogram(3328, 2560), findings(1000, 2000, 200), kModel);
    int yellow = 0;
    int white = 0;
    for (int row = 1664; row < key.rows; ++row) {
        for (int column = 0; column < key.columns; ++column) {
            const Colour c = at(key, row, column);
            yellow += is_yellow(c) ? 1 : 0;
            white += c[0] > 200 && c[2] > 200 ? 1 : 0;
        }
    }
    EXPECT_GT(yellow, 200);  // the warning
    EXPECT_GT(white, 200);
}

TEST(KeyImage, AMarkAtTheBorderKeepsItsNumberInThePicture) {
    const ImageFindings at_border = findings(2350, 5, 200);
    const ImageFindings none;
    const KeyImage with = make_key_image(mammogram(3328, 2560), at_border, kModel);
    int written = 0;
    for (int row = 0; row < 30; ++row) {
        for (int column = 1000; column < 1170; ++column)
            written += is_yellow(at(with, row, column)) ? 1 : 0;
    }
    EXPECT_GT(written, 30);
}

TEST(KeyImage, ManyClustersLeaveRoomForThePicture) {
    ImageFindings many = findings(300, 300, 20);
    for (int i = 0; i < 40; ++i)
        many.clusters.push_back(many.clusters.front());
    const KeyImage key = make_key_image(mammogram(3328, 2560), many, kModel);
    EXPECT_LE(key.rows, kKeyImageSide);
    EXPECT_LT(key.rows - 3328 / (2560 / key.columns), 700);
}

}  // namespace
}  // namespace calcnode::pipeline

#include "pipeline/phantom_likeness.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "pipeline/cv_image.h"
#include "pipeline/error.h"
#include "pipeline/evaluation_picture.h"
#include "pipeline/phantom_texture.h"

namespace calcnode::pipeline {
namespace {

namespace fs = std::filesystem;

std::vector<TexturePiece> noise(double beta, std::uint64_t seed) {
    std::vector<TexturePiece> pieces;
    for (int i = 0; i < 6; ++i) {
        phantom::Random random(seed + i, 1);
        const cv::Mat1f field = phantom::power_law_noise({256, 256}, beta, 1.0 / 256, random).first;
        cv::Mat pixels;
        field.convertTo(pixels, CV_16U, 300, 3000);
        pieces.push_back({copy_of<std::uint16_t>(pixels), 0.05});
    }
    return pieces;
}

TEST(PhantomLikeness, FindsTheExponentOfPowerLawNoise) {
    for (const double beta : {2.0, 3.0}) {
        const TextureFigures figures = texture_figures(noise(beta, 1));
        EXPECT_EQ(figures.pieces, 6);
        EXPECT_NEAR(figures.exponent, beta, 0.35) << beta;
        EXPECT_LE(figures.exponent_low, figures.exponent);
        EXPECT_GE(figures.exponent_high, figures.exponent);
    }
}

TEST(PhantomLikeness, LikeTexturesAreNearerThanUnlikeOnes) {
    const Likeness alike = likeness(noise(3, 1), noise(3, 100));
    const Likeness unlike = likeness(noise(1, 1), noise(3, 100));
    EXPECT_LT(std::abs(alike.exponent_difference), 0.6);
    EXPECT_LT(unlike.exponent_difference, -1.5);
    EXPECT_LT(alike.local_variance_distance, 0.3);
    EXPECT_GT(unlike.local_variance_distance, 0.6);
    const Likeness same = likeness(noise(3, 1), noise(3, 1));
    EXPECT_EQ(same.contrast_distance, 0);
    EXPECT_EQ(same.local_variance_distance, 0);
}

TEST(PhantomLikeness, RefusesNothingAndPiecesThatAreTooSmall) {
    EXPECT_THROW(texture_figures({}), Error);
    const std::vector<TexturePiece> small{{Image<std::uint16_t>(50, 50), 0.05}};
    EXPECT_THROW(texture_figures(small), Error);
}

TEST(PhantomLikeness, PiecesOfAPhantomLieInTheBreastWithoutFindings) {
    PhantomOptions options;
    options.rows = 640;
    options.columns = 512;
    options.spacing_mm = 0.2;
    const Phantom phantom = make_phantom(options);
    const auto pieces = cut_pieces(phantom, {.count = 3, .seed = 2});
    ASSERT_FALSE(pieces.empty());
    for (const TexturePiece& piece : pieces) {
        EXPECT_EQ(piece.pixels.rows, 64);
        EXPECT_EQ(piece.pixels.columns, 64);
        int dark = 0;
        for (const std::uint16_t value : piece.pixels.pixels)
            dark += value == 0;
        EXPECT_EQ(dark, 0) << "air";
    }
}

TEST(PhantomLikeness, ContactSheetShowsPiecesThatWereRead) {
    std::string name = (fs::temp_directory_path() / "calcnode-sheet-XXXXXX").string();
    const fs::path folder = mkdtemp(name.data());
    EXPECT_THROW(read_pieces(folder, 0.05, {}), Error);
    write_grey_png(noise(3, 5)[0].pixels, folder / "a.png");
    const auto real = read_pieces(folder, 0.05, {.count = 4});
    ASSERT_EQ(real.size(), 1u);
    EXPECT_EQ(real[0].pixels.columns, 256);
    write_contact_sheet(noise(3, 9), real, folder / "sheet.png");
    const GreyPicture sheet = read_grey_png(folder / "sheet.png");
    EXPECT_EQ(sheet.bits, 8);
    EXPECT_GT(sheet.pixels.columns, 8 * 192);
    EXPECT_THROW(write_contact_sheet(real, real, folder / "absent" / "sheet.png"), Error);
    fs::remove_all(folder);
}

}  // namespace
}  // namespace calcnode::pipeline

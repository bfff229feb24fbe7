// How like real mammograms the phantom looks, in figures and as a picture to look at. Pure functions apart
// from reading and writing files; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "pipeline/phantom.h"

namespace calcnode::pipeline {

/// A square piece of a breast, greater is more attenuating.
struct TexturePiece {
    Image<std::uint16_t> pixels;
    double spacing_mm = 0;
};

/// What a set of pieces looks like. Each piece counts for itself, whatever its grey scale: values are taken
/// in standard deviations of the piece.
struct TextureFigures {
    int pieces = 0;
    double exponent = 0;      // beta of the power spectrum f^-beta, 0.15 to 1 cycles/mm; median of pieces
    double exponent_low = 0;  // quartiles of the pieces
    double exponent_high = 0;
    std::vector<double> contrast;  // shares of pixels by value, -4..4 standard deviations
    std::vector<double>
        local_variance;  // shares of 1 mm squares by log2 of their own standard deviation, -6..1
};

struct Likeness {
    TextureFigures phantom;
    TextureFigures real;
    double exponent_difference = 0;      // phantom minus real
    double contrast_distance = 0;        // half the sum of the histograms' differences: 0 same .. 1 apart
    double local_variance_distance = 0;  // likewise
};

/// Throws Error bad_argument when there is no piece or one is under 6 mm or not above 0 mm a pixel.
TextureFigures texture_figures(std::span<const TexturePiece> pieces);
Likeness likeness(std::span<const TexturePiece> phantom, std::span<const TexturePiece> real);

struct PieceOptions {
    double side_mm = 12.8;
    int count = 1;
    std::uint64_t seed = 1;
    bool with_findings = false;  // may hold grains and distractors
};
/// Pieces from the inner breast; fewer than asked for when so many do not fit.
std::vector<TexturePiece> cut_pieces(const Phantom& phantom, const PieceOptions& options);

/// The first `most` pictures of a folder (.png, .jpg) by name. Those larger than `side_mm` are cut to that
/// from the middle of the brightest quarter. Throws Error bad_argument when there is none or one cannot be
/// read.
std::vector<TexturePiece> read_pieces(const std::filesystem::path& folder, double spacing_mm,
                                      const PieceOptions& options);

/// Phantom pieces in the left half, real ones in the right, all to the same scale, each stretched to its own
/// 1st and 99th percentile. 8 bit PNG. Throws Error write_failed.
void write_contact_sheet(std::span<const TexturePiece> phantom, std::span<const TexturePiece> real,
                         const std::filesystem::path& file);

}  // namespace calcnode::pipeline

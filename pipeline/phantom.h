// A digital breast phantom with known microcalcifications: seeded, so the same options give the same pixels.
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "pipeline/findings.h"
#include "pipeline/mammogram.h"

namespace calcnode::pipeline {

struct PhantomOptions {
    int rows = 3328;
    int columns = 2560;
    double spacing_mm = 0.07;
    int bits_stored = 12;
    std::uint64_t seed =
        1;             // of the exam: its views share density, thickness, device; each has its own texture
    int clusters = 1;  // in this image; 0: a normal breast
    Laterality laterality = Laterality::right;
    View view = View::cc;  // cc or mlo (mlo shows the pectoral muscle)
    /// Both intents of the same options are one exposure: same anatomy, same noise, same truth.
    Intent intent = Intent::presentation;
};

struct PhantomCluster {
    Point centroid;
    std::vector<int> grains;  // grain labels (1-based, as in Phantom::truth)
    Distribution distribution = Distribution::grouped;
};

/// What looks like a microcalcification and is none that a reader would report: hard negatives.
enum class Distractor : std::uint8_t { none, benign_calcification, vessel_wall, film_dust };

struct Phantom {
    Mammogram mammogram;         // greater is more attenuating, as everywhere in the pipeline
    Image<std::uint16_t> truth;  // 0 background, k the pixels of grain k (1-based)
    std::vector<PhantomCluster> clusters;
    Image<std::uint8_t> distractors;  // values of Distractor, rows x columns; never overlaps truth
};

/// Throws Error bad_argument when the options make no sense (size, spacing, bits, view) or when so many
/// clusters do not fit into so small a breast.
Phantom make_phantom(const PhantomOptions& options);

}  // namespace calcnode::pipeline

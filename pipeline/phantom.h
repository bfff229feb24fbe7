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
    std::uint64_t seed = 1;
    int clusters = 1;  // in this image; 0: a normal breast
    Laterality laterality = Laterality::right;
    View view = View::cc;  // cc or mlo (mlo shows the pectoral muscle)
    Intent intent = Intent::presentation;
};

struct PhantomCluster {
    Point centroid;
    std::vector<int> grains;  // grain labels (1-based, as in Phantom::truth)
    Distribution distribution = Distribution::grouped;
};

struct Phantom {
    Mammogram mammogram;         // greater is more attenuating, as everywhere in the pipeline
    Image<std::uint16_t> truth;  // 0 background, k the pixels of grain k (1-based)
    std::vector<PhantomCluster> clusters;
};

/// Throws Error bad_argument when the options make no sense (size, spacing, bits, view).
Phantom make_phantom(const PhantomOptions& options);

}  // namespace calcnode::pipeline

// Measures a freshly trained pair on phantoms that it was not trained on, and chooses its thresholds.
// Internal to training; one thread.
#pragma once

#include "pipeline/model_folder.h"
#include "pipeline/network.h"
#include "pipeline/training_image.h"

namespace calcnode::pipeline {

/// Right answers at the centre of patches, half of them positive, 0..1.
struct PatchAccuracy {
    double detector = 0;  // on phantoms as they are
    double segmentator = 0;
    double detector_degraded = 0;  // on augmented phantoms and background pieces
    double segmentator_degraded = 0;
};

struct OperatingPoint {
    double cluster_threshold = 0.5;
    double sensitivity = 0;
    double false_positives_per_image = 0;
};

/// Of the Detector's cells that hold a grain that shows, at least this part is suspect.
inline constexpr double kDetectorSensitivity = 0.985;
/// Marks on a normal phantom that the operating point allows.
inline constexpr double kAllowedFalsePositives = 0.2;

/// The Detector's threshold for kDetectorSensitivity, from held-out units.
double choose_detector_threshold(const Network& detector, const BackgroundLibrary& backgrounds,
                                 const Manifest& manifest);

/// On phantoms and background that were not trained on.
PatchAccuracy measure_patches(const std::filesystem::path& folder, const BackgroundLibrary& backgrounds,
                              const Manifest& manifest);

/// Runs the whole analysis on `images` full phantoms, every other one normal.
OperatingPoint choose_operating_point(const std::filesystem::path& folder, std::uint64_t seed, int images);

}  // namespace calcnode::pipeline

// A digital breast phantom with known microcalcifications: seeded, so the same options give the same pixels.
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/findings.h"
#include "pipeline/mammogram.h"

namespace calcnode::pipeline {

/// Device and texture parameters of the held-out family are drawn from intervals that the training family
/// never uses: exams of a device that nobody trained on.
enum class PhantomFamily : std::uint8_t { training, held_out };

/// Replaces the For Presentation tone curve that the device would use.
enum class ContrastCurve : std::uint8_t { of_device, linear, sigmoid, gamma, steep };
enum class VesselWalls : std::uint8_t { as_drawn, plain, calcified };

/// What is changed on purpose, all else being equal: the same seed keeps its anatomy, its grains and the
/// noise's seed.
struct PhantomCondition {
    double dose = 1;     // 0.5: half the photons
    double noise = 1;    // 2: twice the noise's standard deviation
    double blur_mm = 0;  // sigma of a further blur ahead of the detector
    ContrastCurve curve = ContrastCurve::of_device;
    VesselWalls vessels = VesselWalls::as_drawn;
};

/// As "dose=0.5 curve=steep"; empty when nothing is changed.
std::string condition_text(const PhantomCondition& condition);

/// How hard the clusters are. Each draws its median grain's contrast, log-uniform: the brightest pixel after
/// the detector's blur, in standard deviations of what a pixel varies by there (quanta and fine anatomy).
/// Five grains of a cluster (three of a smaller one) have at least `least`.
struct ClusterVisibility {
    double least = 3.8;  // a careful reader who knows where to look sees five grains of it
    double most = 24;
};

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
    PhantomFamily family = PhantomFamily::training;
    PhantomCondition condition;
    ClusterVisibility visibility;
};

/// BI-RADS morphology of suspicious or probably benign grouped calcifications.
enum class Morphology : std::uint8_t {
    round,  // and punctate
    amorphous,
    coarse_heterogeneous,
    fine_pleomorphic,
    fine_linear  // and fine-linear branching
};

struct PhantomCluster {
    Point centroid;
    std::vector<int> grains;  // grain labels (1-based, as in Phantom::truth)
    Distribution distribution = Distribution::grouped;
    Morphology morphology = Morphology::round;
    double hull_area_mm2 = 0;  // convex hull of its grains' pixels
    double contrast = 0;       // that of its median grain, as in ClusterVisibility
};

/// What looks like a microcalcification, or hides one, and is none that a reader would report: hard
/// negatives.
enum class Distractor : std::uint8_t {
    none,
    benign_calcification,  // single, round
    vessel_wall,
    film_dust,
    lymph_node,
    skin_calcification,  // lucent-centred
    coarse_benign,       // popcorn, rods, rims
    surgical_clip,
    skin_marker,
    scratch,    // of a film
    dead_pixel  // and dead lines, of a digital detector
};
inline constexpr int kDistractorKinds = 10;  // without none

struct Phantom {
    Mammogram mammogram;         // greater is more attenuating, as everywhere in the pipeline
    Image<std::uint16_t> truth;  // 0 background, k the pixels of grain k (1-based)
    std::vector<PhantomCluster> clusters;
    Image<std::uint8_t> distractors;  // values of Distractor, rows x columns; never overlaps truth
    char density = 'a';               // a..d, the drawn density in BI-RADS' letters
    bool film = false;                // a digitised film
    PhantomFamily family = PhantomFamily::training;
    PhantomCondition condition;
};

/// Throws Error bad_argument when the options make no sense (size, spacing, bits, view, condition,
/// visibility) or when so many clusters do not fit into so small a breast.
Phantom make_phantom(const PhantomOptions& options);

}  // namespace calcnode::pipeline

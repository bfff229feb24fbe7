// What the views of one phantom exam have in common: the kind of breast and the device with its processing.
// Private to pipeline/phantom*; value types.
#pragma once

#include <cstdint>
#include <string>

#include "pipeline/phantom.h"

namespace calcnode::pipeline::phantom {

struct BreastTraits {
    double density = 0;          // 0 almost entirely fat .. 1 extremely dense
    double thickness_mm = 0;     // compressed
    double margin_mm = 0;        // width of the rounded, uncompressed border
    double depth_fraction = 0;   // chest wall to nipple, of the picture's width
    double height_fraction = 0;  // half the height at the chest wall, of the picture's height
    double fibres = 0;           // how much of ligaments and ducts shows
    double roughness = 0;        // what the spectra of the texture are flatter by (exponent)
    double lobules = 0;          // how uneven the gland is
    int vessels = 0;             // in each view
    bool vessels_calcified = false;
};

enum class ToneCurve : std::uint8_t { linear, sigmoid, gamma };

struct DeviceTraits {
    Device identity;
    bool film = false;              // a digitised film: grain, dust, no processing
    double photons_per_mm2 = 0;     // detected behind the mean breast
    double blur_mm = 0;             // sigma of the detector's point spread
    double noise_gain = 1;          // of the noise's standard deviation
    double noise_blur_px = 0;       // sigma of the noise's correlation
    double scatter_to_primary = 0;  // after the grid
    double equalisation = 0;        // of the thin border, 0..1
    double fine_boost = 0;          // unsharp mask at 0.25 mm
    double mid_boost = 0;           // at 1.5 mm
    double coarse_boost = 0;        // at 8 mm
    ToneCurve curve = ToneCurve::linear;
    double steepness = 0;
    double lowest = 0;   // of full scale, what the thinnest tissue gets
    double highest = 0;  // of full scale, what the densest tissue gets
};

struct ExamTraits {
    BreastTraits breast;
    DeviceTraits device;
};

/// The same seed and family give the same exam.
ExamTraits draw_exam(std::uint64_t seed, PhantomFamily family);

/// The device as it exposes under that condition.
DeviceTraits under_condition(DeviceTraits device, const PhantomCondition& condition);

/// a..d: quarters of the drawn density.
char density_letter(const BreastTraits& breast);

}  // namespace calcnode::pipeline::phantom

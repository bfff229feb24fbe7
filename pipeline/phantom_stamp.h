// Stamps one calcification into the phantom: shape, thickness, exact mask. Private to pipeline/phantom*.
#pragma once

#include <cstdint>

#include <opencv2/core.hpp>

#include "pipeline/phantom_grains.h"

namespace calcnode::pipeline::phantom {

/// Coordinates in mm from the picture's top left corner.
struct GrainShape {
    cv::Point2d centre_mm;
    double radius_mm = 0;     // of the short axis
    double elongation = 1;    // long axis / short axis
    double angle = 0;         // of the long axis, radians
    double thickness_mm = 0;  // of effective calcification material, at the thickest
    double lobe[3] = {};      // irregularity: relative amplitude of 2, 3 and 5 lobes
    double phase[3] = {};
    double hollow = 0;  // 0 solid .. 1 only a rim
};

/// How much a grain stands out of the noise where it lies.
struct Visibility {
    double peak = 0;  // contrast of its brightest pixel after blur, in standard deviations of a pixel's noise
    double overall = 0;  // the same, gathered over the grain's area (a matched filter's signal to noise)
};

class Stamper {
  public:
    /// Keeps references to all of them.
    Stamper(const Frame& frame, const ExamTraits& exam, const Anatomy& anatomy, Grains& grains);

    /// True when the place is inside the breast, off the muscle, at least `skin_mm` below the skin.
    bool is_tissue(cv::Point2d place_mm, double skin_mm) const;
    float gland_at(cv::Point2d place_mm) const;
    /// A grain of unit thickness there shows how much?
    Visibility visibility(const GrainShape& shape) const;

    /// Raises the thickness until the grain can be told from this device's noise: what cannot be seen is no
    /// fair truth.
    void make_visible(GrainShape& shape) const;

    /// Stamps a cluster grain with this label, or does nothing and says false when it would touch another.
    [[nodiscard]] bool stamp_truth(const GrainShape& shape, std::uint16_t label);
    [[nodiscard]] bool stamp_distractor(const GrainShape& shape, Distractor kind);

  private:
    struct Patch {
        cv::Rect area;  // in the picture
        cv::Mat1f mm;
        cv::Mat1b mask;
    };
    Patch render(const GrainShape& shape) const;
    bool is_free(const Patch& patch) const;
    cv::Point working_pixel(cv::Point2d place_mm) const;

    const Frame& frame_;
    const DeviceTraits& device_;
    const Anatomy& anatomy_;
    Grains& grains_;
    double mean_attenuation_;
};

/// Mean line integral in the inner breast: what automatic exposure control aims at.
double mean_attenuation(const Anatomy& anatomy);

}  // namespace calcnode::pipeline::phantom

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
    double hollow = 0;      // 0 solid .. 1 nothing in the middle
    double softness = 0.4;  // exponent of the profile: 0.1 a plate, 0.4 nearly a sphere, 1.5 a haze
    double shell = 0;       // above 0: an empty sphere with a wall of this share of the radius
};

/// What a reader sees of a grain of unit thickness: the contrast of its brightest pixel after the detector's
/// blur, in standard deviations of what a pixel varies by there (quanta and fine anatomy); less for a grain
/// of hardly a pixel, which a matched filter does not gain anything on.
inline constexpr double kOverallPerPeak = 2.5;  // matched filter's signal to noise that goes with a peak of 1

class Stamper {
  public:
    /// Keeps references to all of them.
    Stamper(const Frame& frame, const ExamTraits& exam, const Anatomy& anatomy, Grains& grains);

    /// True when the place is inside the breast, off the muscle, at least `skin_mm` below the skin.
    bool is_tissue(cv::Point2d place_mm, double skin_mm) const;
    float gland_at(cv::Point2d place_mm) const;
    /// See above; contrast is proportional to thickness.
    double unit_contrast(const GrainShape& shape) const;

    /// Raises the thickness until the grain has at least this contrast.
    void make_visible(GrainShape& shape, double contrast) const;

    /// Stamps a cluster grain with this label, or does nothing and says false when it would touch another.
    [[nodiscard]] bool stamp_truth(const GrainShape& shape, std::uint16_t label);
    /// Takes back what stamp_truth() has stamped.
    void unstamp_truth(const GrainShape& shape, std::uint16_t label);
    [[nodiscard]] bool stamp_distractor(const GrainShape& shape, Distractor kind);
    /// May touch and overlap what is of the same kind: one thing of several shapes.
    [[nodiscard]] bool add_to_distractor(const GrainShape& shape, Distractor kind);

  private:
    struct Patch {
        cv::Rect area;  // in the picture
        cv::Mat1f mm;
        cv::Mat1b mask;
    };
    Patch render(const GrainShape& shape) const;
    bool is_free(const Patch& patch, Distractor allowed) const;
    double variation_at(cv::Point2d place_mm) const;
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

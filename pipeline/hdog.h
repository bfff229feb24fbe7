// The classical row that the networks are measured against: difference-of-Gaussians blobs confirmed by the
// Hessian (HDoG as in Marasinou et al. 2021, without its regression stage), sigmas scaled to the image's
// spacing. Pure functions; any thread.
#pragma once

#include <vector>

#include "pipeline/findings.h"
#include "pipeline/mammogram.h"

namespace calcnode::pipeline {

/// The least threshold on the response that is looked at. A response counts in spreads: standard deviations
/// (from the median size) of its scale's responses inside this breast. The published 0.006 of full scale
/// belongs to one device's noise and contrast (pipeline/README.md).
inline constexpr double kHdogThreshold = 4;

struct HdogBlobs {
    /// By response, descending; `score` is the response, in spreads. At most 65535.
    std::vector<Calcification> blobs;
    Image<std::uint16_t> labels;  // k+1: the pixels of blobs[k]
    double breast_area_cm2 = 0;
};

/// Blobs inside the breast whose response is at least `threshold`. Throws Error image_unsuitable without a
/// breast or a usable spacing.
HdogBlobs find_hdog_blobs(const Mammogram& mammogram, double threshold = kHdogThreshold);

/// What a radiologist would be shown with the response threshold at `threshold`: the blobs above it, and
/// clusters of `members` or more, each within 5 mm of another (as the cascade links its grains), scored by
/// their `members`-th best blob: such a cluster stands until the threshold reaches its score.
ImageFindings hdog_findings(const HdogBlobs& blobs, const Mammogram& mammogram, double threshold,
                            int members);

/// The same with `labels` left empty (blobs.labels has them, and more): for sweeping over thresholds.
ImageFindings hdog_marks(const HdogBlobs& blobs, const Mammogram& mammogram, double threshold, int members);

/// The greatest threshold that leaves a cluster of `members`: the image's score. 0 when there is none.
double hdog_image_score(const HdogBlobs& blobs, const Mammogram& mammogram, int members);

}  // namespace calcnode::pipeline

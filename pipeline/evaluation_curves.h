// FROC and ROC. Internal to pipeline/evaluation*; pure, any thread.
#pragma once

#include <span>
#include <vector>

#include "pipeline/evaluation_bootstrap.h"

namespace calcnode::pipeline {

/// What a detection's false positives are counted by.
enum class FrocRate { clusters_per_image, grains_per_image, grains_per_cm2 };

/// For each allowed rate (rising) the lowest threshold that keeps to it. Empty when nothing was marked.
std::vector<FrocPoint> froc(std::span<const ImageCounts> images, const Bootstrap& bootstrap, FrocRate rate,
                            std::span<const double> allowed);

/// Area under the ROC of the images' scores; unknown without images of both kinds.
Estimate area_under_roc(std::span<const ImageCounts> images, const Bootstrap& bootstrap);

}  // namespace calcnode::pipeline

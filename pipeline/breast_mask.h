// Where the breast is: keeps film labels, tape, bright borders and padding out of the analysis. Pure; any
// thread.
#pragma once

#include <opencv2/core.hpp>

#include "pipeline/mammogram.h"

namespace calcnode::pipeline {

/// CV_8U mask (255 in the breast) on a coarse grid that covers the whole source, about kMaskSpacing mm a
/// pixel. All zero when there is no breast; all but padding when the mammogram says that it is a whole_image.
cv::Mat breast_mask(const Mammogram& mammogram);

inline constexpr double kMaskSpacing = 0.5;

}  // namespace calcnode::pipeline

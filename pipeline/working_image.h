// What the networks see: the breast at the working spacing, locally normalised so that film, digital
// detectors and any contrast curve look alike. Training and inference both come through here. Pure; any
// thread.
#pragma once

#include <opencv2/core.hpp>

#include "pipeline/mammogram.h"

namespace calcnode::pipeline {

struct WorkingImage {
    cv::Mat picture;     // CV_32F, the source's values
    cv::Mat normalised;  // CV_32F, robust local z-score; 0 outside the breast
    cv::Mat mask;        // CV_8U, 255 in the breast
    double spacing_mm = 0;
    double column_scale = 1;  // source columns a working column
    double row_scale = 1;     // source rows a working row
};

/// Throws Error image_unsuitable when there is no breast or no usable spacing.
WorkingImage make_working_image(const Mammogram& mammogram, double spacing_mm);

/// The normalisation alone: `picture` (CV_32F, any unit) to a z-score by local mean and robust local spread,
/// both taken inside `mask` (CV_8U) only. A pixel far brighter than its neighbourhood's noise ends up far
/// above 0.
cv::Mat normalise(const cv::Mat& picture, const cv::Mat& mask, double spacing_mm);

/// `picture` at another size, without aliasing.
cv::Mat resampled(const cv::Mat& picture, cv::Size size);

}  // namespace calcnode::pipeline

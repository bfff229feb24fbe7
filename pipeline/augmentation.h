// Makes one picture look as if another machine had taken it, and prepares it as inference would: blur,
// coarser sampling (down to 0.2 mm and back), contrast curve, noise, few grey levels, turned and mirrored.
// Internal to training; any thread.
#pragma once

#include "pipeline/training_image.h"

namespace calcnode::pipeline {

/// A prepared picture: what a network is shown, and what it should say.
struct TrainingView {
    cv::Mat normalised;  // CV_32F at the working spacing
    cv::Mat labels;      // CV_8U: kNothing, kGrain, kIgnore
    cv::Mat mask;        // CV_8U
};

inline constexpr unsigned char kNothing = 0;
inline constexpr unsigned char kGrain = 1;
inline constexpr unsigned char kIgnore =
    2;  // a grain's rim, a grain that no longer shows, outside the breast

/// The picture as inference would prepare it, and its labels: nothing changed, nothing drawn.
TrainingView prepared(const TrainingImage& image, double spacing_mm);

TrainingView augmented(const TrainingImage& image, double spacing_mm, Random& random);

}  // namespace calcnode::pipeline

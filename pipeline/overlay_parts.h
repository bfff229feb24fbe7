// What pictures of findings are drawn with. Internal to pipeline/; pure functions, any thread. All arithmetic
// is on integers or by a table, so that a picture is the same on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/findings.h"
#include "pipeline/image.h"

namespace calcnode::pipeline {

inline const cv::Scalar kClusterColour{0, 255, 255};       // BGR: yellow
inline const cv::Scalar kClusteredColour{80, 80, 255};     // red
inline const cv::Scalar kUnclusteredColour{255, 160, 60};  // blue

/// The grey of each stored value: from the 1st to the 99.8th percentile of what is brighter than the
/// background.
using GreyTable = std::vector<std::uint8_t>;  // 65536 values
GreyTable grey_table(const Image<std::uint16_t>& pixels);

/// A picture that shows a part of an image: pixel (x,y) of the picture begins at image point
/// (x * reduction, y * reduction).
struct Canvas {
    cv::Mat picture;  // CV_8UC3, BGR
    int reduction = 1;
};

/// `outline` in SCOORD coordinates of the image.
void draw_outline(Canvas& canvas, const std::vector<Point>& outline, const cv::Scalar& colour, int thickness);

/// The outlines of all calcifications, and of all clusters with their numbers.
void draw_findings(Canvas& canvas, const ImageFindings& findings, int thickness);

}  // namespace calcnode::pipeline

// Measures a small binary region. Pure; any thread.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/findings.h"

namespace calcnode::pipeline {

struct PixelSize {
    double row_mm = 1;     // between rows
    double column_mm = 1;  // between columns
};

struct ShapeMeasures {
    double area_mm2 = 0;
    double perimeter_mm = 0;   // Cauchy-Crofton over four directions: no staircase error
    double circularity = 0;    // 4 pi area / perimeter^2, at most 1
    double major_axis_mm = 0;  // of the ellipse with the region's second moments
    double minor_axis_mm = 0;
    double eccentricity = 0;
};

/// `region`: CV_8U, not 0 inside; at least one pixel.
ShapeMeasures measure_shape(const cv::Mat& region, const PixelSize& pixel);

/// The region's border as a closed polyline of at most 100 points, an eighth of a pixel inside the pixels'
/// edges, in the coordinates of findings.h; `corner` is where `region`'s top left pixel lies in the image.
/// When the region is in several parts: that of the largest.
std::vector<Point> outline_of(const cv::Mat& region, const cv::Point& corner);

/// `points` thinned to at most `most` (closing point included) and closed.
std::vector<Point> closed_polyline(const std::vector<cv::Point2d>& points, int most);

inline constexpr int kMostOutlinePoints = 100;
inline constexpr double kOutlineInset = 0.125;  // of a pixel

}  // namespace calcnode::pipeline

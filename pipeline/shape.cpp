#include "pipeline/shape.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline {
namespace {

/// How often the border is crossed on all lines that run in direction `step`.
int crossings(const cv::Mat& region, const cv::Point& step) {
    const cv::Rect all({0, 0}, region.size());
    int count = 0;
    for (int y = 0; y < region.rows; ++y) {
        for (int x = 0; x < region.cols; ++x) {
            if (region.at<unsigned char>(y, x) == 0) continue;
            for (const cv::Point& next : {cv::Point(x, y) + step, cv::Point(x, y) - step}) {
                if (!all.contains(next) || region.at<unsigned char>(next) == 0) ++count;
            }
        }
    }
    return count;
}

double perimeter(const cv::Mat& region, const PixelSize& pixel) {
    const double across = pixel.row_mm * pixel.column_mm / std::hypot(pixel.row_mm, pixel.column_mm);
    const double width_sum = crossings(region, {1, 0}) * pixel.row_mm +
                             crossings(region, {0, 1}) * pixel.column_mm +
                             (crossings(region, {1, 1}) + crossings(region, {1, -1})) * across;
    return std::numbers::pi / 2 * width_sum / 4;
}

}  // namespace

ShapeMeasures measure_shape(const cv::Mat& region, const PixelSize& pixel) {
    const double per_pixel = pixel.row_mm * pixel.column_mm;
    const cv::Moments moments = cv::moments(region, true);
    ShapeMeasures shape;
    shape.area_mm2 = moments.m00 * per_pixel;
    shape.perimeter_mm = perimeter(region, pixel);
    shape.circularity =
        std::min(1.0, 4 * std::numbers::pi * shape.area_mm2 / (shape.perimeter_mm * shape.perimeter_mm));
    // A pixel is a square, not a point: its own second moment is 1/12.
    const double xx = (moments.mu20 / moments.m00 + 1.0 / 12) * pixel.column_mm * pixel.column_mm;
    const double yy = (moments.mu02 / moments.m00 + 1.0 / 12) * pixel.row_mm * pixel.row_mm;
    const double xy = moments.mu11 / moments.m00 * per_pixel;
    const double middle = (xx + yy) / 2, half = std::hypot((xx - yy) / 2, xy);
    shape.major_axis_mm = 4 * std::sqrt(middle + half);
    shape.minor_axis_mm = 4 * std::sqrt(std::max(0.0, middle - half));
    const double ratio = shape.minor_axis_mm / shape.major_axis_mm;
    shape.eccentricity = std::sqrt(std::max(0.0, 1 - ratio * ratio));
    return shape;
}

std::vector<Point> closed_polyline(const std::vector<cv::Point2d>& points, int most) {
    std::vector<cv::Point2f> thin(points.begin(), points.end());
    for (double tolerance = 0.1; static_cast<int>(thin.size()) >= most; tolerance *= 1.5) {
        const std::vector<cv::Point2f> all(points.begin(), points.end());
        cv::approxPolyDP(all, thin, tolerance, true);
    }
    std::vector<Point> line;
    for (const cv::Point2f& point : thin)
        line.push_back({point.x, point.y});
    if (!line.empty()) line.push_back(line.front());
    return line;
}

std::vector<Point> outline_of(const cv::Mat& region, const cv::Point& corner) {
    constexpr int kFine = 4;
    cv::Mat fine;
    cv::resize(region, fine, {}, kFine, kFine, cv::INTER_NEAREST);
    std::vector<std::vector<cv::Point>> contours;
    cv::findContours(fine, contours, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
    const auto largest = std::max_element(contours.begin(), contours.end(), [](const auto& a, const auto& b) {
        return cv::contourArea(a) < cv::contourArea(b);
    });
    std::vector<cv::Point2d> points;
    if (largest != contours.end()) {
        for (const cv::Point& point : *largest) {
            points.emplace_back(corner.x + (point.x + 0.5) / kFine, corner.y + (point.y + 0.5) / kFine);
        }
    }
    return closed_polyline(points, kMostOutlinePoints);
}

}  // namespace calcnode::pipeline

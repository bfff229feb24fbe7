#include "pipeline/overlay_parts.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline {

namespace {

constexpr int kSubpixelBits = 4;  // cv::polylines takes fixed point coordinates

cv::Point place(const Point& point, int reduction, int scale) {
    // SCOORD puts the centre of the first pixel at 0.5, OpenCV at 0.
    return {static_cast<int>(std::lround((point.x / reduction - 0.5) * scale)),
            static_cast<int>(std::lround((point.y / reduction - 0.5) * scale))};
}

// At the upper right of the cluster, at its left when there is no room: a mark must not cover what it is
// about.
void write_beside(Canvas& canvas, const Cluster& cluster, const std::string& text, int thickness) {
    constexpr int kGap = 4;
    Point corner = cluster.centroid;
    double left = corner.x;
    for (const Point& point : cluster.outline) {
        corner = {std::max(corner.x, point.x), std::min(corner.y, point.y)};
        left = std::min(left, point.x);
    }
    const double font_scale = 0.6 * thickness;
    int below = 0;
    const cv::Size size = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, font_scale, thickness, &below);
    cv::Point at = place(corner, canvas.reduction, 1) + cv::Point(kGap, 0);
    if (at.x + size.width > canvas.picture.cols)
        at.x = place({left, corner.y}, canvas.reduction, 1).x - kGap - size.width;
    at.y = std::max(at.y, size.height);
    cv::putText(canvas.picture, text, at, cv::FONT_HERSHEY_SIMPLEX, font_scale, kClusterColour, thickness,
                cv::LINE_AA);
}

}  // namespace

GreyTable grey_table(const Image<std::uint16_t>& pixels) {
    std::vector<std::uint32_t> histogram(65536, 0);
    for (const std::uint16_t value : pixels.pixels)
        ++histogram[value];
    const auto darkest = static_cast<std::size_t>(
        std::find_if(histogram.begin(), histogram.end(), [](std::uint32_t n) { return n > 0; }) -
        histogram.begin());
    const double tissue = static_cast<double>(pixels.pixels.size()) - histogram[darkest];
    double seen = 0;
    int low = static_cast<int>(darkest);
    int high = 65535;
    for (std::size_t value = darkest + 1; value < histogram.size(); ++value) {
        if (seen < 0.01 * tissue) low = static_cast<int>(value);
        seen += histogram[value];
        if (seen >= 0.998 * tissue) {
            high = static_cast<int>(value);
            break;
        }
    }
    GreyTable table(histogram.size());
    const double scale = 255.0 / std::max(1, high - low);
    for (int value = 0; value < static_cast<int>(table.size()); ++value) {
        table[static_cast<std::size_t>(value)] =
            static_cast<std::uint8_t>(std::lround(std::clamp((value - low) * scale, 0.0, 255.0)));
    }
    return table;
}

void draw_outline(Canvas& canvas, const std::vector<Point>& outline, const cv::Scalar& colour,
                  int thickness) {
    std::vector<cv::Point> points;
    for (const Point& point : outline)
        points.push_back(place(point, canvas.reduction, 1 << kSubpixelBits));
    if (points.size() > 1)
        cv::polylines(canvas.picture, points, true, colour, thickness, cv::LINE_AA, kSubpixelBits);
}

void draw_findings(Canvas& canvas, const ImageFindings& findings, int thickness) {
    for (const Calcification& calcification : findings.calcifications) {
        draw_outline(canvas, calcification.outline,
                     calcification.cluster >= 0 ? kClusteredColour : kUnclusteredColour, 1);
    }
    for (std::size_t i = 0; i < findings.clusters.size(); ++i) {
        const Cluster& cluster = findings.clusters[i];
        draw_outline(canvas, cluster.outline, kClusterColour, thickness);
        const std::string text = std::to_string(i + 1) + ": " +
                                 std::to_string(static_cast<int>(std::lround(cluster.score * 100))) + " %";
        write_beside(canvas, cluster, text, thickness);
    }
}

}  // namespace calcnode::pipeline

#include "pipeline/overlay.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "pipeline/error.h"

namespace calcnode::pipeline {

namespace {

const cv::Scalar kClusterColour{0, 255, 255};       // BGR: yellow
const cv::Scalar kClusteredColour{80, 80, 255};     // red
const cv::Scalar kUnclusteredColour{255, 160, 60};  // blue
constexpr int kSubpixelBits = 4;                    // cv::polylines takes fixed point coordinates
constexpr int kFastCompression = 1;

void write_png(const std::filesystem::path& file, const cv::Mat& image) {
    bool written = false;
    std::string why = "cannot be written";
    try {
        written = cv::imwrite(file.string(), image, {cv::IMWRITE_PNG_COMPRESSION, kFastCompression});
    } catch (const cv::Exception& error) {
        why = error.what();
    }
    if (!written) throw Error(ErrorCode::write_failed, file.string() + ": " + why);
}

// Grey levels between the 1st and the 99.8th percentile of what is brighter than the background.
cv::Mat windowed(const Image<std::uint16_t>& pixels) {
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
    const cv::Mat source(pixels.rows, pixels.columns, CV_16U,
                         const_cast<std::uint16_t*>(pixels.pixels.data()));
    cv::Mat grey;
    const double scale = 255.0 / std::max(1, high - low);
    source.convertTo(grey, CV_8U, scale, -low * scale);
    return grey;
}

void draw_outline(cv::Mat& picture, const std::vector<Point>& outline, const cv::Scalar& colour,
                  int thickness) {
    std::vector<cv::Point> points;
    for (const Point& point : outline) {
        // SCOORD puts the centre of the first pixel at 0.5, OpenCV at 0.
        points.emplace_back(static_cast<int>(std::lround((point.x - 0.5) * (1 << kSubpixelBits))),
                            static_cast<int>(std::lround((point.y - 0.5) * (1 << kSubpixelBits))));
    }
    if (points.size() > 1)
        cv::polylines(picture, points, true, colour, thickness, cv::LINE_AA, kSubpixelBits);
}

}  // namespace

void write_overlay_png(const Mammogram& mammogram, const ImageFindings& findings,
                       const std::filesystem::path& file) {
    cv::Mat picture;
    cv::cvtColor(windowed(mammogram.pixels), picture, cv::COLOR_GRAY2BGR);
    const int thickness = std::max(1, mammogram.pixels.columns / 1200);
    for (const Calcification& calcification : findings.calcifications) {
        draw_outline(picture, calcification.outline,
                     calcification.cluster >= 0 ? kClusteredColour : kUnclusteredColour, 1);
    }
    for (std::size_t i = 0; i < findings.clusters.size(); ++i) {
        const Cluster& cluster = findings.clusters[i];
        draw_outline(picture, cluster.outline, kClusterColour, thickness);
        const std::string text = std::to_string(i + 1) + ": " +
                                 std::to_string(static_cast<int>(std::lround(cluster.score * 100))) + " %";
        cv::putText(picture, text,
                    cv::Point(static_cast<int>(cluster.centroid.x), static_cast<int>(cluster.centroid.y)),
                    cv::FONT_HERSHEY_SIMPLEX, 0.6 * thickness, kClusterColour, thickness, cv::LINE_AA);
    }
    write_png(file, picture);
}

void write_mask_png(const ImageFindings& findings, const std::filesystem::path& file) {
    const auto& labels = findings.labels;
    write_png(file,
              cv::Mat(labels.rows, labels.columns, CV_16U, const_cast<std::uint16_t*>(labels.pixels.data())));
}

}  // namespace calcnode::pipeline

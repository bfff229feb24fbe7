#include "pipeline/image_quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "pipeline/cv_image.h"
#include "pipeline/working_image.h"

namespace calcnode::pipeline {
namespace {

constexpr double kEdgeGridMm = 0.5;  // tissue is smooth on this grid, a photograph's outlines are not
constexpr double kSkinMm = 4;        // the skin line is an edge of every breast: not counted
constexpr double kEdgePart = 0.99;   // of the steps between neighbours on that grid
constexpr double kMadToSigma = 1.4826;

/// The value that the given part of `values` does not exceed. Changes their order.
double quantile(std::vector<float>& values, double part) {
    if (values.empty()) return 0;
    const auto place =
        values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

std::vector<float> values_inside(const cv::Mat& picture, const cv::Mat& mask) {
    std::vector<float> values;
    for (int y = 0; y < picture.rows; ++y) {
        for (int x = 0; x < picture.cols; ++x) {
            if (mask.at<unsigned char>(y, x) != 0) values.push_back(picture.at<float>(y, x));
        }
    }
    return values;
}

struct GreyUse {
    int levels = 0;   // different values
    double flat = 0;  // part of the pixels that equal both neighbours in their row
};

/// Of the source's own pixels in the breast; every other row is enough.
GreyUse grey_use(const Mammogram& mammogram, const WorkingImage& work) {
    const Image<std::uint16_t>& source = mammogram.pixels;
    std::vector<bool> used(1U << 16U, false);
    GreyUse use;
    double inside = 0, equal = 0;
    for (int row = 0; row < source.rows; row += 2) {
        const auto* mask = work.mask.ptr<unsigned char>(
            std::min(work.mask.rows - 1, static_cast<int>(row / work.row_scale)));
        for (int column = 1; column + 1 < source.columns; ++column) {
            if (mask[std::min(work.mask.cols - 1, static_cast<int>(column / work.column_scale))] == 0)
                continue;
            const std::uint16_t value = source.at(row, column);
            if (!used[value]) ++use.levels;
            used[value] = true;
            ++inside;
            if (source.at(row, column - 1) == value && source.at(row, column + 1) == value) ++equal;
        }
    }
    use.flat = inside > 0 ? equal / inside : 0;
    return use;
}

/// The spread of what differs from one working pixel to the next: a straight slope does not count, and what
/// stands out (grains, edges) hardly does.
double noise_sigma(const WorkingImage& work) {
    std::vector<float> bends;
    for (int y = 0; y < work.picture.rows; y += 3) {
        const auto* value = work.picture.ptr<float>(y);
        const auto* mask = work.mask.ptr<unsigned char>(y);
        for (int x = 1; x + 1 < work.picture.cols; x += 2) {
            if (mask[x - 1] != 0 && mask[x + 1] != 0)
                bends.push_back(std::abs(value[x - 1] - 2 * value[x] + value[x + 1]));
        }
    }
    return kMadToSigma * quantile(bends, 0.5) / std::sqrt(6.0);
}

/// The steps between neighbours on a coarse grid inside the skin; nearly the largest.
double edge_step(const cv::Mat& coarse, const cv::Mat& inside) {
    std::vector<float> steps;
    for (int y = 0; y + 1 < coarse.rows; ++y) {
        for (int x = 0; x + 1 < coarse.cols; ++x) {
            if (inside.at<unsigned char>(y, x) == 0) continue;
            steps.push_back(std::hypot(coarse.at<float>(y, x + 1) - coarse.at<float>(y, x),
                                       coarse.at<float>(y + 1, x) - coarse.at<float>(y, x)));
        }
    }
    return quantile(steps, kEdgePart);
}

/// Area over that of the convex hull, and over that of the upright box.
void measure_outline(const cv::Mat& mask, ImageQuality& quality) {
    std::vector<cv::Point> points, hull;
    cv::findNonZero(mask, points);
    if (points.empty()) return;
    cv::convexHull(points, hull);
    cv::Mat filled = cv::Mat::zeros(mask.size(), CV_8U);
    cv::fillConvexPoly(filled, hull, 255);
    const auto area = static_cast<double>(points.size());
    quality.solidity = area / cv::countNonZero(filled);
    quality.extent = area / cv::boundingRect(points).area();
}

}  // namespace

ImageQuality image_quality(const Mammogram& mammogram, const WorkingImage& work) {
    ImageQuality quality;
    quality.row_spacing_mm = mammogram.row_spacing_mm;
    quality.column_spacing_mm = mammogram.column_spacing_mm;
    quality.breast_area_cm2 = cv::countNonZero(work.mask) * work.spacing_mm * work.spacing_mm / 100;
    const GreyUse grey = grey_use(mammogram, work);
    quality.grey_levels = grey.levels;
    quality.flat = grey.flat;

    cv::Mat coarse, mask;
    const double scale = work.spacing_mm / kEdgeGridMm;
    cv::resize(work.picture, coarse, {}, scale, scale, cv::INTER_AREA);
    cv::resize(work.mask, mask, coarse.size(), 0, 0, cv::INTER_NEAREST);
    measure_outline(mask, quality);
    std::vector<float> values = values_inside(coarse, mask);
    const double contrast = quantile(values, 0.95) - quantile(values, 0.05);
    const int skin = static_cast<int>(kSkinMm / kEdgeGridMm);
    cv::Mat inside;
    cv::erode(mask, inside, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(1, 1) * (2 * skin + 1)));
    // Nothing but one grey value: no contrast that anything could be compared with.
    quality.noise = contrast > 0 ? noise_sigma(work) / contrast : 1;
    quality.edges = contrast > 0 ? edge_step(coarse, inside) / contrast : 0;
    return quality;
}

std::string out_of_domain(const ImageQuality& quality, const Domain& domain) {
    struct Check {
        const char* what;
        double value;
        Range range;
    };
    const std::array<Check, 9> checks{{
        {"row spacing in mm", quality.row_spacing_mm, domain.spacing_mm},
        {"column spacing in mm", quality.column_spacing_mm, domain.spacing_mm},
        {"breast area in cm2", quality.breast_area_cm2, domain.breast_area_cm2},
        {"grey levels in the breast", quality.grey_levels, domain.grey_levels},
        {"noise relative to contrast", quality.noise, domain.noise},
        {"flat part of the breast", quality.flat, domain.flat},
        {"edges relative to contrast", quality.edges, domain.edges},
        {"outline's area over its hull", quality.solidity, domain.solidity},
        {"outline's area over its box", quality.extent, domain.extent},
    }};
    std::string text;
    for (const Check& check : checks) {
        if (check.range.holds(check.value)) continue;
        std::array<char, 128> line{};
        std::snprintf(line.data(), line.size(), "%s %.3g (%.3g to %.3g)", check.what, check.value,
                      check.range.least, check.range.most);
        text += (text.empty() ? "" : ", ") + std::string(line.data());
    }
    return text.empty() ? text : "out of the model's domain: " + text;
}

}  // namespace calcnode::pipeline

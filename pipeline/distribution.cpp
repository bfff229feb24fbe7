#include "pipeline/distribution.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline {
namespace {

using Points = std::vector<cv::Point2d>;

double distance(const cv::Point2d& a, const cv::Point2d& b) {
    return std::hypot(a.x - b.x, a.y - b.y);
}

cv::Point2d mean_of(const Points& points) {
    return std::accumulate(points.begin(), points.end(), cv::Point2d()) / static_cast<double>(points.size());
}

struct Axes {
    double ratio = 1;  // short / long, 0..1
    double angle = 0;  // of the long one
};

Axes principal_axes(const Points& points) {
    const cv::Point2d centre = mean_of(points);
    double xx = 0, yy = 0, xy = 0;
    for (const cv::Point2d& p : points) {
        xx += (p.x - centre.x) * (p.x - centre.x);
        yy += (p.y - centre.y) * (p.y - centre.y);
        xy += (p.x - centre.x) * (p.y - centre.y);
    }
    const double middle = (xx + yy) / 2, half = std::hypot((xx - yy) / 2, xy);
    const double most = middle + half, least = std::max(middle - half, most * 1e-4);
    return {most > 0 ? std::sqrt(least / most) : 1, 0.5 * std::atan2(2 * xy, xx - yy)};
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// `point` and those nearest to it, `count` in all or as many as there are.
Points neighbourhood(const Points& points, const cv::Point2d& point, std::size_t count) {
    Points near(points.size());
    count = std::min(count, points.size());
    std::partial_sort_copy(
        points.begin(), points.end(), near.begin(), near.begin() + static_cast<std::ptrdiff_t>(count),
        [&](const cv::Point2d& a, const cv::Point2d& b) { return distance(a, point) < distance(b, point); });
    near.resize(count);
    return near;
}

Points without_stragglers(const Points& points) {
    constexpr std::size_t kFew = 6;  // too few to say what is usual
    constexpr double kStraggles = 3;
    if (points.size() < kFew) return points;
    std::vector<double> second;
    for (const cv::Point2d& point : points)
        second.push_back(distance(neighbourhood(points, point, 3).back(), point));
    const double most = kStraggles * median(second);
    Points kept;
    for (std::size_t k = 0; k < points.size(); ++k) {
        if (second[k] <= most) kept.push_back(points[k]);
    }
    return kept;
}

double local_width(const Points& points) {
    constexpr std::size_t kNear = 7;
    std::vector<double> widths;
    for (const cv::Point2d& point : points)
        widths.push_back(principal_axes(neighbourhood(points, point, kNear)).ratio);
    return median(widths);
}

double hull_area(const Points& points) {
    std::vector<cv::Point2f> hull;
    cv::convexHull(std::vector<cv::Point2f>(points.begin(), points.end()), hull);
    return cv::contourArea(hull);
}

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
    const double mean_a = mean(a), mean_b = mean(b);
    double aa = 0, bb = 0, ab = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        aa += (a[k] - mean_a) * (a[k] - mean_a);
        bb += (b[k] - mean_b) * (b[k] - mean_b);
        ab += (a[k] - mean_a) * (b[k] - mean_b);
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double skewness(const std::vector<double>& centred) {
    double squares = 0, cubes = 0;
    for (const double value : centred) {
        squares += value * value;
        cubes += value * value * value;
    }
    return squares > 0 ? cubes * std::sqrt(static_cast<double>(centred.size())) / std::pow(squares, 1.5) : 0;
}

/// What tells a wedge whose tip points to the nipple.
void look_towards_nipple(const Points& points, const cv::Point2d& nipple, DistributionFeatures& features) {
    const cv::Point2d centre = mean_of(points);
    const double direction = std::atan2(nipple.y - centre.y, nipple.x - centre.x);
    const cv::Point2d to(std::cos(direction), std::sin(direction));
    std::vector<double> along, across;
    for (const cv::Point2d& p : points) {
        along.push_back((p - centre).dot(to));
        across.push_back((p - centre).cross(to));
    }
    features.tail = skewness(along);
    const double middle = median(across);
    for (double& value : across)
        value = std::abs(value - middle);
    features.narrowing = -correlation(along, across);
    features.turn = std::abs(std::remainder(principal_axes(points).angle - direction, std::numbers::pi));
}

/// 0..1: 0.5 at no points.
double chance(double points) {
    return 1 / (1 + std::exp(-points));
}

/// BI-RADS: throughout the breast. Here: more than a quadrant holds, or much of a small breast.
double diffuse(const DistributionFeatures& f) {
    constexpr double kDiffuseMm = 45, kDiffuseShare = 0.06, kSurelyDiffuse = 0.4;
    const double wide = chance((f.long_axis_mm - kDiffuseMm) / 2) *
                        chance((f.breast_share - kDiffuseShare) / (kDiffuseShare / 12));
    return std::max(wide, chance((f.breast_share - kSurelyDiffuse) / 0.03));
}

/// BI-RADS: in a line, which may branch. Long for its width as a whole and round each grain; the fewer
/// grains, the more, since a few lie in a row by chance.
double linear(const DistributionFeatures& f) {
    return chance(5 * std::log(f.elongation) - 1.2 * std::log(std::max(f.local_width, 1e-3)) -
                  20.0 / f.grains - 6.7);
}

/// BI-RADS: in a duct and its branches, so a wedge with its tip to the nipple: it narrows that way, fewer
/// grains lie there, and its long axis leads there.
double wedge(const DistributionFeatures& f) {
    return chance(11 * f.narrowing + 4.5 * f.tail + 9 * std::cos(2 * f.turn) * std::log(f.elongation) - 5.7);
}

}  // namespace

double elongation_of(const Points& points) {
    return 1 / principal_axes(points).ratio;
}

DistributionFeatures distribution_features(const Points& points_mm, const BreastFrame& frame) {
    const Points points = without_stragglers(points_mm);
    DistributionFeatures features;
    features.grains = static_cast<int>(points.size());
    for (const cv::Point2d& a : points) {
        for (const cv::Point2d& b : points)
            features.long_axis_mm = std::max(features.long_axis_mm, distance(a, b));
    }
    features.elongation = elongation_of(points);
    features.local_width = local_width(points);
    if (frame.breast_area_mm2 > 0) {
        features.breast_share = hull_area(points) / frame.breast_area_mm2;
        look_towards_nipple(points, frame.nipple_mm, features);
    }
    return features;
}

DistributionWeights distribution_weights(const DistributionFeatures& features) {
    constexpr double kGroupMm = 11;     // a wedge that is no longer is a group
    constexpr double kRegionalMm = 20;  // BI-RADS: regional is more than 2 cm
    const double is_diffuse = diffuse(features), is_linear = (1 - is_diffuse) * linear(features);
    const double rest = 1 - is_diffuse - is_linear;
    const double is_segmental = rest * chance((features.long_axis_mm - kGroupMm) / 0.7) * wedge(features);
    const double is_regional = (rest - is_segmental) * chance(features.long_axis_mm - kRegionalMm);
    DistributionWeights weights{};
    const auto set = [&](Distribution one, double weight) {
        weights[static_cast<std::size_t>(one)] = weight;
    };
    set(Distribution::diffuse, is_diffuse);
    set(Distribution::linear, is_linear);
    set(Distribution::segmental, is_segmental);
    set(Distribution::regional, is_regional);
    set(Distribution::grouped, rest - is_segmental - is_regional);
    return weights;
}

Distribution likeliest(const DistributionWeights& weights) {
    // unknown comes first, with 0: it is taken only when all others have 0 too.
    return static_cast<Distribution>(std::max_element(weights.begin(), weights.end()) - weights.begin());
}

}  // namespace calcnode::pipeline

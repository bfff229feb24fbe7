#include "pipeline/evaluation_matching.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <utility>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline {

namespace {

constexpr double kHitDistance_mm = 0.35;
constexpr double kHitIou = 0.3;

struct Candidate {
    GrainMatch match;
    double distance_mm = 0;
};

using Overlaps = std::map<std::pair<int, int>, int>;  // (found, grain) -> common pixels

Overlaps overlaps_of(const Image<std::uint16_t>& labels, const Image<std::uint16_t>& mask) {
    Overlaps overlaps;
    for (std::size_t i = 0; i < labels.pixels.size(); ++i) {
        if (labels.pixels[i] != 0 && mask.pixels[i] != 0)
            ++overlaps[{labels.pixels[i] - 1, mask.pixels[i] - 1}];
    }
    return overlaps;
}

std::vector<int> pixel_counts(const Image<std::uint16_t>& labels, std::size_t size) {
    std::vector<int> counts(size, 0);
    for (const std::uint16_t label : labels.pixels) {
        if (label != 0 && label <= size) ++counts[label - 1];
    }
    return counts;
}

std::vector<cv::Point2f> to_cv(std::span<const Point> points) {
    std::vector<cv::Point2f> result;
    result.reserve(points.size());
    for (const Point& point : points)
        result.emplace_back(static_cast<float>(point.x), static_cast<float>(point.y));
    return result;
}

}  // namespace

std::vector<std::vector<int>> link_points(std::span<const Point> points, double link_mm) {
    std::vector<int> parent(points.size());
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&](int i) {
        while (parent[i] != i)
            i = parent[i] = parent[parent[i]];
        return i;
    };
    std::vector<int> by_x(parent);
    std::sort(by_x.begin(), by_x.end(), [&](int a, int b) { return points[a].x < points[b].x; });
    for (std::size_t i = 0; i < by_x.size(); ++i) {
        const Point& a = points[by_x[i]];
        for (std::size_t j = i + 1; j < by_x.size() && points[by_x[j]].x - a.x <= link_mm; ++j) {
            const Point& b = points[by_x[j]];
            const double dx = a.x - b.x;
            const double dy = a.y - b.y;
            if (dx * dx + dy * dy > link_mm * link_mm) continue;
            const int one = root(by_x[i]);
            const int other = root(by_x[j]);
            parent[std::max(one, other)] = std::min(one, other);
        }
    }
    std::map<int, std::vector<int>> groups;
    for (int i = 0; i < static_cast<int>(points.size()); ++i)
        groups[root(i)].push_back(i);
    std::vector<std::vector<int>> result;
    for (auto& [first, members] : groups)
        result.push_back(std::move(members));
    return result;
}

std::vector<Grain> grains_of(const Image<std::uint16_t>& mask, const Mammogram& mammogram) {
    std::vector<Grain> grains;
    const double x_mm = mammogram.column_spacing_mm;
    const double y_mm = mammogram.row_spacing_mm;
    for (int row = 0; row < mask.rows; ++row) {
        for (int column = 0; column < mask.columns; ++column) {
            const std::uint16_t label = mask.at(row, column);
            if (label == 0) continue;
            if (grains.size() < label) grains.resize(label);
            Grain& grain = grains[label - 1];
            ++grain.pixels;
            grain.centroid_mm.x += (column + 0.5) * x_mm;
            grain.centroid_mm.y += (row + 0.5) * y_mm;
            for (const int dy : {0, 1}) {
                for (const int dx : {0, 1})
                    grain.corners_mm.push_back({(column + dx) * x_mm, (row + dy) * y_mm});
            }
        }
    }
    for (Grain& grain : grains) {
        if (grain.pixels == 0) continue;
        grain.centroid_mm.x /= grain.pixels;
        grain.centroid_mm.y /= grain.pixels;
    }
    return grains;
}

std::vector<GrainMatch> match_grains(const Mammogram& mammogram, const ImageFindings& findings,
                                     const Image<std::uint16_t>& mask, std::span<const Grain> grains) {
    const auto& found = findings.calcifications;
    const bool labelled = findings.labels.pixels.size() == mask.pixels.size();
    const Overlaps overlaps = labelled ? overlaps_of(findings.labels, mask) : Overlaps{};
    const std::vector<int> sizes = pixel_counts(findings.labels, found.size());
    std::vector<Candidate> candidates;
    for (int f = 0; f < static_cast<int>(found.size()); ++f) {
        const Point at{found[f].centroid.x * mammogram.column_spacing_mm,
                       found[f].centroid.y * mammogram.row_spacing_mm};
        for (int g = 0; g < static_cast<int>(grains.size()); ++g) {
            if (grains[g].pixels == 0) continue;
            const double distance =
                std::hypot(at.x - grains[g].centroid_mm.x, at.y - grains[g].centroid_mm.y);
            const auto common = overlaps.find({f, g});
            const double both = common == overlaps.end() ? 0 : common->second;
            const double iou = both > 0 ? both / (sizes[f] + grains[g].pixels - both) : 0;
            if (distance <= kHitDistance_mm || iou >= kHitIou) candidates.push_back({{f, g, iou}, distance});
        }
    }
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        if (a.match.iou != b.match.iou) return a.match.iou > b.match.iou;
        return a.distance_mm < b.distance_mm;
    });
    std::vector<bool> found_taken(found.size(), false);
    std::vector<bool> grain_taken(grains.size(), false);
    std::vector<GrainMatch> matches;
    for (const Candidate& candidate : candidates) {
        const auto& [f, g, iou] = candidate.match;
        if (found_taken[f] || grain_taken[g]) continue;
        found_taken[f] = grain_taken[g] = true;
        matches.push_back(candidate.match);
    }
    return matches;
}

double hull_area(std::span<const Point> points_mm) {
    if (points_mm.size() < 3) return 0;
    std::vector<cv::Point2f> hull;
    cv::convexHull(to_cv(points_mm), hull);
    return cv::contourArea(hull);
}

double circle_overlap(std::span<const Point> polygon_mm, Point centre_mm, double radius_mm) {
    if (polygon_mm.size() < 3 || radius_mm <= 0) return 0;
    constexpr int kSides = 128;
    std::vector<cv::Point2f> circle;
    for (int i = 0; i < kSides; ++i) {
        const double angle = 2 * std::numbers::pi * i / kSides;
        circle.emplace_back(static_cast<float>(centre_mm.x + radius_mm * std::cos(angle)),
                            static_cast<float>(centre_mm.y + radius_mm * std::sin(angle)));
    }
    std::vector<cv::Point2f> hull, common;
    cv::convexHull(to_cv(polygon_mm), hull);
    if (hull.size() < 3) return 0;
    const double both = cv::intersectConvexConvex(hull, circle, common);
    return both / (cv::contourArea(hull) + cv::contourArea(circle) - both);
}

}  // namespace calcnode::pipeline

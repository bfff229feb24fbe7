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

constexpr double kCellSide = 0.7;  // of the link: all points of a cell are linked to each other
constexpr int kCellReach = 2;      // no link is longer than this many cells

/// Disjoint sets; the root is the lowest member.
class Forest {
  public:
    explicit Forest(std::size_t size) : parent_(size) { std::iota(parent_.begin(), parent_.end(), 0); }
    int root(int i) {
        while (parent_[i] != i)
            i = parent_[i] = parent_[parent_[i]];
        return i;
    }
    void join(int a, int b) {
        a = root(a);
        b = root(b);
        parent_[std::max(a, b)] = std::min(a, b);
    }

  private:
    std::vector<int> parent_;
};

using Cells = std::map<std::pair<int, int>, std::vector<int>>;  // (row, column) -> indices of points

Cells cells_of(std::span<const Point> points, double side_mm) {
    Cells cells;
    for (int i = 0; i < static_cast<int>(points.size()); ++i) {
        cells[{static_cast<int>(std::floor(points[i].y / side_mm)),
               static_cast<int>(std::floor(points[i].x / side_mm))}]
            .push_back(i);
    }
    return cells;
}

struct Candidate {
    GrainMatch match;
    double distance_mm = 0;
};

/// Every pair that may be a hit; by found, then by grain.
std::vector<Candidate> possible_matches(std::span<const Point> found_mm, const RegionTable& table,
                                        std::span<const Grain> grains) {
    std::vector<Candidate> candidates;
    auto common = table.in_common.begin();  // sorted as the loops go
    for (int f = 0; f < static_cast<int>(found_mm.size()); ++f) {
        for (int g = 0; g < static_cast<int>(grains.size()); ++g) {
            if (grains[g].pixels == 0) continue;
            const double distance =
                std::hypot(found_mm[f].x - grains[g].centroid_mm.x, found_mm[f].y - grains[g].centroid_mm.y);
            while (common != table.in_common.end() && common->first < std::pair{f, g})
                ++common;
            const bool touch = common != table.in_common.end() && common->first == std::pair{f, g};
            const double both = touch ? common->second : 0;
            const double iou = both > 0 ? both / (table.sizes[f] + grains[g].pixels - both) : 0;
            if (distance <= kHitDistance_mm || iou >= kHitIou) candidates.push_back({{f, g, iou}, distance});
        }
    }
    return candidates;
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
    Forest forest(points.size());
    const Cells cells = cells_of(points, link_mm * kCellSide);
    for (const auto& [place, here] : cells) {
        for (const int i : here)
            forest.join(here.front(), i);  // a cell's diagonal is shorter than the link
        for (int dy = -kCellReach; dy <= kCellReach; ++dy) {
            for (int dx = -kCellReach; dx <= kCellReach; ++dx) {
                const auto there = cells.find({place.first + dy, place.second + dx});
                if (there == cells.end() || there->first <= place) continue;
                if (forest.root(here.front()) == forest.root(there->second.front())) continue;
                const auto near = [&](int i) {
                    return std::any_of(there->second.begin(), there->second.end(), [&](int j) {
                        const double x = points[i].x - points[j].x;
                        const double y = points[i].y - points[j].y;
                        return x * x + y * y <= link_mm * link_mm;
                    });
                };
                if (std::any_of(here.begin(), here.end(), near))
                    forest.join(here.front(), there->second.front());
            }
        }
    }
    std::map<int, std::vector<int>> groups;
    for (int i = 0; i < static_cast<int>(points.size()); ++i)
        groups[forest.root(i)].push_back(i);
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

std::vector<GrainMatch> match_grains(std::span<const Point> found_mm, const RegionTable& table,
                                     std::span<const Grain> grains, MatchOrder order) {
    std::vector<Candidate> candidates = possible_matches(found_mm, table, grains);
    std::stable_sort(candidates.begin(), candidates.end(), [=](const Candidate& a, const Candidate& b) {
        if (order == MatchOrder::found && a.match.found != b.match.found)
            return a.match.found < b.match.found;
        if (a.match.iou != b.match.iou) return a.match.iou > b.match.iou;
        return a.distance_mm < b.distance_mm;
    });
    std::vector<bool> found_taken(found_mm.size(), false);
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

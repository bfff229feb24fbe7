#include "pipeline/evaluation_counter.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>

#include <opencv2/imgproc.hpp>

#include "pipeline/error.h"

namespace calcnode::pipeline {

namespace {

constexpr double kLink_mm = 10;           // a group: within 1 cm
constexpr std::size_t kGrainsForHit = 3;  // Kallergi 1999
constexpr double kNeighbourLimit_mm = 14.142135623730951;
constexpr double kLeastArea = 0.5;
constexpr double kMostArea = 4;
constexpr double kCircleMargin_mm = 2;
constexpr double kCircleIou = 0.2;

Point to_mm(Point pixel, const Mammogram& mammogram) {
    return {pixel.x * mammogram.column_spacing_mm, pixel.y * mammogram.row_spacing_mm};
}

std::vector<Point> centroids_mm(const ImageFindings& findings, const Mammogram& mammogram) {
    std::vector<Point> points;
    points.reserve(findings.calcifications.size());
    for (const Calcification& found : findings.calcifications)
        points.push_back(to_mm(found.centroid, mammogram));
    return points;
}

std::vector<Point> hull_in_pixels(std::span<const Point> points_mm, const Mammogram& mammogram) {
    std::vector<cv::Point2f> points, hull;
    for (const Point& point : points_mm)
        points.emplace_back(static_cast<float>(point.x), static_cast<float>(point.y));
    cv::convexHull(points, hull);
    std::vector<Point> outline;
    for (const cv::Point2f& corner : hull)
        outline.push_back({corner.x / mammogram.column_spacing_mm, corner.y / mammogram.row_spacing_mm});
    outline.push_back(outline.front());
    return outline;
}

TrueGroup group_of(const std::vector<int>& members, std::span<const Grain> grains,
                   const Mammogram& mammogram) {
    TrueGroup group;
    std::vector<Point> corners;
    for (const int grain : members) {
        group.grains.insert(grain + 1);
        corners.insert(corners.end(), grains[grain].corners_mm.begin(), grains[grain].corners_mm.end());
    }
    group.area_mm2 = hull_area(corners);
    group.outline = hull_in_pixels(corners, mammogram);
    return group;
}

TrueGroup group_of(const TruthCircle& circle, const Mammogram& mammogram) {
    constexpr int kSides = 64;
    TrueGroup group;
    const double scale = 0.5 * (mammogram.column_spacing_mm + mammogram.row_spacing_mm);
    group.circle = {.centre = to_mm(circle.centre, mammogram), .radius = circle.radius * scale};
    group.area_mm2 = std::numbers::pi * group.circle.radius * group.circle.radius;
    for (int i = 0; i <= kSides; ++i) {
        const double angle = 2 * std::numbers::pi * i / kSides;
        group.outline.push_back({circle.centre.x + circle.radius * std::cos(angle),
                                 circle.centre.y + circle.radius * std::sin(angle)});
    }
    return group;
}

double greatest_neighbour_distance(std::span<const Point> found_mm, const Cluster& cluster) {
    double greatest = 0;
    for (const int i : cluster.members) {
        double nearest = 1e9;
        for (const int j : cluster.members) {
            if (i == j) continue;
            nearest =
                std::min(nearest, std::hypot(found_mm[i].x - found_mm[j].x, found_mm[i].y - found_mm[j].y));
        }
        greatest = std::max(greatest, nearest);
    }
    return greatest;
}

/// What is needed to judge the marks of an image.
struct Judge {
    const Mammogram& mammogram;
    const ImageFindings& findings;
    std::vector<int> grain_of_found;
    std::vector<Point> found_mm;

    std::vector<Point> outline_mm(const Cluster& cluster) const {
        std::vector<Point> points;
        for (const Point& point : cluster.outline)
            points.push_back(to_mm(point, mammogram));
        return points;
    }

    bool fits(const Cluster& cluster, const TrueGroup& group) const {
        return group.grains.empty() ? fits_circle(cluster, group.circle) : fits_grains(cluster, group);
    }

    bool fits_circle(const Cluster& cluster, const TruthCircle& circle) const {
        const Point centroid = to_mm(cluster.centroid, mammogram);
        const double distance = std::hypot(centroid.x - circle.centre.x, centroid.y - circle.centre.y);
        if (distance <= circle.radius + kCircleMargin_mm) return true;
        return circle_overlap(outline_mm(cluster), circle.centre, circle.radius) >= kCircleIou;
    }

    bool fits_grains(const Cluster& cluster, const TrueGroup& group) const {
        const auto hits = std::count_if(cluster.members.begin(), cluster.members.end(), [&](int member) {
            return grain_of_found[member] >= 0 && group.grains.contains(grain_of_found[member] + 1);
        });
        if (static_cast<std::size_t>(hits) < kGrainsForHit) return false;
        const double area = hull_area(outline_mm(cluster));
        if (area < kLeastArea * group.area_mm2 || area > kMostArea * group.area_mm2) return false;
        return greatest_neighbour_distance(found_mm, cluster) < kNeighbourLimit_mm;
    }
};

std::vector<Mark> judge_marks(const Judge& judge, std::span<const TrueGroup> groups) {
    const std::vector<Cluster>& clusters = judge.findings.clusters;
    std::vector<int> order(clusters.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return clusters[a].score > clusters[b].score; });
    std::vector<bool> taken(groups.size(), false);
    std::vector<Mark> marks;
    for (const int c : order) {
        Mark mark{.score = clusters[c].score, .cluster = c};
        for (std::size_t g = 0; g < groups.size() && !mark.hit; ++g) {
            if (!judge.fits(clusters[c], groups[g])) continue;
            mark.hit = groups[g].counts && !taken[g];
            mark.ignored = !mark.hit;
            mark.group = mark.hit ? static_cast<int>(g) : -1;
            taken[g] = true;
        }
        marks.push_back(mark);
    }
    return marks;
}

/// Fills what compares the two masks' foregrounds.
void compare_masks(const RegionTable& table, std::size_t found, std::span<const Grain> grains,
                   ImageCounts& counts) {
    counts.pixels_found =
        std::accumulate(table.sizes.begin(), table.sizes.begin() + static_cast<std::ptrdiff_t>(found), 0.0);
    for (const auto& [pair, common] : table.in_common) {
        if (static_cast<std::size_t>(pair.first) < found) counts.pixels_both += common;
    }
    for (const Grain& grain : grains)
        counts.pixels_true += grain.pixels;
    if (counts.grains == 0) return;
    const double sum = counts.pixels_found + counts.pixels_true;
    counts.dice = sum > 0 ? 2 * counts.pixels_both / sum : 0;
    counts.iou = sum > counts.pixels_both ? counts.pixels_both / (sum - counts.pixels_both) : 0;
}

}  // namespace

TruthCounter::TruthCounter(const Mammogram& mammogram, const Truth& truth)
    : mammogram_(mammogram), truth_(truth), normal_(truth.is_normal()) {
    const Image<std::uint16_t>& mask = truth.mask;
    if (mask.empty()) return;
    if (mask.rows != mammogram.pixels.rows || mask.columns != mammogram.pixels.columns) {
        throw Error(ErrorCode::bad_argument, "the truth's mask is " + std::to_string(mask.rows) + " x " +
                                                 std::to_string(mask.columns) + ", the image " +
                                                 std::to_string(mammogram.pixels.rows) + " x " +
                                                 std::to_string(mammogram.pixels.columns));
    }
    grains_ = grains_of(mask, mammogram);
}

RegionTable TruthCounter::table(const Image<std::uint16_t>& labels, std::size_t regions) const {
    RegionTable table;
    table.sizes.assign(regions, 0);
    const auto& mask = truth_.mask.pixels;
    if (labels.pixels.size() != mask.size()) return table;
    for (std::size_t i = 0; i < labels.pixels.size(); ++i) {
        const std::uint16_t label = labels.pixels[i];
        if (label == 0 || label > regions) continue;
        ++table.sizes[label - 1U];
        if (mask[i] != 0) ++table.in_common[{label - 1, mask[i] - 1}];
    }
    return table;
}

std::vector<int> TruthCounter::grain_of_found(const ImageFindings& findings, const RegionTable& table) const {
    std::vector<int> grain(findings.calcifications.size(), -1);
    for (const GrainMatch& match :
         match_grains(centroids_mm(findings, mammogram_), table, grains_, MatchOrder::best_overlap))
        grain[match.found] = match.grain;
    return grain;
}

std::vector<GrainMark> TruthCounter::grain_marks(const ImageFindings& findings,
                                                 const RegionTable& table) const {
    std::vector<GrainMark> marks;
    if (truth_.mask.empty()) return marks;
    for (const Calcification& found : findings.calcifications)
        marks.push_back({.score = static_cast<float>(found.score)});
    for (const GrainMatch& match :
         match_grains(centroids_mm(findings, mammogram_), table, grains_, MatchOrder::found))
        marks[match.found].hit = true;
    return marks;
}

std::vector<TrueGroup> TruthCounter::groups(int members) const {
    std::vector<TrueGroup> groups;
    std::vector<Point> centroids;
    std::vector<int> indices;
    for (int g = 0; g < static_cast<int>(grains_.size()); ++g) {
        if (grains_[g].pixels == 0) continue;
        centroids.push_back(grains_[g].centroid_mm);
        indices.push_back(g);
    }
    for (const std::vector<int>& linked : link_points(centroids, kLink_mm)) {
        if (linked.size() < kGrainsForHit) continue;
        std::vector<int> of_group;
        for (const int i : linked)
            of_group.push_back(indices[i]);
        groups.push_back(group_of(of_group, grains_, mammogram_));
        groups.back().counts = static_cast<int>(linked.size()) >= members;
    }
    for (const TruthCircle& circle : truth_.circles)
        groups.push_back(group_of(circle, mammogram_));
    return groups;
}

ImageCounts TruthCounter::count(const ImageFindings& findings, const RegionTable& table, int members) const {
    ImageCounts counts;
    counts.normal = normal_;
    counts.breast_cm2 = findings.breast_area_cm2;
    counts.has_mask = !truth_.mask.empty();
    counts.pixels = static_cast<double>(mammogram_.pixels.pixels.size());
    Judge judge{mammogram_, findings, std::vector<int>(findings.calcifications.size(), -1),
                centroids_mm(findings, mammogram_)};
    if (counts.has_mask) {
        for (const GrainMatch& match :
             match_grains(judge.found_mm, table, grains_, MatchOrder::best_overlap)) {
            judge.grain_of_found[match.found] = match.grain;
            ++counts.grains_found;
            counts.object_iou += match.iou;
        }
        counts.grains = static_cast<int>(std::count_if(grains_.begin(), grains_.end(),
                                                       [](const Grain& grain) { return grain.pixels > 0; }));
        counts.false_grains = static_cast<int>(findings.calcifications.size()) - counts.grains_found;
        compare_masks(table, findings.calcifications.size(), grains_, counts);
    }
    const std::vector<TrueGroup> groups = this->groups(members);
    counts.groups = static_cast<int>(
        std::count_if(groups.begin(), groups.end(), [](const TrueGroup& group) { return group.counts; }));
    counts.marks = judge_marks(judge, groups);
    if (truth_.somewhere) {  // any of them may be right
        for (Mark& mark : counts.marks)
            mark.ignored = !mark.hit;
    }
    counts.score = counts.marks.empty() ? 0 : counts.marks.front().score;
    return counts;
}

}  // namespace calcnode::pipeline

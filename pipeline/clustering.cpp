#include "pipeline/clustering.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include <opencv2/imgproc.hpp>

#include "pipeline/shape.h"

namespace calcnode::pipeline {
namespace {

constexpr double kProximityMm =
    5;  // grains nearer than this are joined in the graph that density is taken from

double distance(const cv::Point2d& a, const cv::Point2d& b) {
    return std::hypot(a.x - b.x, a.y - b.y);
}

struct Millimetres {
    double column;
    double row;
    cv::Point2d operator()(const Point& point) const { return {point.x * column, point.y * row}; }
};

struct MeanSd {
    double mean = 0;
    double sd = 0;
};

MeanSd mean_sd(const std::vector<double>& values) {
    const double n = static_cast<double>(values.size());
    MeanSd result;
    result.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double value : values)
        squares += (value - result.mean) * (value - result.mean);
    result.sd = std::sqrt(squares / n);
    return result;
}

double graph_density(const std::vector<cv::Point2d>& points) {
    int edges = 0;
    for (std::size_t a = 0; a < points.size(); ++a) {
        for (std::size_t b = a + 1; b < points.size(); ++b)
            edges += distance(points[a], points[b]) < kProximityMm ? 1 : 0;
    }
    const double n = static_cast<double>(points.size());
    return n < 2 ? 0 : 2 * edges / (n * (n - 1));
}

std::vector<double> nearest_distances(const std::vector<cv::Point2d>& points) {
    std::vector<double> nearest(points.size(), 0);
    for (std::size_t a = 0; a < points.size(); ++a) {
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t b = 0; b < points.size(); ++b) {
            if (a != b) least = std::min(least, distance(points[a], points[b]));
        }
        if (std::isfinite(least)) nearest[a] = least;
    }
    return nearest;
}

/// The hull of the members' outlines and, in millimetres, of their pixels: fills outline, area and long axis.
void measure_hull(Cluster& cluster, const std::vector<Calcification>& calcifications, const Millimetres& mm) {
    std::vector<cv::Point2f> points, hull, edges, hull_mm;
    for (const int member : cluster.members) {
        for (const Point& point : calcifications[static_cast<std::size_t>(member)].outline) {
            points.emplace_back(static_cast<float>(point.x), static_cast<float>(point.y));
        }
    }
    if (points.empty()) return;
    cv::convexHull(points, hull);
    cluster.outline = closed_polyline(std::vector<cv::Point2d>(hull.begin(), hull.end()), kMostOutlinePoints);
    // Outlines run a little inside the pixels' edges; a thin cluster's area would be several percent short.
    for (const cv::Point2f& p : hull) {
        for (const double x : {p.x - kOutlineInset, p.x + kOutlineInset}) {
            for (const double y : {p.y - kOutlineInset, p.y + kOutlineInset})
                edges.emplace_back(mm({x, y}));
        }
    }
    cv::convexHull(edges, hull_mm);
    cluster.hull_area_mm2 = cv::contourArea(hull_mm);
    for (const cv::Point2f& a : hull_mm) {
        for (const cv::Point2f& b : hull_mm)
            cluster.long_axis_mm = std::max(cluster.long_axis_mm, distance(a, b));
    }
}

}  // namespace

std::vector<std::vector<int>> single_linkage(const std::vector<cv::Point2d>& points,
                                             const ClusteringOptions& options) {
    std::vector<int> parent(points.size());
    std::iota(parent.begin(), parent.end(), 0);
    const std::function<int(int)> root = [&](int k) {
        while (parent[static_cast<std::size_t>(k)] != k) {
            k = parent[static_cast<std::size_t>(k)] =
                parent[static_cast<std::size_t>(parent[static_cast<std::size_t>(k)])];
        }
        return k;
    };
    // Sorted by x, only a short stretch of later points can be near.
    std::vector<int> order(points.size());
    std::iota(order.begin(), order.end(), 0);
    const auto at = [&](int k) -> const cv::Point2d& { return points[static_cast<std::size_t>(k)]; };
    std::sort(order.begin(), order.end(),
              [&](int a, int b) { return at(a).x < at(b).x || (at(a).x == at(b).x && a < b); });
    for (std::size_t i = 0; i < order.size(); ++i) {
        for (std::size_t j = i + 1;
             j < order.size() && at(order[j]).x - at(order[i]).x <= options.link_radius_mm; ++j) {
            if (distance(at(order[i]), at(order[j])) > options.link_radius_mm) continue;
            const int a = root(order[i]), b = root(order[j]);
            parent[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
        }
    }
    std::vector<std::vector<int>> groups(points.size());
    for (int k = 0; k < static_cast<int>(points.size()); ++k)
        groups[static_cast<std::size_t>(root(k))].push_back(k);
    std::erase_if(groups, [&](const auto& group) {
        return static_cast<int>(group.size()) < std::max(1, options.min_members);
    });
    return groups;
}

std::vector<std::vector<int>> group_grains(const std::vector<cv::Point2d>& points,
                                           const std::vector<double>& scores,
                                           const ClusteringOptions& options) {
    std::vector<std::vector<int>> groups = single_linkage(points, options);
    const auto sure = [&](const std::vector<int>& group) {
        std::vector<double> members;
        for (const int k : group)
            members.push_back(scores[static_cast<std::size_t>(k)]);
        return cluster_score(std::move(members), options) >= options.join_score;
    };
    const auto near = [&](const std::vector<int>& a, const std::vector<int>& b) {
        return std::any_of(a.begin(), a.end(), [&](int i) {
            return std::any_of(b.begin(), b.end(), [&](int j) {
                return distance(points[static_cast<std::size_t>(i)], points[static_cast<std::size_t>(j)]) <=
                       options.join_radius_mm;
            });
        });
    };
    for (std::size_t a = 0; a < groups.size(); ++a) {
        if (options.join_radius_mm <= 0 || !sure(groups[a])) continue;
        for (std::size_t b = a + 1; b < groups.size();) {
            if (!sure(groups[b]) || !near(groups[a], groups[b])) {
                ++b;
                continue;
            }
            groups[a].insert(groups[a].end(), groups[b].begin(), groups[b].end());
            std::sort(groups[a].begin(), groups[a].end());
            groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(b));
            b = a + 1;  // what was too far from the one may be near to the other
        }
    }
    return groups;
}

double cluster_score(std::vector<double> scores, const ClusteringOptions& options) {
    std::sort(scores.begin(), scores.end(), std::greater<>());
    const std::size_t count = std::min(scores.size(), static_cast<std::size_t>(options.score_members));
    return std::accumulate(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(count), 0.0) /
           options.score_members;
}

BreastFrame breast_frame(const WorkingImage& work) {
    const cv::Moments moments = cv::moments(work.mask, true);
    BreastFrame frame;
    frame.breast_area_mm2 = moments.m00 * work.spacing_mm * work.spacing_mm;
    if (moments.m00 == 0) return frame;
    // The chest wall is the side that the breast's mass lies nearer to.
    const bool wall_left = moments.m10 / moments.m00 < work.mask.cols / 2.0;
    std::vector<cv::Point> points;
    cv::findNonZero(work.mask, points);
    const auto furthest = std::max_element(
        points.begin(), points.end(),
        [&](const cv::Point& a, const cv::Point& b) { return wall_left ? a.x < b.x : a.x > b.x; });
    frame.nipple_mm = {(furthest->x + 0.5) * work.spacing_mm, (furthest->y + 0.5) * work.spacing_mm};
    return frame;
}

void describe_cluster(Cluster& cluster, int index, std::vector<Calcification>& calcifications,
                      const Mammogram& mammogram, const BreastFrame& frame) {
    const Millimetres mm{mammogram.column_spacing_mm, mammogram.row_spacing_mm};
    std::vector<cv::Point2d> points;
    std::vector<double> areas;
    const double n = static_cast<double>(cluster.members.size());
    for (const int member : cluster.members) {
        const Calcification& one = calcifications[static_cast<std::size_t>(member)];
        points.push_back(mm(one.centroid));
        areas.push_back(one.area_mm2);
        cluster.centroid.x += one.centroid.x / n;
        cluster.centroid.y += one.centroid.y / n;
    }
    const cv::Point2d centre = mm(cluster.centroid);
    for (std::size_t k = 0; k < points.size(); ++k) {
        Calcification& one = calcifications[static_cast<std::size_t>(cluster.members[k])];
        one.cluster = index;
        one.distance_to_cluster_centroid_mm = distance(points[k], centre);
    }
    measure_hull(cluster, calcifications, mm);
    const MeanSd area = mean_sd(areas), gap = mean_sd(nearest_distances(points));
    cluster.mean_area_mm2 = area.mean;
    cluster.sd_area_mm2 = area.sd;
    cluster.mean_distance_mm = gap.mean;
    cluster.sd_distance_mm = gap.sd;
    cluster.density = graph_density(points);
    cluster.coverage = cluster.hull_area_mm2 > 0 ? std::min(1.0, area.mean * n / cluster.hull_area_mm2) : 0;
    cluster.elongation = elongation_of(points);
    if (points.size() < 3) return;  // too few to have a distribution
    cluster.distribution_weights = distribution_weights(distribution_features(points, frame));
    cluster.distribution = likeliest(cluster.distribution_weights);
}

void measure_neighbours(std::vector<Calcification>& calcifications, const Mammogram& mammogram) {
    const Millimetres mm{mammogram.column_spacing_mm, mammogram.row_spacing_mm};
    std::vector<cv::Point2d> points;
    for (const Calcification& one : calcifications)
        points.push_back(mm(one.centroid));
    const std::vector<double> nearest = nearest_distances(points);
    for (std::size_t k = 0; k < points.size(); ++k)
        calcifications[k].nearest_neighbour_mm = nearest[k];
}

}  // namespace calcnode::pipeline

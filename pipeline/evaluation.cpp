#include "pipeline/evaluation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <opencv2/imgproc.hpp>

#include "pipeline/cv_image.h"
#include "pipeline/error.h"
#include "pipeline/evaluation_matching.h"

namespace calcnode::pipeline {

namespace {

constexpr double kLink_mm = 10;           // a group: within 1 cm
constexpr std::size_t kGrainsForHit = 3;  // Kallergi 1999
constexpr double kNeighbourLimit_mm = 14.142135623730951;
constexpr double kLeastArea = 0.5;
constexpr double kMostArea = 4;
constexpr double kCircleMargin_mm = 2;
constexpr double kCircleIou = 0.2;

/// A true cluster.
struct Group {
    bool counts = true;    // false: too small for the definition in use
    std::set<int> grains;  // empty for a circle
    double area_mm2 = 0;
    TruthCircle circle;  // mm
};

Point to_mm(Point pixel, const Mammogram& mammogram) {
    return {pixel.x * mammogram.column_spacing_mm, pixel.y * mammogram.row_spacing_mm};
}

std::vector<Group> groups_of(const Truth& truth, std::span<const Grain> grains, const Mammogram& mammogram,
                             int members) {
    std::vector<Group> groups;
    std::vector<Point> centroids;
    std::vector<int> labels;
    for (int g = 0; g < static_cast<int>(grains.size()); ++g) {
        if (grains[g].pixels == 0) continue;
        centroids.push_back(grains[g].centroid_mm);
        labels.push_back(g);
    }
    for (const std::vector<int>& linked : link_points(centroids, kLink_mm)) {
        if (linked.size() < kGrainsForHit) continue;
        Group group;
        group.counts = static_cast<int>(linked.size()) >= members;
        std::vector<Point> corners;
        for (const int i : linked) {
            group.grains.insert(labels[i]);
            const auto& more = grains[labels[i]].corners_mm;
            corners.insert(corners.end(), more.begin(), more.end());
        }
        group.area_mm2 = hull_area(corners);
        groups.push_back(std::move(group));
    }
    for (const TruthCircle& circle : truth.circles) {
        Group group;
        const double scale = 0.5 * (mammogram.column_spacing_mm + mammogram.row_spacing_mm);
        group.circle = {.centre = to_mm(circle.centre, mammogram), .radius = circle.radius * scale};
        groups.push_back(std::move(group));
    }
    return groups;
}

double greatest_neighbour_distance(const ImageFindings& findings, const Cluster& cluster,
                                   const Mammogram& mammogram) {
    double greatest = 0;
    for (const int i : cluster.members) {
        const Point a = to_mm(findings.calcifications[i].centroid, mammogram);
        double nearest = 1e9;
        for (const int j : cluster.members) {
            if (i == j) continue;
            const Point b = to_mm(findings.calcifications[j].centroid, mammogram);
            nearest = std::min(nearest, std::hypot(a.x - b.x, a.y - b.y));
        }
        greatest = std::max(greatest, nearest);
    }
    return greatest;
}

/// What is needed to judge one mark of an image.
struct Judge {
    const Mammogram& mammogram;
    const ImageFindings& findings;
    std::vector<int> grain_of_found;  // per calcification: the grain that it hit, or -1

    std::vector<Point> outline_mm(const Cluster& cluster) const {
        std::vector<Point> points;
        for (const Point& point : cluster.outline)
            points.push_back(to_mm(point, mammogram));
        return points;
    }

    bool fits(const Cluster& cluster, const Group& group) const {
        return group.grains.empty() ? fits_circle(cluster, group.circle) : fits_grains(cluster, group);
    }

    bool fits_circle(const Cluster& cluster, const TruthCircle& circle) const {
        const Point centroid = to_mm(cluster.centroid, mammogram);
        const double distance = std::hypot(centroid.x - circle.centre.x, centroid.y - circle.centre.y);
        if (distance <= circle.radius + kCircleMargin_mm) return true;
        return circle_overlap(outline_mm(cluster), circle.centre, circle.radius) >= kCircleIou;
    }

    bool fits_grains(const Cluster& cluster, const Group& group) const {
        const auto hits = std::count_if(cluster.members.begin(), cluster.members.end(), [&](int member) {
            return grain_of_found[member] >= 0 && group.grains.contains(grain_of_found[member]);
        });
        if (static_cast<std::size_t>(hits) < kGrainsForHit) return false;
        const double area = hull_area(outline_mm(cluster));
        if (area < kLeastArea * group.area_mm2 || area > kMostArea * group.area_mm2) return false;
        return greatest_neighbour_distance(findings, cluster, mammogram) < kNeighbourLimit_mm;
    }
};

std::vector<Mark> judge_marks(const Judge& judge, std::span<const Group> groups) {
    std::vector<const Cluster*> clusters;
    for (const Cluster& cluster : judge.findings.clusters)
        clusters.push_back(&cluster);
    std::stable_sort(clusters.begin(), clusters.end(),
                     [](const Cluster* a, const Cluster* b) { return a->score > b->score; });
    std::vector<bool> taken(groups.size(), false);
    std::vector<Mark> marks;
    for (const Cluster* cluster : clusters) {
        Mark mark{.score = cluster->score, .hit = false, .ignored = false};
        for (std::size_t g = 0; g < groups.size() && !mark.hit; ++g) {
            if (!judge.fits(*cluster, groups[g])) continue;
            mark.hit = groups[g].counts && !taken[g];
            mark.ignored = !mark.hit;
            taken[g] = true;
        }
        marks.push_back(mark);
    }
    return marks;
}

void compare_masks(const Image<std::uint16_t>& labels, const Image<std::uint16_t>& mask,
                   ImageCounts& counts) {
    double both = 0, ours = 0, theirs = 0;
    for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
        const bool found = i < labels.pixels.size() && labels.pixels[i] != 0;
        const bool true_ = mask.pixels[i] != 0;
        both += found && true_;
        ours += found;
        theirs += true_;
    }
    counts.dice = ours + theirs > 0 ? 2 * both / (ours + theirs) : 0;
    counts.iou = ours + theirs - both > 0 ? both / (ours + theirs - both) : 0;
}

}  // namespace

bool Truth::is_normal() const {
    return circles.empty() && std::all_of(mask.pixels.begin(), mask.pixels.end(),
                                          [](std::uint16_t label) { return label == 0; });
}

Image<std::uint16_t> label_regions(const Image<std::uint16_t>& mask) {
    cv::Mat foreground = view(mask) != 0;
    cv::Mat labels;
    const int count = cv::connectedComponents(foreground, labels, 8, CV_32S);
    if (count > 65536) throw Error(ErrorCode::bad_argument, "the mask has more than 65535 separate regions");
    labels.convertTo(labels, CV_16U);
    return copy_of<std::uint16_t>(labels);
}

ImageFindings at_operating_point(const ImageFindings& findings, double cluster_threshold,
                                 double lone_threshold) {
    ImageFindings result;
    result.sop_instance_uid = findings.sop_instance_uid;
    result.status = findings.status;
    result.reason = findings.reason;
    result.breast_area_cm2 = findings.breast_area_cm2;
    std::vector<int> new_cluster(findings.clusters.size(), -1);
    for (std::size_t c = 0; c < findings.clusters.size(); ++c) {
        if (findings.clusters[c].score < cluster_threshold) continue;
        new_cluster[c] = static_cast<int>(result.clusters.size());
        result.clusters.push_back(findings.clusters[c]);
    }
    std::vector<int> place(findings.calcifications.size(), -1);
    for (std::size_t i = 0; i < findings.calcifications.size(); ++i) {
        Calcification calcification = findings.calcifications[i];
        calcification.cluster = calcification.cluster < 0 ? -1 : new_cluster[calcification.cluster];
        if (calcification.cluster < 0 && calcification.score < lone_threshold) continue;
        place[i] = static_cast<int>(result.calcifications.size());
        result.calcifications.push_back(std::move(calcification));
    }
    for (Cluster& cluster : result.clusters) {
        for (int& member : cluster.members)
            member = place[member];
    }
    result.labels = findings.labels;
    for (std::uint16_t& label : result.labels.pixels) {
        if (label != 0) label = static_cast<std::uint16_t>(place[label - 1] + 1);
    }
    return result;
}

ImageCounts count_image(const Mammogram& mammogram, const ImageFindings& findings, const Truth& truth,
                        int members) {
    const bool has_mask = !truth.mask.empty();
    if (has_mask &&
        (truth.mask.rows != mammogram.pixels.rows || truth.mask.columns != mammogram.pixels.columns)) {
        throw Error(ErrorCode::bad_argument, "the truth's mask is " + std::to_string(truth.mask.rows) +
                                                 " x " + std::to_string(truth.mask.columns) + ", the image " +
                                                 std::to_string(mammogram.pixels.rows) + " x " +
                                                 std::to_string(mammogram.pixels.columns));
    }
    ImageCounts counts;
    counts.normal = truth.is_normal();
    counts.breast_cm2 = findings.breast_area_cm2;
    counts.has_mask = has_mask;
    Judge judge{mammogram, findings, std::vector<int>(findings.calcifications.size(), -1)};
    std::vector<Grain> grains;
    if (has_mask) {
        grains = grains_of(truth.mask, mammogram);
        for (const GrainMatch& match : match_grains(mammogram, findings, truth.mask, grains)) {
            judge.grain_of_found[match.found] = match.grain;
            ++counts.grains_found;
            counts.object_iou += match.iou;
        }
        counts.grains = static_cast<int>(
            std::count_if(grains.begin(), grains.end(), [](const Grain& grain) { return grain.pixels > 0; }));
        counts.false_grains = static_cast<int>(findings.calcifications.size()) - counts.grains_found;
        if (counts.grains > 0) compare_masks(findings.labels, truth.mask, counts);
    }
    const std::vector<Group> groups = groups_of(truth, grains, mammogram, members);
    counts.groups = static_cast<int>(
        std::count_if(groups.begin(), groups.end(), [](const Group& group) { return group.counts; }));
    counts.marks = judge_marks(judge, groups);
    return counts;
}

}  // namespace calcnode::pipeline

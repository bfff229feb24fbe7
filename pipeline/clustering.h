// Groups grains into clusters, scores and measures them. Pure; any thread.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/candidates.h"
#include "pipeline/distribution.h"
#include "pipeline/findings.h"

namespace calcnode::pipeline {

struct ClusteringOptions {
    double link_radius_mm = 7;  // grains nearer than this belong together (single linkage)
    int min_members = 3;
    int score_members = 5;  // the score is the mean of this many best grains; missing ones count 0
};

/// Indices into `points`, one list a group of at least min_members; each ascending, groups by their first
/// member.
std::vector<std::vector<int>> single_linkage(const std::vector<cv::Point2d>& points,
                                             const ClusteringOptions& options);

/// The mean of the best options.score_members scores.
double cluster_score(std::vector<double> scores, const ClusteringOptions& options);

BreastFrame breast_frame(const WorkingImage& work);

/// Fills everything in `cluster` but members and score, and the members' cluster fields.
void describe_cluster(Cluster& cluster, int index, std::vector<Calcification>& calcifications,
                      const Mammogram& mammogram, const BreastFrame& frame);

/// Fills nearest_neighbour_mm of all calcifications.
void measure_neighbours(std::vector<Calcification>& calcifications, const Mammogram& mammogram);

}  // namespace calcnode::pipeline

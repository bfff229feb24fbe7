// Groups grains into clusters, scores and measures them. Pure; any thread.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/candidates.h"
#include "pipeline/distribution.h"
#include "pipeline/findings.h"

namespace calcnode::pipeline {

struct ClusteringOptions {
    double link_radius_mm = 5;  // grains nearer than this belong together (single linkage)
    int min_members = 3;
    int score_members = 5;       // the score is the mean of this many best grains; missing ones count 0
    double join_radius_mm = 10;  // groups of join_score or more that come nearer than this are one; 0: never
    double join_score = 0.9;     // 0..1
};

/// Indices into `points`, one list a group of at least min_members; each ascending, groups by their first
/// member.
std::vector<std::vector<int>> single_linkage(const std::vector<cv::Point2d>& points,
                                             const ClusteringOptions& options);

/// single_linkage, and then groups that are sure by themselves joined over the wider options.join_radius_mm,
/// as calcifications along a duct or in a segment lie: a lone speck is not drawn in from so far. `scores`: of
/// each point, 0..1. The order is as single_linkage's.
std::vector<std::vector<int>> group_grains(const std::vector<cv::Point2d>& points,
                                           const std::vector<double>& scores,
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

// Names how a cluster's grains are distributed, as BI-RADS does, by measured rules: a soft label, never an
// assessment. Pure; any thread.
#pragma once

#include <numbers>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/findings.h"

namespace calcnode::pipeline {

/// What a cluster is compared with. Millimetres from the image's top left corner.
struct BreastFrame {
    double breast_area_mm2 = 0;  // 0: not known, and neither is the nipple
    cv::Point2d nipple_mm;       // the point of the breast furthest from the chest wall: a guess
};

/// What the rules look at, of the grains that are left without stragglers: those whose second nearest
/// neighbour is more than three times as far away as usual in this cluster.
struct DistributionFeatures {
    int grains = 0;
    double long_axis_mm = 0;  // between the two centroids furthest apart
    double elongation = 1;    // ratio of the principal axes of the centroids
    double local_width = 1;   // that ratio the other way up, of a grain and its six nearest: the median
    double turn = std::numbers::pi / 4;  // from the long axis to the nipple's direction, 0..pi/2; neither
                                         // way when the nipple is not known
    double narrowing = 0;     // towards the nipple, -1..1: minus the correlation of the distance along its
                              // direction with that to either side
    double tail = 0;          // skewness along that direction: above 0 when fewer grains are near the nipple
    double breast_share = 0;  // hull of the centroids / breast
};

/// Ratio of the principal axes of the points' scatter, 1..100; 1 when they are all in one place.
double elongation_of(const std::vector<cv::Point2d>& points);

/// `points_mm`: centroids; at least three.
DistributionFeatures distribution_features(const std::vector<cv::Point2d>& points_mm,
                                           const BreastFrame& frame);

/// How well each distribution fits; sums to 1, unknown has 0.
DistributionWeights distribution_weights(const DistributionFeatures& features);

/// The one that fits best; unknown when all weights are 0.
Distribution likeliest(const DistributionWeights& weights);

}  // namespace calcnode::pipeline

// What a cluster of the phantom is like and where its grains lie, before anything is rendered. Millimetres
// from the picture's top left corner, chest wall at the left edge. Private to pipeline/phantom*; pure
// functions of their arguments and the generator handed over.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/phantom.h"
#include "pipeline/phantom_random.h"
#include "pipeline/phantom_stamp.h"

namespace calcnode::pipeline::phantom {

inline constexpr int kMostGrains = 200;
inline constexpr int kLeastGrains = 3;

/// What one cluster's grains have in common.
struct ClusterPlan {
    Distribution distribution = Distribution::grouped;
    Morphology morphology = Morphology::round;
    int grains = 0;  // kLeastGrains..kMostGrains
    cv::Point2d centre_mm;
    double towards_nipple = 0;  // direction, radians
    double extent_mm = 0;       // radius, or half the length
    double flatness = 1;        // short axis / long axis
    double tilt = 0;
    double bend = 0;       // of a line, share of its half length
    int branches = 0;      // of a line
    double fork = 0;       // where it branches, -1..1 along the line
    double radius_mm = 0;  // median grain
    double spread = 0;     // of the logarithm of the radius
    double contrast = 0;   // median grain's, as in ClusterVisibility
    double irregular = 0;
};

/// `size_scale` 1: a breast of real size; smaller pictures get smaller clusters. The centre and the direction
/// to the nipple are left to the caller.
ClusterPlan draw_plan(double size_scale, const ClusterVisibility& visibility, Random& random);

/// One grain of it: place and form; its thickness is left open.
GrainShape draw_grain(const ClusterPlan& plan, Random& random);

/// Half of its longest extent, mm.
double reach_of(const GrainShape& shape);

/// True when the two leave at least `gap_mm` between them.
bool are_apart(const GrainShape& one, const GrainShape& other, double gap_mm);

}  // namespace calcnode::pipeline::phantom

// The geometry of counting: linking points to groups, matching found to true grains. Internal to pipeline/;
// pure.
#pragma once

#include <map>
#include <span>
#include <utility>
#include <vector>

#include "pipeline/evaluation.h"

namespace calcnode::pipeline {

/// Single linkage: points (mm) that are joined by steps of at most `link_mm`. Groups by their lowest index.
std::vector<std::vector<int>> link_points(std::span<const Point> points, double link_mm);

/// A true grain.
struct Grain {
    Point centroid_mm;
    int pixels = 0;
    std::vector<Point> corners_mm;  // of its pixels: what the hull is made of
};

/// Grain k+1 of the mask is element k; labels that do not occur have no pixels.
std::vector<Grain> grains_of(const Image<std::uint16_t>& mask, const Mammogram& mammogram);

/// How the regions of a label image lie on the truth's mask.
struct RegionTable {
    std::vector<int> sizes;                        // pixels of region k (label k+1)
    std::map<std::pair<int, int>, int> in_common;  // (region, grain), both 0-based -> pixels
};

struct GrainMatch {
    int found = 0;  // index into ImageFindings::calcifications
    int grain = 0;  // index into the grains
    double iou = 0;
};

enum class MatchOrder { best_overlap, found };

/// One to one: best overlap first, then nearest; or the found ones in their order, each to the best that is
/// free. Found k is region k of the table, which may have more.
std::vector<GrainMatch> match_grains(std::span<const Point> found_mm, const RegionTable& table,
                                     std::span<const Grain> grains, MatchOrder order);

/// mm2; 0 for less than three points.
double hull_area(std::span<const Point> points_mm);

/// Intersection over union of a polygon and a circle, both in mm.
double circle_overlap(std::span<const Point> polygon_mm, Point centre_mm, double radius_mm);

}  // namespace calcnode::pipeline

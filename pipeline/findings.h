// What the pipeline found in one image. Value types; coordinates are those of PS3.3 C.18.6 (SCOORD):
// x is the column, y the row, (0,0) the top left corner of the top left pixel, its centre (0.5,0.5).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/image.h"

namespace calcnode::pipeline {

struct Point {
    double x = 0;
    double y = 0;
    bool operator==(const Point&) const = default;
};

/// One calcification: a connected region of the segmentation mask.
struct Calcification {
    Point centroid;
    std::vector<Point> outline;  // closed polyline (first point repeated), at most 100 points
    double score = 0;            // 0..1, the network's confidence
    double area_mm2 = 0;
    double perimeter_mm = 0;
    double circularity = 0;  // 4 pi A / p^2
    double major_axis_mm = 0;
    double minor_axis_mm = 0;
    double eccentricity = 0;
    double contrast = 0;                         // relative to the surrounding ring
    double nearest_neighbour_mm = 0;             // 0 when it is alone
    double distance_to_cluster_centroid_mm = 0;  // 0 when it is in no cluster
    int cluster = -1;                            // index into ImageFindings::clusters, -1: in none
};

/// BI-RADS distribution (PS3.16 CID 6012); a soft label, never an assessment.
enum class Distribution : std::uint8_t { unknown, diffuse, regional, grouped, linear, segmental };

struct Cluster {
    std::vector<int> members;    // indices into ImageFindings::calcifications
    Point centroid;              // mean of the members' centroids
    std::vector<Point> outline;  // convex hull of the members' outlines, closed polyline, at most 100 points
    double score = 0;            // 0..1
    Distribution distribution = Distribution::unknown;
    double hull_area_mm2 = 0;
    double long_axis_mm = 0;
    double density = 0;     // 2E / (n (n-1)) on the proximity graph
    double coverage = 0;    // sum of member areas / hull area
    double elongation = 0;  // ratio of the principal axes of the centroids, >= 1
    double mean_area_mm2 = 0;
    double sd_area_mm2 = 0;
    double mean_distance_mm = 0;  // nearest-neighbour distance between members
    double sd_distance_mm = 0;
};

enum class ImageStatus : std::uint8_t { analysed, failed, not_attempted };

/// What image_quality.h measures of a picture, to tell whether the model was made for it. All 0: not
/// measured.
struct ImageQuality {
    double row_spacing_mm = 0;
    double column_spacing_mm = 0;
    double breast_area_cm2 = 0;
    double grey_levels = 0;  // different values in the breast
    double noise = 0;  // pixel to pixel at the working spacing, over the contrast (5 % to 95 % of the breast)
    double flat = 0;   // part of the breast's pixels that equal both neighbours in their row
    double edges = 0;  // 99 % of the steps on a 0.5 mm grid inside the skin are smaller, over the contrast
    double solidity = 0;  // the breast's area over that of its convex hull
    double extent = 0;    // ... and over that of its upright box
};

struct ImageFindings {
    std::string sop_instance_uid;
    ImageStatus status = ImageStatus::not_attempted;
    std::string reason;  // why it failed or was not attempted: one line, no patient data
    std::vector<Calcification> calcifications;  // by score, descending
    std::vector<Cluster> clusters;              // by score, descending
    /// rows x columns of the source: 0 background, k+1 the pixels of calcifications[k]. Empty unless
    /// analysed.
    Image<std::uint16_t> labels;
    /// rows x columns of the source: the Segmentator's probability of calcification, 255 for 1, and 0 where the
    /// Detector suspected nothing. Empty unless AnalyserOptions::probability_map asked for it and there are
    /// clusters.
    Image<std::uint8_t> probability;
    double breast_area_cm2 = 0;
    ImageQuality quality;
};

/// Which model made the findings: goes into the algorithm identification and the result UIDs.
struct ModelIdentity {
    std::string name;
    std::string version;
    std::string digest;  // SHA-256 over the model folder's manifest, hex
};

}  // namespace calcnode::pipeline

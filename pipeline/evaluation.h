// Counts findings against truth: which mark hit what, and how sure the figures are. Knows no DICOM and no
// files. Pure functions; any thread.
//
// The counting of the literature, so that figures can be compared:
//
// - Group: true grains linked over at most 1 cm. It counts when it has `members` or more (BI-RADS: 5, others:
//   3); a mark on a smaller one (of 3 or more) counts neither way.
// - Mark: each of the algorithm's clusters, however few its members: that is what a reader is shown.
// - Cluster hit, mask truth (Kallergi 1999): 3 or more of the group's grains found by the mark's members,
//   each member's nearest neighbour under sqrt(2) cm, hull area between 50 % and 400 % of the group's.
// - Cluster hit, circle truth: the mark's centroid in the circle grown by 2 mm, or IoU of hull and circle at
//   least 0.2.
// - One mark, one hit, by descending score; a further mark on a group that is hit counts neither way.
// - Grain hit, mask truth only: centroids within 0.35 mm, or IoU at least 0.3; one to one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pipeline/findings.h"
#include "pipeline/mammogram.h"

namespace calcnode::pipeline {

struct TruthCircle {
    Point centre;  // pixels, as in pipeline/findings.h
    double radius = 0;
};

struct Truth {
    Image<std::uint16_t> mask;  // rows x columns of the image: 0 background, k grain k; empty: none known
    std::vector<TruthCircle> circles;  // where only regions are known

    /// No calcification is known in the image.
    bool is_normal() const;
};

/// Connected regions of a mask that does not tell grains apart, each with a label of its own (8-neighbours).
Image<std::uint16_t> label_regions(const Image<std::uint16_t>& mask);

/// One of the algorithm's clusters.
struct Mark {
    double score = 0;
    bool hit = false;
    bool ignored = false;  // fits a group that a better mark has hit, or one too small to count
};

struct ImageCounts {
    std::string patient;
    bool normal = false;
    int groups = 0;           // true clusters that count
    std::vector<Mark> marks;  // by score, descending
    double breast_cm2 = 0;

    // Mask truth only
    bool has_mask = false;
    int grains = 0;
    int grains_found = 0;
    int false_grains = 0;
    double dice = 0;  // of the two masks' foregrounds; with true grains only
    double iou = 0;
    double object_iou = 0;  // sum over the grains that were found
};

/// The findings as they are at an operating point: clusters scored `cluster_threshold` or more, their
/// calcifications, and lone ones scored `lone_threshold` or more; numbered anew.
ImageFindings at_operating_point(const ImageFindings& findings, double cluster_threshold,
                                 double lone_threshold);

/// `members`: how many true grains make a group. Throws Error bad_argument when the truth's mask is not of
/// the image's size.
ImageCounts count_image(const Mammogram& mammogram, const ImageFindings& findings, const Truth& truth,
                        int members);

/// A figure and its 95 % bootstrap interval by patient; unknown when there is nothing to divide by.
struct Estimate {
    double value = 0;
    double low = 0;
    double high = 0;
    bool known = false;
};

struct FrocPoint {
    double allowed = 0;  // false positives an image
    double threshold = 0;
    Estimate sensitivity;
    Estimate false_per_image;
};

struct Summary {
    int images = 0;
    int normal_images = 0;
    int patients = 0;
    int groups = 0;
    int grains = 0;
    Estimate sensitivity;           // of clusters
    Estimate false_per_normal;      // cluster marks on normal images
    Estimate false_per_other;       // on images with findings
    Estimate grain_sensitivity;     // mask truth, from here on
    Estimate false_grains_per_cm2;  // of breast
    Estimate false_grains_per_image;
    Estimate dice;
    Estimate iou;
    Estimate object_iou;
    /// Over the cluster score; false positives are those on normal images, or on all images when none is
    /// normal.
    std::vector<FrocPoint> froc;
};

struct SummaryOptions {
    double threshold = 0;  // marks with a lower score are not counted (apart from the FROC)
    int resamples = 1000;
    std::uint64_t seed = 1;
};

Summary summarise(std::span<const ImageCounts> images, const SummaryOptions& options);

/// The same images counted at one setting of an algorithm's own threshold, for algorithms whose clusters
/// change with it.
struct SweepStep {
    double threshold = 0;
    std::vector<ImageCounts> images;
};

/// A FROC over the steps, which must come with rising thresholds: for each allowed rate the most sensitive
/// step.
std::vector<FrocPoint> sweep_froc(std::span<const SweepStep> steps, const SummaryOptions& options);

/// False positives an image at which a FROC is read.
inline constexpr double kFrocAllowed[] = {0.05, 0.1, 0.2, 0.5, 1, 2, 4};

}  // namespace calcnode::pipeline

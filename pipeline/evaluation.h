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
    bool somewhere = false;            // there are calcifications, nobody says where: counts for the ROC only

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
    int cluster = -1;      // index into ImageFindings::clusters
    int group = -1;        // the group that it hit, index into TruthCounter::groups(); -1: none
};

/// One of the algorithm's calcifications, for the FROC of grains.
struct GrainMark {
    float score = 0;
    bool hit = false;
};

struct ImageCounts {
    std::string patient;
    bool normal = false;
    int groups = 0;           // true clusters that count
    std::vector<Mark> marks;  // by score, descending
    double score = 0;         // of the image as a whole: its best mark's, 0 without one
    double breast_cm2 = 0;

    // Mask truth only
    bool has_mask = false;
    int grains = 0;
    int grains_found = 0;
    int false_grains = 0;
    double dice = 0;  // of the two masks' foregrounds; with true grains only
    double iou = 0;
    double object_iou = 0;  // sum over the grains that were found
    double pixels = 0;      // of the image; the next three: marked by both, by us, by the truth
    double pixels_both = 0;
    double pixels_found = 0;
    double pixels_true = 0;
    /// By score, descending. Each takes the best grain that is still free, so that counting down to any
    /// score is one to one; `grains_found` takes the best overlaps first.
    std::vector<GrainMark> grain_marks;
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
    double allowed = 0;  // false positives an image, or a cm2
    double threshold = 0;
    Estimate sensitivity;
    Estimate false_per_image;  // or a cm2
};

struct RocPoint {
    double false_positive_rate = 0;
    Estimate sensitivity;
};

/// Of images: does one hold calcifications, by its score. A tie counts half.
struct Roc {
    int positive = 0;
    int negative = 0;
    Estimate area;
    std::vector<RocPoint> points;  // at rising rates from 0 to 1
};

/// What is needed to draw the curves: as in Summary, at more rates.
struct Curves {
    std::vector<FrocPoint> clusters;
    std::vector<FrocPoint> grains_per_cm2;
    std::vector<FrocPoint> grains_per_image;
    Roc images;
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
    // Masks. Means are over images; pooled figures are over all pixels, or all found grains, alike.
    Estimate dice;
    Estimate iou;
    Estimate object_iou;  // pooled
    Estimate dice_pooled;
    Estimate iou_pooled;
    Estimate object_iou_mean;
    // Pixels of the whole picture, the breast and what is round it. An empty mask scores
    // `empty_mask_accuracy`: these figures say little.
    Estimate pixel_accuracy;  // pooled
    Estimate pixel_accuracy_mean;
    Estimate pixel_false_rate;  // pooled
    Estimate pixel_false_rate_mean;
    Estimate empty_mask_accuracy;
    /// Over the cluster score; false positives are those on normal images, or on all images when none is
    /// normal.
    std::vector<FrocPoint> froc;
    // Over the calcification's score, on images with a mask
    std::vector<FrocPoint> grain_froc_cm2;
    std::vector<FrocPoint> grain_froc_image;
    Estimate area_under_roc;  // of images
};

struct SummaryOptions {
    double threshold = 0;  // marks with a lower score are not counted (apart from the FROC)
    int resamples = 1000;
    std::uint64_t seed = 1;
};

Summary summarise(std::span<const ImageCounts> images, const SummaryOptions& options);

/// The part of Summary that a row of a table of strata needs; the rest is left as it is.
Summary summarise_clusters(std::span<const ImageCounts> images, const SummaryOptions& options);

/// Cluster sensitivity in `images` less that in `reference`. A patient's images are drawn together, in
/// whichever of the two they are.
Estimate sensitivity_difference(std::span<const ImageCounts> images, std::span<const ImageCounts> reference,
                                const SummaryOptions& options);

Curves curves_of(std::span<const ImageCounts> images, const SummaryOptions& options);

/// The same images counted at one setting of an algorithm's own threshold, for algorithms whose clusters
/// change with it.
struct SweepStep {
    double threshold = 0;
    std::vector<ImageCounts> images;
};

/// A FROC over the steps, which must come with rising thresholds: for each allowed rate the most sensitive
/// step.
std::vector<FrocPoint> sweep_froc(std::span<const SweepStep> steps, const SummaryOptions& options);
/// The same at rates enough to draw it.
std::vector<FrocPoint> sweep_curve(std::span<const SweepStep> steps, const SummaryOptions& options);

/// False positives an image at which a FROC is read; of calcifications, and a cm2 of breast.
inline constexpr double kFrocAllowed[] = {0.05, 0.1, 0.2, 0.5, 1, 2, 4};
inline constexpr double kGrainsAllowed[] = {1, 2, 5, 10, 20, 50, 100};
inline constexpr double kGrainsAllowed_cm2[] = {0.05, 0.1, 0.2, 0.4, 0.8, 1.6};

}  // namespace calcnode::pipeline

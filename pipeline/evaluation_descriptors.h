// Where the truth says more than which pixels: how well found clusters are described, which kinds of clusters
// are found, and on what false marks lie. Pure; any thread.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "pipeline/evaluation.h"
#include "pipeline/evaluation_counter.h"

namespace calcnode::pipeline {

/// A cluster as its maker describes it.
struct DescribedCluster {
    std::set<int> grains;  // labels in Truth::mask
    int number = 0;
    double hull_area_mm2 = 0;
    std::string distribution;  // as to_string(Distribution)
    std::string morphology;
};

struct ClusterDetail {
    std::string distribution;  // the true ones
    std::string morphology;
    bool hit = false;
    // Of a hit one only:
    double number_error = 0;  // found less true, over true
    double area_error = 0;
    bool distribution_right = false;
};

/// What is known of an image's clusters and false marks.
struct ImageDetails {
    bool known = false;
    std::vector<ClusterDetail> clusters;
    std::vector<int> false_marks;  // what each lies on: a value of Distractor, 0 for none
};

/// `marks` are those of `findings`, and all of them count; `groups` are those that they were judged by. A
/// group of several described clusters says nothing of one of them and is left out.
std::vector<ClusterDetail> cluster_details(const ImageFindings& findings, std::span<const Mark> marks,
                                           std::span<const TrueGroup> groups,
                                           std::span<const DescribedCluster> described);

/// For each false mark the kind that most of its calcifications touch (their pixels, or within 0.35 mm of
/// their centroid); 0 when that is less than half of them. `kinds` is of the image's size.
std::vector<int> kinds_of_false_marks(const Mammogram& mammogram, const ImageFindings& findings,
                                      std::span<const Mark> marks, const Image<std::uint16_t>& kinds);

struct KindOfCluster {
    std::string name;
    int clusters = 0;
    Estimate sensitivity;
};

struct KindOfFalseMark {
    int kind = 0;  // a value of Distractor
    int marks = 0;
    Estimate per_image;
};

struct DetailsSummary {
    int images = 0;  // that say anything
    int hits = 0;
    Estimate number_error_median;
    Estimate number_error_mean;  // absolute
    Estimate area_error_median;
    Estimate area_error_mean;  // absolute
    Estimate distribution_right;
    std::vector<KindOfCluster> by_morphology;  // by name
    std::vector<KindOfCluster> by_distribution;
    std::vector<KindOfFalseMark> false_marks;  // by kind; those that occur
};

/// `details[k]` is of `images[k]`, which give the patients.
DetailsSummary summarise_details(std::span<const ImageCounts> images, std::span<const ImageDetails> details,
                                 const SummaryOptions& options);

}  // namespace calcnode::pipeline

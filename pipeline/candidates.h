// From the networks' probabilities to candidate grains on the working grid, and from the chosen ones to
// calcifications measured on the source's own pixels. Pure; any thread.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/findings.h"
#include "pipeline/working_image.h"

namespace calcnode::pipeline {

/// A connected region of the working-grid mask.
struct Candidate {
    int label = 0;            // in CandidateMap::labels
    cv::Rect box;             // working pixels
    cv::Point2d centroid_mm;  // from the image's top left corner
    double score = 0;         // 0..1
    double area_mm2 = 0;
};

struct CandidateMap {
    cv::Mat probability;  // CV_32F
    cv::Mat labels;       // CV_32S
    double threshold = 0.5;
    std::vector<Candidate> candidates;
};

struct CandidateOptions {
    double threshold = 0.7;  // on the segmentator's probability
    double largest_mm2 = 8;  // what is larger is no microcalcification
};

CandidateMap find_candidates(const cv::Mat& probability, const WorkingImage& work,
                             const CandidateOptions& options);

/// The pixels of the chosen candidates at the source's size: k+1 for chosen[k]. Each has at least one pixel:
/// a candidate that has none of its own on a coarse source is taken out of `chosen`.
Image<std::uint16_t> labels_on_source(const CandidateMap& map, std::vector<Candidate>& chosen,
                                      const WorkingImage& work, const Mammogram& mammogram);

/// The probabilities at the source's size, interpolated as for its pixels' labels; 255 for 1.
Image<std::uint8_t> probability_on_source(const CandidateMap& map, const WorkingImage& work,
                                          const Mammogram& mammogram);

/// Measures each labelled region; nearest neighbour and cluster fields are filled in later. calcifications[k]
/// has the score of chosen[k].
std::vector<Calcification> measure_calcifications(const Image<std::uint16_t>& labels,
                                                  const std::vector<Candidate>& chosen,
                                                  const Mammogram& mammogram);

}  // namespace calcnode::pipeline

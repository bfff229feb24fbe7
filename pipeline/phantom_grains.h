// The phantom's calcifications: clusters (the truth) and what is mistaken for them. Full resolution, chest
// wall at the left edge. Private to pipeline/phantom*.
#pragma once

#include <cstdint>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/phantom.h"
#include "pipeline/phantom_anatomy.h"
#include "pipeline/phantom_traits.h"

namespace calcnode::pipeline::phantom {

struct Grains {
    cv::Mat1f calcium_mm;                  // thickness of calcification material, effective; full resolution
    cv::Mat1w truth;                       // labels of the cluster grains
    cv::Mat1b distractors;                 // values of Distractor
    std::vector<PhantomCluster> clusters;  // centroids in pixel coordinates (PS3.3 C.18.6), chest wall left
};

/// Throws Error bad_argument when `clusters` do not fit.
Grains make_grains(const Frame& frame, const ExamTraits& exam, const Anatomy& anatomy, int clusters,
                   Random& random);

}  // namespace calcnode::pipeline::phantom

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

/// A pixel of the detector that is not what it should be.
struct Defect {
    cv::Point at;
    float gain = 1;
};

struct Grains {
    cv::Mat1f calcium_mm;   // thickness of calcification material, effective; full resolution
    cv::Mat1w truth;        // labels of the cluster grains
    cv::Mat1b distractors;  // values of Distractor
    std::vector<Defect> defects;
    std::vector<PhantomCluster> clusters;  // centroids in pixel coordinates (PS3.3 C.18.6), chest wall left
};

/// What calcifications are put into. Keeps references.
struct Scene {
    const Frame& frame;
    const ExamTraits& exam;
    const Anatomy& anatomy;
    const ClusterVisibility& visibility;
    std::uint64_t distractor_seed = 0;
    std::uint64_t distractor_stream = 0;  // each kind has a stream of its own from here on
};

/// The clusters and, far from them, the distractors. Throws Error bad_argument when `clusters` do not fit.
Grains make_grains(const Scene& scene, int clusters, Random& random);

}  // namespace calcnode::pipeline::phantom

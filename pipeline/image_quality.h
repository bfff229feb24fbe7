// Is this picture of the kind that the model was made for? Measures what can be measured without a network,
// and compares it with the domain that the model's manifest states. Pure; any thread.
#pragma once

#include <string>

#include "pipeline/findings.h"
#include "pipeline/mammogram.h"

namespace calcnode::pipeline {

struct WorkingImage;

struct Range {
    double least = 0;
    double most = 0;
    bool holds(double value) const { return value >= least && value <= most; }
};

/// What a model was made for. The defaults are wide: they let pass every mammogram that this project has, and
/// stop what is plainly something else; a manifest may narrow them.
struct Domain {
    Range spacing_mm{0.04, 0.21};
    Range breast_area_cm2{8, 700};
    Range grey_levels{40, 65536};
    Range noise{0, 0.1};
    Range flat{0, 0.75};
    Range edges{0, 0.42};
    Range solidity{0.78, 1};
    Range extent{0.3, 0.97};
};

ImageQuality image_quality(const Mammogram& mammogram, const WorkingImage& work);

/// Empty, or in one line which measures are outside `domain`, with their values and limits; no patient data.
std::string out_of_domain(const ImageQuality& quality, const Domain& domain);

}  // namespace calcnode::pipeline

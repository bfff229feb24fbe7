// Rows of figures by kind of image: density, spacing, device and so on. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pipeline/evaluation.h"

namespace calcnode::service {

/// One method's images, in the order of the cases, and the threshold that its marks are counted at.
struct MethodImages {
    std::vector<pipeline::ImageCounts> images;
    double threshold = 0;
};

struct Stratum {
    std::string value;
    int images = 0;
    int normal_images = 0;
    std::vector<pipeline::Summary> methods;          // clusters only; in the order of the methods
    std::vector<pipeline::Estimate> less_reference;  // sensitivity less the reference row's; or empty
};

struct StrataTable {
    std::string name;
    std::vector<Stratum> rows;  // by value
};

/// What one image belongs to, in the order of kStrataNames; empty: not known.
using Traits = std::vector<std::string>;
inline constexpr const char* kStrataNames[] = {"density", "spacing", "intent",
                                               "device",  "medium",  "condition"};

/// A table for each of kStrataNames that takes more than one value. The rows of "condition" are compared with
/// the condition `reference`, or the empty one.
std::vector<StrataTable> strata_of(std::span<const Traits> traits, std::span<const MethodImages> methods);

}  // namespace calcnode::service

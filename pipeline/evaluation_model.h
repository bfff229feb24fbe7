// What measuring needs to know of a model: its name and where it works. Any thread.
#pragma once

#include <filesystem>
#include <string>

namespace calcnode::pipeline {

struct ModelOperatingPoint {
    std::string model;  // name and version
    double cluster_threshold = 0;
    double lone_calcification_threshold = 0;
};

/// Throws Error model_not_found or model_damaged.
ModelOperatingPoint operating_point_of(const std::filesystem::path& model_folder);

}  // namespace calcnode::pipeline

// `calcnode analyze`: the worker's work once, on files, with no journal and no network.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.h"

namespace calcnode::service {

struct AnalyzeOptions {
    std::vector<std::string> paths;
    std::filesystem::path out;
    std::vector<std::string> kinds;  // of result objects, as dicom::to_string() names them; empty: all
};

/// Prints a table of the images; returns 0, or 1 when a file could not be read or an image could not be
/// analysed. Throws pipeline::Error (model) and dicom::Error (results cannot be written).
int run_analyze(const config::Config& config, const AnalyzeOptions& options);

}  // namespace calcnode::service

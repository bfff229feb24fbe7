// The models that are installed side by side, one a folder, and which of them is meant. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/findings.h"

namespace calcnode::pipeline {

struct InstalledModel {
    std::filesystem::path folder;
    ModelIdentity identity;  // of the manifest; empty when it cannot be read
    std::string trouble;     // why it cannot be used; the networks' digests are checked when it is opened
};

/// Every folder below `models_folder` that holds a manifest, by name, then version. Empty when there is none.
std::vector<InstalledModel> installed_models(const std::filesystem::path& models_folder);

/// The folder of the one model of that name, and of that version unless it is empty; a folder's own name does
/// not matter. Throws Error model_not_found, naming what is installed, when none or more than one is meant.
std::filesystem::path find_model(const std::filesystem::path& models_folder, const std::string& name,
                                 const std::string& version);

}  // namespace calcnode::pipeline

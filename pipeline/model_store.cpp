#include "pipeline/model_store.h"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <tuple>

#include "pipeline/error.h"
#include "pipeline/model_folder.h"

namespace calcnode::pipeline {
namespace {

std::string listed(const std::vector<InstalledModel>& models) {
    std::string text;
    for (const InstalledModel& model : models) {
        text += text.empty() ? "" : ", ";
        text += model.trouble.empty() ? model.identity.name + " " + model.identity.version
                                      : model.folder.filename().string() + " (unreadable)";
    }
    return text.empty() ? "none" : text;
}

}  // namespace

std::vector<InstalledModel> installed_models(const std::filesystem::path& models_folder) {
    std::vector<InstalledModel> models;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(models_folder, ignored)) {
        if (!std::filesystem::is_regular_file(entry.path() / "manifest.json", ignored)) continue;
        InstalledModel model{.folder = entry.path()};
        try {
            model.identity = read_manifest(entry.path()).identity;
        } catch (const Error& error) {
            model.trouble = error.what();
        }
        models.push_back(std::move(model));
    }
    std::sort(models.begin(), models.end(), [](const InstalledModel& a, const InstalledModel& b) {
        return std::tie(a.identity.name, a.identity.version, a.folder) <
               std::tie(b.identity.name, b.identity.version, b.folder);
    });
    return models;
}

std::filesystem::path find_model(const std::filesystem::path& models_folder, const std::string& name,
                                 const std::string& version) {
    const std::vector<InstalledModel> models = installed_models(models_folder);
    std::vector<InstalledModel> meant;
    std::copy_if(models.begin(), models.end(), std::back_inserter(meant), [&](const InstalledModel& model) {
        return model.identity.name == name && (version.empty() || model.identity.version == version);
    });
    if (meant.size() == 1) return meant.front().folder;
    const std::string wanted = "model " + name + (version.empty() ? "" : " version " + version);
    if (meant.empty()) {
        throw Error(ErrorCode::model_not_found,
                    "no " + wanted + " in " + models_folder.string() + "; installed: " + listed(models));
    }
    throw Error(ErrorCode::model_not_found,
                "more than one " + wanted + " in " + models_folder.string() + " (" + listed(meant) +
                    "): " + (version.empty() ? "name its version" : "remove one of them"));
}

}  // namespace calcnode::pipeline

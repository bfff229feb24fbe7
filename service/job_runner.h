// One job's work, the same for a worker and for `calcnode analyze`: decode, analyse, write the result
// objects. Used by one thread at a time (it owns the networks).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "dicom/result_writers.h"
#include "pipeline/analyser.h"
#include "service/result_plan.h"
#include "service/shadow_model.h"
#include "service/types.h"

namespace calcnode::service {

/// Where models are installed: analysis.models_folder, or share/calcnode/models beside the binary's folder.
std::filesystem::path models_folder(const config::Config& config);

/// The folder of the one model that analysis.model and analysis.model_version name.
/// Throws pipeline::Error model_not_found.
std::filesystem::path model_folder(const config::Config& config);

/// SHA-256 (hex, 16 digits) of the settings that change what the result objects say: part of their UIDs.
std::string result_settings_digest(const config::Config& config);

struct JobOutcome {
    std::vector<dicom::ImageResult> images;  // in the job's order
    std::vector<dicom::ResultObject> objects;
    bool failed = false;  // no attempted image could be analysed, or the objects could not be written
    std::string summary;  // one line: counts, no patient data
    StageTimes stages;    // all images together: decode, find, write
};

class JobRunner {
  public:
    /// Loads the model; throws pipeline::Error. Call pipeline::set_threads() first.
    explicit JobRunner(const config::Config& config);

    const pipeline::ModelIdentity& model() const { return analyser_.model(); }

    /// Called with each image's decoded pixels after its analysis (for overlays); null mammogram when it was
    /// not analysed.
    using ImageObserver =
        std::function<void(const JobImage&, const pipeline::Mammogram*, const dicom::ImageResult&)>;

    /// Paths of the job's images are relative to `root`. Trouble with an image becomes its status "failed".
    /// With `give_up_reason` nothing is decoded: every attempted image is reported as failed for that reason.
    /// Throws dicom::Error when no valid object can be written (sources that contradict each other, disk
    /// full).
    JobOutcome run(const Job& job, const std::filesystem::path& root,
                   const std::filesystem::path& result_folder,
                   const std::optional<std::string>& give_up_reason = std::nullopt,
                   const ImageObserver& observe = {}) const;

  private:
    /// What one image leaves behind beside its result.
    struct Attempt {
        std::optional<pipeline::Mammogram> decoded;  // none when it failed
        Duration decoding{};
        Duration took{};  // of the analysis alone
    };

    dicom::ImageResult analyse_image(const JobImage& image, const std::filesystem::path& root,
                                     const dicom::ResultKinds& kinds, Attempt& attempt) const;

    std::vector<dicom::ResultObject> write_objects(const Job& job, const std::vector<ResultSet>& plan,
                                                   const std::vector<dicom::ImageResult>& images,
                                                   const std::filesystem::path& folder) const;

    const config::Config& config_;
    pipeline::Analyser analyser_;
    std::optional<ShadowModel> shadow_;
};

}  // namespace calcnode::service

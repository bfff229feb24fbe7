#include "pipeline/evaluation_model.h"

#include "pipeline/model_folder.h"

namespace calcnode::pipeline {

ModelOperatingPoint operating_point_of(const std::filesystem::path& model_folder) {
    const Manifest manifest = read_model_folder(model_folder).manifest;
    return {.model = manifest.name + " " + manifest.version,
            .cluster_threshold = manifest.cluster_threshold,
            .lone_calcification_threshold = manifest.lone_calcification_threshold};
}

}  // namespace calcnode::pipeline

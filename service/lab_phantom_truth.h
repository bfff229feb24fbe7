// What is true of a phantom picture, on disk beside it. Any thread.
#pragma once

#include <filesystem>
#include <string>

#include "pipeline/phantom.h"

namespace calcnode::service {

/// One JSON object: family, density (a..d), device, medium (film, digital), intent, condition, spacing_mm,
/// and for each cluster number, grains (labels in the truth's mask), distribution, morphology, centroid (x, y
/// in pixels as in pipeline/findings.h), hull_area_mm2, contrast (that of its median grain).
std::string phantom_truth_json(const pipeline::Phantom& phantom, const std::string& intent);

/// STEM.truth.png, STEM.distractors.png and STEM.truth.json. Throws pipeline::Error write_failed.
void write_phantom_truth(const pipeline::Phantom& phantom, const std::string& intent,
                         const std::filesystem::path& stem);

}  // namespace calcnode::service

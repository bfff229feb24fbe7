// Pictures of the findings, for people and for tests. Pure functions that write a file; any thread.
#pragma once

#include <filesystem>

#include "pipeline/findings.h"
#include "pipeline/mammogram.h"

namespace calcnode::pipeline {

/// The mammogram in grey (windowed to the breast), each cluster's outline and number and each calcification's
/// outline in colour; the source's size, so that a pixel of the picture is a pixel of the image. Throws Error
/// write_failed.
void write_overlay_png(const Mammogram& mammogram, const ImageFindings& findings,
                       const std::filesystem::path& file);

/// findings.labels as a 16 bit grey PNG. Throws Error write_failed.
void write_mask_png(const ImageFindings& findings, const std::filesystem::path& file);

}  // namespace calcnode::pipeline

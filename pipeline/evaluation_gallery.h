// Pictures of single cases, for the report: the whole image and a close-up, with what is true and what was
// found drawn in. Writes a file; any thread.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "pipeline/findings.h"
#include "pipeline/mammogram.h"

namespace calcnode::pipeline {

enum class OutlineKind { true_found, true_missed, mark_right, mark_false };

struct CaseOutline {
    OutlineKind kind = OutlineKind::true_found;
    std::vector<Point> outline;  // pixels of the image, closed
    double score = 0;            // of a mark
};

/// Left the image, right 30 mm round the first outline (round the middle, when there is none), 640 pixels
/// high. True outlines are green when found, red when missed; marks are yellow when right, orange when
/// false. JPEG. Throws Error write_failed.
void write_case_picture(const Mammogram& mammogram, std::span<const CaseOutline> outlines,
                        const std::filesystem::path& file);

}  // namespace calcnode::pipeline

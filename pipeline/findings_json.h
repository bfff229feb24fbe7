// The findings of a study as JSON: what `calcnode analyze` writes as findings.json. Pure function.
#pragma once

#include <string>
#include <vector>

#include "pipeline/findings.h"

namespace calcnode::pipeline {

struct ImageEntry {
    std::string file;  // name of the source file, for people
    double row_spacing_mm = 0;
    double column_spacing_mm = 0;
    const ImageFindings* findings = nullptr;  // owned by the caller
};

struct StudyFindings {
    std::string study_instance_uid;
    ModelIdentity model;
    std::vector<ImageEntry> images;
};

/// Coordinates as in pipeline/findings.h; lengths in mm, areas in mm2. Calcifications and clusters are
/// numbered from 1: a calcification's number is its value in the mask. Same input, same text.
std::string findings_json(const StudyFindings& study);

const char* to_string(Distribution distribution);

}  // namespace calcnode::pipeline

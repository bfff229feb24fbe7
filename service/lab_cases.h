// cases.csv: which images there are to measure with, and what is true of them. Pure apart from reading and
// writing files; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/evaluation.h"

namespace calcnode::service {

/// One row: `image,spacing_mm,patient,kind,severity,tissue,truth`, and where the file has them the columns
/// `device,medium,intent,condition` after these. Paths are relative to the file's folder.
struct CaseRow {
    std::filesystem::path image;  // .dcm, .png, .jpg or .jpeg
    double spacing_mm = 0;
    std::string patient;
    std::string kind;      // calc or normal
    std::string severity;  // B, M or empty
    std::string tissue;    // F, G, D (MIAS), a, b, c, d (BI-RADS density) or empty
    /// circle:x,y,r;circle:... in pixels, mask:FILE.png, or "image": there are some, nobody says where. Empty
    /// when normal.
    std::string truth;
    std::string device;     // the last four may be empty: model
    std::string medium;     // film or digital
    std::string intent;     // presentation or processing
    std::string condition;  // what was changed on purpose, as "dose=0.5"
    std::string note;       // what somebody saw in it, of a patches.csv only
    int line = 0;           // in the file
};

/// Throws pipeline::Error bad_argument that names file and line and says what to do, one line of text a
/// mistake.
std::vector<CaseRow> read_cases(const std::filesystem::path& file);

/// Writes the four optional columns when a row has any of them. Throws pipeline::Error write_failed, or
/// bad_argument when a field holds a comma, a quote or a line break.
void write_cases(const std::vector<CaseRow>& rows, const std::filesystem::path& file);

/// The truth of a row; masks are read from `folder`. Throws pipeline::Error bad_argument.
pipeline::Truth read_truth(const CaseRow& row, const std::filesystem::path& folder);

}  // namespace calcnode::service

// patches.csv: crops of films that are known as a whole only, `file,patient,label,visible,cbis_description`
// (CBIS-DDSM crops). Reads files; any thread.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "service/lab_cases.h"

namespace calcnode::service {

/// Whether the file's first line is that of a patches.csv.
bool is_patches(const std::filesystem::path& file);

/// Label calc: kind calc, truth image, the note is what `visible` says (clear, faint, none seen). Label
/// outside_roi: normal, the note is the description (no flag, bright spots, mostly black). The crops' spacing
/// is not in the file. Throws pipeline::Error bad_argument.
std::vector<CaseRow> read_patches(const std::filesystem::path& file, double spacing_mm);

/// Part of the rows, over which figures are given by themselves.
struct Subset {
    std::string name;
    std::vector<std::size_t> rows;
};

/// Clear and faint crops only, unflagged normal ones only, both. None when no row has a note.
std::vector<Subset> subsets_of(std::span<const CaseRow> rows);

}  // namespace calcnode::service

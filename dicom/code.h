// A coded concept (PS3.3 Table 8.8-1): how DICOM names views, findings and units. Value type.
#pragma once

#include <string>

namespace calcnode::dicom {

/// Which SNOMED codes result objects are written with: today's SNOMED CT, or SRT, the ones of SNOMED RT that
/// DICOM used until 2019 and that older mammography workstations know alone.
enum class CodeScheme { sct, srt };

struct Code {
    std::string value;
    std::string scheme;
    std::string meaning;
    bool operator==(const Code&) const = default;
};

}  // namespace calcnode::dicom

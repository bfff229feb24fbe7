// A coded concept (PS3.3 Table 8.8-1): how DICOM names views, findings and units. Value type.
#pragma once

#include <string>

namespace calcnode::dicom {

struct Code {
    std::string value;
    std::string scheme;
    std::string meaning;
    bool operator==(const Code&) const = default;
};

/// In which scheme an object has the codes that are SNOMED's: SCT (SNOMED CT), or SRT, which is retired and
/// which older mammography workstations want.
enum class CodeScheme { sct, srt };

const char* to_string(CodeScheme scheme);  // "sct", "srt"; defined in result_object.cpp

}  // namespace calcnode::dicom

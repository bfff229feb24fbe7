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

}  // namespace calcnode::dicom

// A coded concept (PS3.3 Table 8.8-1) and the named concepts that calcnode reads or writes.
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

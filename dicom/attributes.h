// Single attribute values out of a DCMTK data set, as plain C++ values. Internal to dicom/ (needs DCMTK's
// headers). Pure functions of the data set, which DCMTK does not let two threads read at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dctagkey.h>

#include "dicom/code.h"

namespace calcnode::dicom {

/// Value `index` (from 0) without padding; empty when the attribute or that value is absent. The file's
/// bytes, in its character set: for attributes of the default repertoire (CS, UI, DA ...).
std::string text_value(DcmItem& dataset, const DcmTagKey& tag, unsigned long index = 0);

/// The same as valid UTF-8: what cannot be converted, and control characters, become '?'. For LO, SH ...
std::string utf8_value(DcmItem& dataset, const DcmTagKey& tag, unsigned long index = 0);

/// A number of VR DS, IS, US, SS, FL, FD ...; nothing when absent, not a number or not finite.
std::optional<double> number_value(DcmItem& dataset, const DcmTagKey& tag, unsigned long index = 0);

/// The same as an integer; nothing when it has a fraction or does not fit.
std::optional<int> integer_value(DcmItem& dataset, const DcmTagKey& tag, unsigned long index = 0);

/// A legal UID. Throws Error missing_attribute when absent, malformed_dataset when illegal.
std::string required_uid(DcmItem& dataset, const DcmTagKey& tag);

/// The items of a sequence, in order; none when absent. They belong to the data set.
std::vector<DcmItem*> items_of(DcmItem& dataset, const DcmTagKey& sequence);

/// The code that a code sequence's item holds (PS3.3 Table 8.8-1).
Code code_of(DcmItem& item);

}  // namespace calcnode::dicom

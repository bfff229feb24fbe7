// What the checks of all kinds of result objects are made of. Internal to dicom/. Each throws Error
// invalid_result that says what is wrong.
#pragma once

#include <initializer_list>
#include <set>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>

namespace calcnode::dicom {

[[noreturn]] void refuse(const std::string& why);

void require_values(DcmItem& item, std::initializer_list<DcmTagKey> tags);

/// The item of a sequence that must have exactly one.
DcmItem& only_item(DcmItem& item, const DcmTagKey& sequence);

/// A code sequence with one item, complete (PS3.3 Table 8.8-1).
void require_code(DcmItem& item, const DcmTagKey& sequence);

/// The Referenced SOP Instance UIDs of a sequence's items.
std::set<std::string> instances_in(DcmItem& item, const DcmTagKey& sequence);

}  // namespace calcnode::dicom

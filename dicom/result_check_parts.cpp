#include "dicom/result_check_parts.h"

#include <vector>

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/error.h"

namespace calcnode::dicom {

void refuse(const std::string& why) {
    throw Error(ErrorCode::invalid_result, "result object: " + why);
}

void require_values(DcmItem& item, std::initializer_list<DcmTagKey> tags) {
    for (const DcmTagKey& tag : tags) {
        if (!item.tagExistsWithValue(tag)) refuse(std::string(tag.toString().c_str()) + " has no value");
    }
}

DcmItem& only_item(DcmItem& item, const DcmTagKey& sequence) {
    const std::vector<DcmItem*> items = items_of(item, sequence);
    if (items.size() != 1) refuse(std::string(sequence.toString().c_str()) + " has not exactly one item");
    return *items.front();
}

void require_code(DcmItem& item, const DcmTagKey& sequence) {
    require_values(only_item(item, sequence), {DCM_CodeValue, DCM_CodingSchemeDesignator, DCM_CodeMeaning});
}

std::set<std::string> instances_in(DcmItem& item, const DcmTagKey& sequence) {
    std::set<std::string> uids;
    for (DcmItem* reference : items_of(item, sequence))
        uids.insert(text_value(*reference, DCM_ReferencedSOPInstanceUID));
    return uids;
}

}  // namespace calcnode::dicom

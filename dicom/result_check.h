// The last look at a result object before it is written: whole and valid, or not at all; of reports in
// result_check_report.h. Internal to dicom/.
// Each throws Error invalid_result that says what is wrong.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>

#include "dicom/result_source.h"

namespace calcnode::dicom {

/// Every value that is our own fits its VR (PS3.5 Table 6.2-1) and every UID, ours or not, is legal; the
/// attributes of Type 1 that all our objects share have values. The SNOMED codes of our own are all SNOMED CT
/// (identifiers of digits) or all SRT (axis and term, as F-01775), never both in one object.
void check_values(DcmItem& object);

/// The above, and: Type 1 attributes of PS3.3 A.51; segments numbered 1..n, each with tracking identifier and
/// a UID of its own; a frame for each, with dimension index, segment number and `source` as its source image,
/// which, and nothing else, Referenced Series lists; rows and columns of the source; length of the pixel
/// data; no frame without a pixel; no Frame of Reference.
void check_segmentation(DcmItem& object, const ResultSource& source);

}  // namespace calcnode::dicom

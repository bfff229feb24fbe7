// The last look at a structured report before it is written: whole and valid, or not at all. Internal to
// dicom/. Each throws Error invalid_result that says what is wrong.
#pragma once

#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>

#include "dicom/report_document.h"

namespace calcnode::dicom {

/// What the report is about: it must refer to nothing else.
struct ReportFacts {
    const std::vector<ResultSource>& sources;
    const std::vector<SegmentationReference>& segmentations;
    CodeScheme code_scheme = CodeScheme::sct;
};

/// check_values() and, of every content item: its value, and its concept name where the value type wants one;
/// a measurement has a number and a unit; SNOMED codes are in the scheme asked for; an image is one of the
/// sources, of the right class and in the evidence; a reference leads to an image; coordinates lie in the
/// image that they are selected from, and polylines are closed; a Frame of Reference is that of its image; no
/// two findings have one tracking UID. The evidence is complete and names nothing else. A predecessor is a
/// report of ours, and not this one. DCMTK reads the content tree and finds its relationships legal (PS3.3
/// A.35.5, A.35.13).
void check_cad_report(DcmItem& object, const ReportFacts& facts);

/// The same; and each measurement group (TID 1410) has a tracking identifier and UID, one region and a
/// measurement, and all children of the root and of the groups have concept names (OHIF reads them all).
void check_measurement_report(DcmItem& object, const ReportFacts& facts);

}  // namespace calcnode::dicom

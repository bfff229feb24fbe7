// The Mammography CAD SR of a study (PS3.3 A.35.5). Internal to dicom/: write_results() calls it.
#pragma once

#include <memory>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/report_document.h"
#include "dicom/result_source.h"

namespace calcnode::dicom {

/// Complete, unverified, checked with check_cad_report(). Patient and study are those of the first source,
/// Content Date and Time the latest of all. Its predecessors are the options' CAD reports, and their
/// measurement reports when no image has a cluster any more. Throws Error invalid_result.
std::unique_ptr<DcmFileFormat> make_cad_report(const std::vector<ResultSource>& sources,
                                               const std::vector<SegmentationReference>& segmentations,
                                               const ResultOptions& options);

}  // namespace calcnode::dicom

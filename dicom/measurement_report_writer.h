// The Comprehensive 3D SR of a study with its measurements (PS3.3 A.35.13, PS3.16 TID 1500), after IHE AI
// Results. Internal to dicom/: write_results() calls it.
#pragma once

#include <memory>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/report_document.h"
#include "dicom/result_source.h"

namespace calcnode::dicom {

/// Complete, unverified, checked with check_measurement_report(); nothing when no image has a cluster: TID
/// 1500 has no place for "none", the Mammography CAD SR says it. `segmentations` are those of the sources, as
/// for make_cad_report(). Patient and study are those of the first source, Content Date and Time the latest
/// of all. Throws Error invalid_result.
std::unique_ptr<DcmFileFormat> make_measurement_report(
    const std::vector<ResultSource>& sources, const std::vector<SegmentationReference>& segmentations,
    const ResultOptions& options);

}  // namespace calcnode::dicom

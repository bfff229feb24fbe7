// Grayscale Softcopy Presentation States (PS3.3 A.33.1): the marks for viewers that draw neither
// segmentations nor reports. Internal to dicom/: write_results() calls it. Pure function of its arguments;
// any thread, one data set at a time.
#pragma once

#include <memory>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/result_source.h"

namespace calcnode::dicom {

inline constexpr const char* kGrayscalePresentationState =
    "1.2.840.10008.5.1.4.1.1.11.1";  // PS3.6 Annex A

/// One for each breast that has clusters, about all its analysed images: their window (or VOI LUT), the whole
/// image as displayed area, and of each cluster the outline and, beside it, number, score and count. One
/// state has one Modality and one Presentation LUT, so that images of a breast that differ in these get one
/// each. Checked with check_presentation_state(). Throws Error invalid_result.
std::vector<std::unique_ptr<DcmFileFormat>> make_presentation_states(const std::vector<ResultSource>& sources,
                                                                     const ResultOptions& options);

}  // namespace calcnode::dicom

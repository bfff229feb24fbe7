// The Segmentator's probabilities for one image as a fractional Segmentation (PS3.3 A.51), for research.
// Internal to dicom/: write_results() calls it. Pure function of its arguments; any thread, one data set at a
// time.
#pragma once

#include <memory>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/result_source.h"

namespace calcnode::dicom {

/// FRACTIONAL, PROBABILITY, 255 for 1; one segment, one frame, in the pixel matrix of its image, referred to
/// it as a binary segmentation is. Checked with check_segmentation(). Null when the image has no clusters or
/// no findings.probability. Throws Error invalid_result.
std::unique_ptr<DcmFileFormat> make_probability_map(const ResultSource& source, const ResultOptions& options);

}  // namespace calcnode::dicom

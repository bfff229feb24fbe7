// The Segmentation of one image (PS3.3 A.51; dicom-results.md section 2). Internal to dicom/: write_results()
// calls it. Pure function of its arguments; any thread, one data set at a time.
#pragma once

#include <memory>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/result_source.h"

namespace calcnode::dicom {

/// BINARY, a frame and a segment a cluster (segmentation_frames.h), in the pixel matrix of its image: plain
/// mammograms have no patient geometry, so that each pixel is referred to its source through Derivation Image
/// (PS3.3 A.51.5.1) and there is no Frame of Reference. Checked with check_segmentation(). Null when the
/// image has no clusters. Throws Error invalid_result.
std::unique_ptr<DcmFileFormat> make_segmentation(const ResultSource& source, const ResultOptions& options);

}  // namespace calcnode::dicom

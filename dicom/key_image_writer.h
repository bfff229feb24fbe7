// The key image of one mammogram as a Secondary Capture (PS3.3 A.8.1). Internal to dicom/: write_results()
// calls it. Pure function of its arguments; any thread, one data set at a time.
#pragma once

#include <memory>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/result_source.h"

namespace calcnode::dicom {

inline constexpr const char* kSecondaryCapture = "1.2.840.10008.5.1.4.1.1.7";  // PS3.6 Annex A

/// RGB, 8 bit, Burned In Annotation YES, no spacing (nobody shall measure in it), the mammogram as its source
/// image. Checked with check_key_image(). Null when the image has no clusters or no key_image. Throws Error
/// invalid_result.
std::unique_ptr<DcmFileFormat> make_key_image_object(const ResultSource& source,
                                                     const ResultOptions& options);

}  // namespace calcnode::dicom

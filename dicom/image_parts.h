// Attributes that all images of ours have which are made from one mammogram: segmentations, probability maps,
// key images. Internal to dicom/. Each throws Error invalid_result when DCMTK refuses.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>

#include "dicom/result_source.h"

namespace calcnode::dicom {

/// "L", "R" or "B"; empty when it is not known.
const char* side_of(pipeline::Laterality laterality);

/// Body Part Examined, Patient Orientation and Image Laterality (PS3.3 C.7.6.1): the source's.
void put_orientation(DcmItem& object, const ResultSource& source);

/// Lossy Image Compression and how: once lossy, always lossy (PS3.3 C.7.6.1.1.5).
void put_lossy_history(DcmItem& object, const ResultSource& source);

}  // namespace calcnode::dicom

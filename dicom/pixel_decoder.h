// Pixel Data of a single frame image, in any of the input syntaxes, as stored words. Internal to dicom/; only
// workers and tools decode (see dicom/mammogram_reader.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>

#include "dicom/dataset_scan.h"
#include "dicom/pixel_format.h"

namespace calcnode::dicom {

/// Row by row, in this machine's byte order, with whatever stands above the stored bits. Sizes that the
/// header, the scan and the codec's own header give are compared first. Afterwards the data set's pixel data
/// are gone or changed. Throws Error missing_attribute, malformed_dataset, undecodable, unsupported_pixels,
/// unsupported_syntax.
std::vector<std::uint16_t> decode_pixels(DcmDataset& dataset, const PixelFormat& format,
                                         const ScanResult& scan);

}  // namespace calcnode::dicom

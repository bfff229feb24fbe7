// RLE Lossless (PS3.5 Annex G), every read and write bounded: DCMTK 3.6.7's own decoder reads past the end of
// a bad segment. Internal to dicom/; pure function.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dicom/pixel_format.h"

namespace calcnode::dicom {

/// `frame` is one whole RLE frame. Returns the stored words, row by row. Throws Error undecodable.
std::vector<std::uint16_t> decode_rle(std::span<const unsigned char> frame, const PixelFormat& format);

}  // namespace calcnode::dicom

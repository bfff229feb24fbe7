// JPEG 2000 through OpenJPEG: DCMTK has no decoder for it. Internal to dicom/; any thread, uses up to two.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dicom/pixel_format.h"

namespace calcnode::dicom {

/// `stream` is the whole codestream (PS3.5 A.4.4; one wrapped as JP2 is taken too). Size, components, sign
/// and precision are compared with `format` before anything is decoded. Throws Error undecodable (also when
/// it is cut off or damaged) or unsupported_pixels.
std::vector<std::uint16_t> decode_jpeg2000(std::span<const unsigned char> stream, const PixelFormat& format);

}  // namespace calcnode::dicom

// A stored MG instance in, a pipeline::Mammogram out: decoding, photometric interpretation, spacing.
// Only workers and tools call this (never `serve`): decoders have crashed on hostile bytes before.
#pragma once

#include <cstdint>
#include <filesystem>

#include "pipeline/mammogram.h"

namespace calcnode::dicom {

struct ReaderLimits {
    std::uint64_t pixels = 64ull << 20;  // rows x columns
    std::uint64_t file_bytes = 512ull << 20;
};

/// Decodes every syntax of input_transfer_syntaxes(). Honours MONOCHROME1, Presentation LUT Shape INVERSE,
/// bits above High Bit (masked), rescale, padding value and range, Pixel Intensity Relationship LIN of For
/// Processing images (logarithm, turned round), Imager Pixel Spacing / Estimated Radiographic Magnification
/// Factor, Pixel Spacing (PS3.3 C.8.7.1, C.8.11, C.11.6). Throws Error: not_dicom, malformed_dataset,
/// not_a_mammogram, missing_attribute, unsupported_pixels, unsupported_syntax, too_large, undecodable,
/// file_error.
pipeline::Mammogram read_mammogram(const std::filesystem::path& file, const ReaderLimits& limits = {});

}  // namespace calcnode::dicom

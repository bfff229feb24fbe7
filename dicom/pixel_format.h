// How the pixels of an image are laid out and what their values mean, as its header declares, checked against
// what calcnode handles (PS3.3 C.7.6.3.1, C.8.11.7, C.11.6). Internal to dicom/; value types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>

namespace calcnode::dicom {

struct PixelFormat {
    int rows = 0;
    int columns = 0;
    int bits_allocated = 0;  // 8 or 16
    int bits_stored = 0;     // 1..bits_allocated, the lowest bits
    bool monochrome1 = false;

    std::size_t pixel_count() const {
        return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
    }
    std::size_t byte_count() const { return pixel_count() * static_cast<std::size_t>(bits_allocated / 8); }
    std::uint16_t stored_mask() const { return static_cast<std::uint16_t>((1u << bits_stored) - 1u); }
};

/// Throws Error missing_attribute, unsupported_pixels (colour, palette, signed, bits) or too_large
/// (`most_pixels`).
PixelFormat read_pixel_format(DcmItem& dataset, std::uint64_t most_pixels);

struct Spacing {
    double row_mm = 0;
    double column_mm = 0;
};

/// The spacing in the breast (PS3.3 10.7.1.3): Pixel Spacing when it is calibrated or alone, otherwise Imager
/// Pixel Spacing divided by the Estimated Radiographic Magnification Factor. Throws Error missing_attribute.
Spacing read_spacing(DcmItem& dataset);

}  // namespace calcnode::dicom

// Pictures and masks as grey PNG or JPEG files, for measuring and for truth that people make elsewhere. Any
// thread.
#pragma once

#include <cstdint>
#include <filesystem>

#include "pipeline/image.h"

namespace calcnode::pipeline {

struct GreyPicture {
    Image<std::uint16_t> pixels;  // as stored: a palette is refused, colour is refused
    int bits = 0;                 // 8 or 16
};

/// Throws Error bad_argument when the file is absent, unreadable or not grey.
GreyPicture read_grey_png(const std::filesystem::path& file);

/// 16 bit grey. Throws Error write_failed.
void write_grey_png(const Image<std::uint16_t>& pixels, const std::filesystem::path& file);

}  // namespace calcnode::pipeline

// A part of a mammogram as a PNG for a screen: cut out, scaled, windowed. Nothing is drawn on it. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include "pipeline/image.h"

namespace calcnode::pipeline {

/// Stored values that become black and white; what lies between is linear (PS3.3 C.11.2.1.3.2 without the
/// half).
struct PictureWindow {
    int low = 0;
    int high = 65535;
};

/// From the 1st to the 99.8th percentile of what is brighter than the background, as in an overlay.
PictureWindow picture_window(const Image<std::uint16_t>& pixels);

/// A part of the image, in its pixels. Cut to the image.
struct PictureArea {
    int column = 0;
    int row = 0;
    int columns = 0;
    int rows = 0;
};

inline constexpr int kLargestPicture = 4096;  // either side, pixels

/// `columns` x `rows` of the picture, 1 to kLargestPicture. Reduced by averaging; enlarged linearly. Throws
/// Error bad_argument when there is nothing of the image in the area, write_failed when it cannot be encoded.
std::vector<unsigned char> picture_png(const Image<std::uint16_t>& pixels, const PictureArea& area,
                                       int columns, int rows, const PictureWindow& window);

}  // namespace calcnode::pipeline

// From a stored pixel value to what the pipeline wants: greater is more attenuating. Internal to dicom/; pure
// functions.
//
// In this order, as one table over all stored values: rescale, logarithm of raw linear data, turning round.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>

#include "dicom/pixel_format.h"
#include "pipeline/mammogram.h"

namespace calcnode::dicom {

struct ValueMeaning {
    double slope = 1;  // (0028,1053), (0028,1052)
    double intercept = 0;
    bool logarithm = false;  // linear exposure of a For Processing image
    bool invert = false;     // greater stored (and rescaled) values are less attenuating
};

/// Throws Error unsupported_pixels when the slope is zero.
ValueMeaning read_value_meaning(DcmItem& dataset, const PixelFormat& format, pipeline::Intent intent);

struct ValueTable {
    std::vector<std::uint16_t> values;  // one for each stored value, 2^bits_stored of them
    int bits = 0;                       // that the values use
};

/// Without rescale and logarithm: the value itself, or (2^bits_stored - 1) minus it. With a rescale: its
/// range over all stored values stretched to 0..65535. With the logarithm, for e = the exposure (rescaled, at
/// least 0) and E its greatest: round(65535 x (1 - ln(1 + e) / ln(1 + E))); where greater values are *more*
/// attenuating, e is mirrored in its range first.
ValueTable make_value_table(const ValueMeaning& meaning, int bits_stored);

/// Stored values that are no image (PS3.3 C.7.5.1.1.2); both ends belong to it.
struct PaddingRange {
    int low = 0;
    int high = 0;
};
std::optional<PaddingRange> read_padding(DcmItem& dataset);

}  // namespace calcnode::dicom

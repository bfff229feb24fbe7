#include "dicom/pixel_format.h"

#include <cmath>

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

int required_number(DcmItem& dataset, const DcmTagKey& tag, const char* name) {
    const std::optional<int> value = integer_value(dataset, tag);
    if (!value) throw Error(ErrorCode::missing_attribute, std::string(name) + " is missing");
    return *value;
}

[[noreturn]] void unsupported(const std::string& why) {
    throw Error(ErrorCode::unsupported_pixels, why);
}

void check_bits(const PixelFormat& format, int high_bit) {
    if (format.bits_allocated != 8 && format.bits_allocated != 16) {
        unsupported("Bits Allocated is " + std::to_string(format.bits_allocated) + ", not 8 or 16");
    }
    if (format.bits_stored < 1 || format.bits_stored > format.bits_allocated) {
        unsupported("Bits Stored is " + std::to_string(format.bits_stored) + " of " +
                    std::to_string(format.bits_allocated) + " allocated");
    }
    if (high_bit != format.bits_stored - 1) {  // PS3.5 8.1.1
        unsupported("High Bit is " + std::to_string(high_bit) + " with " +
                    std::to_string(format.bits_stored) + " bits stored");
    }
}

bool read_monochrome1(DcmItem& dataset) {
    const std::string photometric = text_value(dataset, DCM_PhotometricInterpretation);
    if (photometric.empty())
        throw Error(ErrorCode::missing_attribute, "Photometric Interpretation is missing");
    if (photometric != "MONOCHROME1" && photometric != "MONOCHROME2") {
        unsupported("Photometric Interpretation is not MONOCHROME1 or MONOCHROME2");
    }
    return photometric == "MONOCHROME1";
}

std::optional<Spacing> spacing_of(DcmItem& dataset, const DcmTagKey& tag) {
    const std::optional<double> row = number_value(dataset, tag, 0);
    const std::optional<double> column = number_value(dataset, tag, 1);
    if (!row || !column || *row <= 0 || *column <= 0) return std::nullopt;
    return Spacing{*row, *column};
}

// PS3.3 10.7.1.3: a calibrated Pixel Spacing says so, or differs from the spacing at the detector.
bool is_calibrated(DcmItem& dataset, const Spacing& pixel, const Spacing& imager) {
    constexpr double kRounding = 1e-3;
    return !text_value(dataset, DCM_PixelSpacingCalibrationType).empty() ||
           std::abs(pixel.row_mm / imager.row_mm - 1) > kRounding ||
           std::abs(pixel.column_mm / imager.column_mm - 1) > kRounding;
}

}  // namespace

PixelFormat read_pixel_format(DcmItem& dataset, std::uint64_t most_pixels) {
    if (integer_value(dataset, DCM_SamplesPerPixel).value_or(1) != 1)
        unsupported("more than one sample per pixel");
    if (integer_value(dataset, DCM_PixelRepresentation).value_or(0) != 0)
        unsupported("pixel values are signed");
    PixelFormat format;
    format.monochrome1 = read_monochrome1(dataset);
    format.rows = required_number(dataset, DCM_Rows, "Rows");
    format.columns = required_number(dataset, DCM_Columns, "Columns");
    format.bits_allocated = required_number(dataset, DCM_BitsAllocated, "Bits Allocated");
    format.bits_stored = required_number(dataset, DCM_BitsStored, "Bits Stored");
    check_bits(format, integer_value(dataset, DCM_HighBit).value_or(format.bits_stored - 1));
    if (format.rows < 1 || format.columns < 1) unsupported("Rows or Columns is zero");
    if (format.pixel_count() > most_pixels) {
        throw Error(ErrorCode::too_large, std::to_string(format.rows) + " x " +
                                              std::to_string(format.columns) +
                                              " pixels are over the limit of " + std::to_string(most_pixels));
    }
    return format;
}

Spacing read_spacing(DcmItem& dataset) {
    const std::optional<Spacing> pixel = spacing_of(dataset, DCM_PixelSpacing);
    const std::optional<Spacing> imager = spacing_of(dataset, DCM_ImagerPixelSpacing);
    if (!pixel && !imager) {
        throw Error(ErrorCode::missing_attribute, "Imager Pixel Spacing and Pixel Spacing are missing");
    }
    if (!imager || (pixel && is_calibrated(dataset, *pixel, *imager))) return *pixel;
    double factor = number_value(dataset, DCM_EstimatedRadiographicMagnificationFactor).value_or(1);
    if (factor <= 0) factor = 1;
    return {imager->row_mm / factor, imager->column_mm / factor};
}

}  // namespace calcnode::dicom

#include "dicom/value_table.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

constexpr double kGreatest = 65535;

bool is_identity(const ValueMeaning& meaning) {
    return meaning.slope == 1 && meaning.intercept == 0;
}

// (0028,1041), PS3.3 C.8.11.3.1.2: 1: greater values are more X-ray; -1: greater values are less.
std::optional<bool> greater_is_more_x_ray(DcmItem& dataset) {
    const std::optional<int> sign = integer_value(dataset, DCM_PixelIntensityRelationshipSign);
    if (!sign || (*sign != 1 && *sign != -1)) return std::nullopt;
    return *sign == 1;
}

std::uint16_t rounded(double value) {
    return static_cast<std::uint16_t>(std::lround(std::clamp(value, 0.0, kGreatest)));
}

std::vector<double> rescaled(const ValueMeaning& meaning, int bits_stored) {
    std::vector<double> values(std::size_t{1} << bits_stored);
    for (std::size_t stored = 0; stored < values.size(); ++stored) {
        values[stored] = meaning.slope * static_cast<double>(stored) + meaning.intercept;
    }
    return values;
}

// Beer-Lambert: attenuation is the logarithm of (unattenuated / transmitted), here as a part of the whole
// scale.
void to_attenuation(std::vector<double>& exposures) {
    const double greatest = std::max(1.0, *std::max_element(exposures.begin(), exposures.end()));
    const double scale = std::log1p(greatest);
    for (double& value : exposures)
        value = 1 - std::log1p(std::max(0.0, value)) / scale;
}

void mirror(std::vector<double>& values) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const double sum = *low + *high;
    for (double& value : values)
        value = sum - value;
}

}  // namespace

ValueMeaning read_value_meaning(DcmItem& dataset, const PixelFormat& format, pipeline::Intent intent) {
    ValueMeaning meaning;
    meaning.slope = number_value(dataset, DCM_RescaleSlope).value_or(1);
    meaning.intercept = number_value(dataset, DCM_RescaleIntercept).value_or(0);
    if (meaning.slope == 0) throw Error(ErrorCode::unsupported_pixels, "Rescale Slope is zero");
    // MONOCHROME1 and INVERSE say the same thing (PS3.3 C.8.11.3.1.2, C.11.6): never turn round twice.
    meaning.invert = format.monochrome1 || text_value(dataset, DCM_PresentationLUTShape) == "INVERSE";
    if (intent == pipeline::Intent::processing) {
        // How a raw image should be shown is a hint; the physical sign, where there is one, is the fact.
        const std::string relationship = text_value(dataset, DCM_PixelIntensityRelationship);
        const std::optional<bool> more_x_ray = greater_is_more_x_ray(dataset);
        meaning.logarithm = relationship == "LIN";
        if (meaning.logarithm) meaning.invert = more_x_ray.value_or(true);
        if (relationship == "LOG" && more_x_ray) meaning.invert = *more_x_ray;
    }
    return meaning;
}

ValueTable make_value_table(const ValueMeaning& meaning, int bits_stored) {
    std::vector<double> values = rescaled(meaning, bits_stored);
    if (meaning.logarithm) {
        if (!meaning.invert) mirror(values);  // to exposure: greater is more X-ray
        to_attenuation(values);
    } else if (meaning.invert) {
        mirror(values);
    }
    ValueTable table;
    table.values.resize(values.size());
    if (is_identity(meaning) && !meaning.logarithm) {
        table.bits = bits_stored;
        std::transform(values.begin(), values.end(), table.values.begin(), rounded);
        return table;
    }
    table.bits = 16;
    const double low = meaning.logarithm ? 0 : *std::min_element(values.begin(), values.end());
    const double high = meaning.logarithm ? 1 : *std::max_element(values.begin(), values.end());
    std::transform(values.begin(), values.end(), table.values.begin(),
                   [&](double value) { return rounded(kGreatest * (value - low) / (high - low)); });
    return table;
}

std::optional<PaddingRange> read_padding(DcmItem& dataset) {
    const std::optional<int> value = integer_value(dataset, DCM_PixelPaddingValue);
    if (!value) return std::nullopt;
    const int limit = integer_value(dataset, DCM_PixelPaddingRangeLimit).value_or(*value);
    return PaddingRange{std::min(*value, limit), std::max(*value, limit)};
}

}  // namespace calcnode::dicom

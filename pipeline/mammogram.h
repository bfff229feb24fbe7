// A decoded mammogram as the pipeline takes it: made by dicom/mammogram_reader (or by the phantom),
// free of DICOM's encodings. Value type.
#pragma once

#include <cstdint>
#include <string>

#include "pipeline/image.h"

namespace calcnode::pipeline {

enum class Laterality : std::uint8_t { unknown, left, right, both };

/// Views of PS3.16 CID 4014.
enum class View : std::uint8_t { unknown, cc, mlo, ml, lm, lmo, xccl, xccm, fb, sio, iso, specimen };

/// (0008,0068) Presentation Intent Type.
enum class Intent : std::uint8_t { presentation, processing };

struct Device {
    std::string manufacturer;
    std::string model;
    std::string serial_number;
    std::string software_versions;
};

struct Mammogram {
    /// rows x columns of the source; only the stored bits, greater is more attenuating (MONOCHROME2 sense:
    /// MONOCHROME1, presentation LUT shape INVERSE and raw For Processing data are already turned round).
    Image<std::uint16_t> pixels;
    /// 1 where (0028,0120)/(0028,0121) says padding; empty if the source declares none.
    Image<std::uint8_t> padding;
    int bits_stored = 0;
    double row_spacing_mm = 0;     // between rows, in the breast (imager spacing / magnification factor)
    double column_spacing_mm = 0;  // between columns
    Laterality laterality = Laterality::unknown;
    View view = View::unknown;
    Intent intent = Intent::presentation;
    bool whole_image = false;  // the picture is a piece of breast, border to border: none is looked for
    Device device;
    std::string sop_instance_uid;
};

}  // namespace calcnode::pipeline

// A picture of one image for readers whose viewer shows nothing else: reduced, windowed, with the marks and
// a legend burned in. Pure; any thread. No patient data gets into it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/findings.h"
#include "pipeline/mammogram.h"

namespace calcnode::pipeline {

/// No side of the picture is longer.
inline constexpr int kKeyImageSide = 2048;

struct KeyImage {
    int rows = 0;
    int columns = 0;
    std::vector<std::uint8_t> rgb;  // rows x columns x 3, red first; the same on every machine

    bool empty() const { return rgb.empty(); }
};

/// The whole mammogram, reduced by a whole number, with the outlines of its clusters (numbered) and
/// calcifications; below it a legend: "RESEARCH ONLY - not for diagnosis", the view, the model, and of each
/// cluster its number, score and count.
KeyImage make_key_image(const Mammogram& mammogram, const ImageFindings& findings,
                        const ModelIdentity& model);

}  // namespace calcnode::pipeline

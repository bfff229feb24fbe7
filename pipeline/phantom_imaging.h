// From anatomy to pixels: exposure, scatter, detector blur, noise, and the device's For Presentation
// processing. Private to pipeline/phantom*; pure functions.
#pragma once

#include <opencv2/core.hpp>

#include "pipeline/phantom_anatomy.h"
#include "pipeline/phantom_grains.h"
#include "pipeline/phantom_traits.h"

namespace calcnode::pipeline::phantom {

/// The detector's signal relative to that behind mean tissue (full resolution, above 0; saturates at
/// kSaturation).
inline constexpr double kSaturation = 8;
cv::Mat1f expose(const Frame& frame, const DeviceTraits& device, const Anatomy& anatomy, const Grains& grains,
                 Random& random);

/// 0..1, greater is more attenuating: logarithm of the signal as a reader of raw exposures with `bits` stored
/// bits makes it (1 - log(1 + v) / log(1 + greatest)).
cv::Mat1f raw_tone(const cv::Mat1f& signal, int bits);

/// 0..1, greater is more attenuating: the device's processing.
cv::Mat1f presentation_tone(const Frame& frame, const ExamTraits& exam, const Anatomy& anatomy,
                            cv::Mat1f signal);

/// The device's own processing draws a view marker outside the breast; films carry a label and dust.
struct Overlay {
    const Anatomy* anatomy = nullptr;
    const Grains* grains = nullptr;
    bool film = false;
    bool mirrored = false;  // the picture will be mirrored: write the text so that it can be read afterwards
    const char* text = "";
};
void draw_overlay(const Frame& frame, const Overlay& overlay, cv::Mat1f& tone, Random& random);

}  // namespace calcnode::pipeline::phantom

// The two networks' architecture, written once as TorchScript: training runs the same text that is shipped.
// Internal to training; needs LibTorch. Any thread.
#pragma once

#include <cstdint>

#include <torch/script.h>

namespace calcnode::pipeline {

/// One pixel in, one logit an output pixel: is there a calcification in this 4 x 4 pixel cell or right beside
/// it? Receptive field 49 pixels, stride 4, 'same' padding.
torch::jit::Module make_detector(std::uint64_t seed);

/// A logit a pixel: is this pixel calcification? An encoder and decoder with skip connections, 'same'
/// padding.
torch::jit::Module make_segmentator(std::uint64_t seed);

inline constexpr int kDetectorStride = 4;
inline constexpr int kDetectorField = 49;
inline constexpr int kSegmentatorField = 49;

}  // namespace calcnode::pipeline

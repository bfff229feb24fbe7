// The two networks' architecture, written once as TorchScript: training runs the same text that is shipped.
// Internal to training; needs LibTorch. Any thread.
#pragma once

#include <cstdint>

#include <torch/script.h>

#include "pipeline/network_fields.h"

namespace calcnode::pipeline {

/// One pixel in, one logit an output pixel: is there a calcification in this 4 x 4 pixel cell or right beside
/// it? Receptive field 49 pixels, stride 4, 'same' padding.
torch::jit::Module make_detector(std::uint64_t seed);

/// A logit a pixel: is this pixel calcification? An encoder and decoder with skip connections, 'same'
/// padding.
torch::jit::Module make_segmentator(std::uint64_t seed);

}  // namespace calcnode::pipeline

// The two networks' architecture, written once as TorchScript: training runs the same text that is shipped.
// Internal to training; needs LibTorch. Any thread.
#pragma once

#include <cstdint>

#include <torch/script.h>

#include "pipeline/network_fields.h"

namespace calcnode::pipeline {

/// A logit a cell of 4 x 4 pixels: is there a calcification in it or right beside it? The last layers also see a
/// grid of 8 x 8 pixels, so that a cell is judged with some 8 mm around it (a grain of a vessel's wall looks like any
/// other grain, the vessel does not). 'Same' padding.
torch::jit::Module make_detector(std::uint64_t seed);

/// A logit a pixel: is this pixel calcification? An encoder and decoder with skip connections and the same wide view.
/// No layer runs at the full resolution, where a network of few channels waits for memory: the first convolution takes
/// 2 x 2 pixels a step into 32 channels, the last gives 2 x 2 pixels from 4. 'Same' padding.
torch::jit::Module make_segmentator(std::uint64_t seed);

}  // namespace calcnode::pipeline

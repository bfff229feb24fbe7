// Runs a network over a whole picture, tile by tile: each tile is read with a halo wider than the receptive
// field's half, so the result is that of one run over everything, but stays in the processor's cache; tiles
// where there is nothing to look at are skipped. Any thread; blocks until all tiles are done.
#pragma once

#include <opencv2/core.hpp>

#include "pipeline/network.h"

namespace calcnode::pipeline {

struct DenseOptions {
    int tile = 256;  // side of a tile without its halo; a multiple of stride
    int halo = 32;   // multiple of stride, at least half the receptive field
    int stride = 1;  // input pixels an output pixel
    int threads = 1;
};

/// Probabilities at `picture`'s size divided by stride (rounded up); 0 in tiles without a pixel of `where`
/// (CV_8U, picture's size). What lies beyond the picture counts as 0, the value of the normalised background.
cv::Mat run_dense(const Network& network, const cv::Mat& picture, const cv::Mat& where,
                  const DenseOptions& options);

}  // namespace calcnode::pipeline

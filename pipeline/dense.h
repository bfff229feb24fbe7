// Runs a network over a whole picture, tile by tile: each tile is read with a halo wider than the receptive
// field's half, so the result is that of one run over everything; tiles lie around what is to be looked at
// (tiles.h). Any thread; blocks until all tiles are done.
#pragma once

#include <opencv2/core.hpp>

#include "pipeline/network.h"

namespace calcnode::pipeline {

struct DenseOptions {
    int tile = 256;  // longest side of a tile without its halo; a multiple of cell
    int halo = 32;   // multiple of stride, at least half the receptive field
    int stride = 1;  // input pixels an output pixel
    int threads = 1;
    int cell = 32;  // tiles begin and end on multiples of it; a multiple of stride
};

/// Probabilities at `picture`'s size divided by stride (rounded up), where `where` (CV_8U, picture's size) is
/// not 0; elsewhere a probability, or 0. What lies beyond the picture counts as 0, the value of the
/// normalised background. The same arguments give the same bits for any number of threads.
cv::Mat run_dense(const Network& network, const cv::Mat& picture, const cv::Mat& where,
                  const DenseOptions& options);

}  // namespace calcnode::pipeline

#include "pipeline/threads.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <malloc.h>
#include <opencv2/core.hpp>

#include "pipeline/analyser.h"

namespace calcnode::pipeline {
namespace {

/// A tile's tensors are megabytes that are taken and given back hundreds of times an image. By default the C
/// library gets each from the system and returns it, and the system clears each page anew: half of the
/// Detector's time. One arena, because those of further threads are too small for such pieces.
void keep_freed_memory() {
    constexpr int kLargestKept = 32 << 20;
    ::mallopt(M_ARENA_MAX, 1);
    ::mallopt(M_MMAP_THRESHOLD, kLargestKept);
    ::mallopt(M_TRIM_THRESHOLD, 512 << 20);
    ::mallopt(M_TOP_PAD, 16 << 20);
}

}  // namespace

void set_threads(int threads) {
    keep_freed_memory();
    at::set_num_threads(std::max(1, threads));
    // LibTorch takes this one only once in a process.
    [[maybe_unused]] static const bool once = [] {
        at::set_num_interop_threads(1);
        return true;
    }();
    cv::setNumThreads(std::max(1, threads));
}

int analysis_threads() {
    return at::get_num_threads();
}

}  // namespace calcnode::pipeline

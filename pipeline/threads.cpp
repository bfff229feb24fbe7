#include "pipeline/threads.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <opencv2/core.hpp>

#include "pipeline/analyser.h"

namespace calcnode::pipeline {

void set_threads(int threads) {
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

#include <ATen/Parallel.h>

#include <opencv2/core.hpp>

#include "pipeline/analyser.h"

namespace calcnode::pipeline {

void set_threads(int threads) {
    at::set_num_threads(threads);
    at::set_num_interop_threads(1);
    cv::setNumThreads(threads);
}

}  // namespace calcnode::pipeline

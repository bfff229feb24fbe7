// A trained network, ready to run. LibTorch stays behind this header. One thread at a time may call run();
// copies made by for_another_thread() share the weights.
#pragma once

#include <filesystem>
#include <memory>

#include <opencv2/core.hpp>

#include "pipeline/compute.h"

namespace calcnode::pipeline {

class Network {
  public:
    /// Loads a TorchScript file that takes 1 x 1 x rows x columns and gives logits 1 x 1 x rows/s x
    /// columns/s. Throws Error model_not_found, model_damaged or device_unavailable.
    static Network load(const std::filesystem::path& file, const Compute& wanted = {});
    Network(Network&&) noexcept;
    Network& operator=(Network&&) noexcept;
    ~Network();

    /// CV_32F picture to CV_32F probabilities (0..1), on one core (or the CUDA device): the caller runs tiles
    /// side by side. Throws Error model_damaged when the network does not run.
    cv::Mat run(const cv::Mat& picture) const;

    Network for_another_thread() const;

  private:
    struct Impl;
    explicit Network(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace calcnode::pipeline

// The two networks in a row: the Detector over the whole breast, the Segmentator only where it suspects
// something. One thread at a time may call run().
#pragma once

#include <filesystem>

#include <opencv2/core.hpp>

#include "pipeline/model_folder.h"
#include "pipeline/network.h"
#include "pipeline/working_image.h"

namespace calcnode::pipeline {

class Cascade {
  public:
    /// Throws Error model_not_found, model_damaged or device_unavailable.
    Cascade(const std::filesystem::path& folder, const Manifest& manifest, const Compute& compute = {});

    /// The probability that a pixel is calcification, CV_32F at the working size; 0 where nothing is
    /// suspected.
    cv::Mat run(const WorkingImage& work, int threads) const;

    /// Where the Detector reaches its threshold, grown by one cell: CV_8U at the working size.
    cv::Mat suspects(const WorkingImage& work, int threads) const;

  private:
    NetworkEntry detector_entry_;
    NetworkEntry segmentator_entry_;
    Network detector_;
    Network segmentator_;
};

}  // namespace calcnode::pipeline

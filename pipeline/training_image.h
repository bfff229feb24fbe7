// The pictures that training draws its patches from: phantoms made on the fly, and pieces of real or
// simulated mammograms into which grains are put. Internal to training; any thread; the same seed gives the
// same picture.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/phantom_random.h"
#include "pipeline/training.h"

namespace calcnode::pipeline {

using Random = phantom::Random;

struct TrainingImage {
    cv::Mat picture;  // CV_32F, any unit
    cv::Mat grains;   // CV_32F, the part of the pixel that is calcification, 0..1
    cv::Mat mask;     // CV_8U, 255 in the breast
    cv::Mat
        doubtful;  // CV_8U, 255 where a real speck may be a calcification that nobody marked; may be empty
    double spacing_mm = 0;
};

/// The pictures of the background folders, found once; each is read when it is drawn.
class BackgroundLibrary {
  public:
    /// Throws Error bad_argument when a folder holds no picture.
    explicit BackgroundLibrary(const std::vector<TrainingBackground>& folders);
    std::size_t folders() const { return folders_.size(); }
    /// A random piece, at most 45 mm wide, of a random picture of that folder; no grains yet. The last fifth
    /// of the folder by name is only drawn with `held_out`: for validation. (A block, not every fifth
    /// picture: pictures of one patient usually stand side by side.)
    TrainingImage draw(std::size_t folder, bool held_out, Random& random) const;

    static constexpr std::size_t kHeldOutPart = 5;

  private:
    struct Folder {
        double spacing_mm = 0;
        std::vector<std::filesystem::path> files;
    };
    std::vector<Folder> folders_;
};

/// A phantom of random size, spacing, view, side and number of clusters (half of them none).
TrainingImage draw_phantom(Random& random);

}  // namespace calcnode::pipeline

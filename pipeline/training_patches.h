// Patches for training and for measuring: cut from prepared pictures by the paper's classes and by what the network got wrong,
// and kept in a ring that forgets the oldest. Internal to training; one thread.
#pragma once

#include <array>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/augmentation.h"

namespace calcnode::pipeline {

/// After the paper, by where the calcification lies in the 49-pixel field round the patch's centre.
enum class PatchClass {
    centre,     // C1: the centre is calcification
    close,      // C2: within 8 pixels of the centre
    periphery,  // C3: only further out
    none        // C4
};

struct Patch {
    cv::Mat normalised;  // CV_32F, kPatchSide x kPatchSide
    cv::Mat labels;      // CV_8U
};

inline constexpr int kPatchSide = 128;
/// Pixels at a patch's border that see the padding instead of the picture: left out of the loss.
inline constexpr int kPatchMargin = 16;

struct PatchWishes {
    int per_class = 5;  // for each of the four classes, where the picture has it
    int hard = 10;      // centred where `mistakes` is greatest
    int middle = 0;     // round the picture's middle
};

/// `mistakes` (CV_32F, the picture's size; may be empty): how wrong the network is at each pixel, 0..1.
std::vector<Patch> cut_patches(const TrainingView& view, const cv::Mat& mistakes, const PatchWishes& wishes,
                               Random& random);

/// The class of the patch round `centre`.
PatchClass patch_class(const cv::Mat& labels, const cv::Point& centre);

/// Random centres of each class (index: PatchClass), at most `per_class` of a class; none that the labels ignore.
std::array<std::vector<cv::Point>, 4> centres_by_class(const TrainingView& view, int per_class, Random& random);

class PatchRing {
  public:
    explicit PatchRing(std::size_t capacity) : capacity_(capacity) {}
    void add(std::vector<Patch> patches);
    const Patch& any(Random& random) const;
    std::size_t size() const { return patches_.size(); }

  private:
    std::size_t capacity_;
    std::size_t next_ = 0;
    std::vector<Patch> patches_;
};

}  // namespace calcnode::pipeline

// A network of the paper's kind: one patch in, one answer out, by convolutions and two dense layers (Valvano et al.
// 2018 do not publish their layers: these are our own). For the table of patch sizes and paddings only; the
// networks that are shipped are dense (network_script.h). LibTorch stays behind this header. One thread an object.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/network_fields.h"

namespace calcnode::pipeline {

/// A square patch (CV_32F, local z-score) and its answer.
struct LabelledPatch {
    cv::Mat pixels;
    bool positive = false;
};

struct PatchClassifierOptions {
    int side = 49;  // 29, 39 or 49 pixels: the middle of each patch is used; at least 29
    Padding padding = Padding::same;
    std::uint64_t seed = 1;
    int epochs = 4;
};

class PatchClassifier {
  public:
    explicit PatchClassifier(const PatchClassifierOptions& options);
    ~PatchClassifier();
    PatchClassifier(const PatchClassifier&) = delete;
    PatchClassifier& operator=(const PatchClassifier&) = delete;

    /// Adam over all patches, options.epochs times, mirrored and turned at random; on one core. The same patches and
    /// options give the same weights. Throws Error training_failed when the loss is not finite.
    void train(const std::vector<LabelledPatch>& patches);

    /// The part of right answers, 0..1. Throws Error bad_argument without patches.
    double accuracy(const std::vector<LabelledPatch>& patches) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calcnode::pipeline

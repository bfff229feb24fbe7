#include "pipeline/cascade.h"

#include <opencv2/imgproc.hpp>

#include "pipeline/dense.h"

namespace calcnode::pipeline {
namespace {

// Suspects are small and far apart; the breast is neither.
constexpr int kDetectorTile = 512, kDetectorCell = 32;
constexpr int kSegmentatorTile = 192, kSegmentatorCell = 8;

/// Halo: half the receptive field. All begins on multiples of where the network's coarsest grid does.
DenseOptions dense_options(const NetworkEntry& entry, int tile, int cell) {
    const auto whole = [&](int pixels) {
        return (pixels + entry.alignment_px - 1) / entry.alignment_px * entry.alignment_px;
    };
    DenseOptions options;
    options.cell = whole(cell);
    options.tile = tile / cell * options.cell;
    options.halo = whole(entry.receptive_field_px / 2);
    options.stride = entry.stride;
    return options;
}

}  // namespace

Cascade::Cascade(const std::filesystem::path& folder, const Manifest& manifest, const Compute& compute)
    : detector_entry_(manifest.detector),
      segmentator_entry_(manifest.segmentator),
      detector_(Network::load(folder / manifest.detector.file, compute)),
      segmentator_(Network::load(folder / manifest.segmentator.file, compute)) {}

cv::Mat Cascade::suspects(const WorkingImage& work, int threads) const {
    const int stride = detector_entry_.stride;
    DenseOptions options = dense_options(detector_entry_, kDetectorTile, kDetectorCell);
    options.threads = threads;
    cv::Mat cells = run_dense(detector_, work.normalised, work.mask, options) >= detector_entry_.threshold;
    cv::dilate(cells, cells, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    cv::Mat pixels;
    cv::resize(cells, pixels, cells.size() * stride, 0, 0, cv::INTER_NEAREST);
    pixels = pixels(cv::Rect({0, 0}, work.mask.size())).clone();
    cv::bitwise_and(pixels, work.mask, pixels);
    return pixels;
}

cv::Mat Cascade::run(const WorkingImage& work, int threads) const {
    const cv::Mat where = suspects(work, threads);
    DenseOptions options = dense_options(segmentator_entry_, kSegmentatorTile, kSegmentatorCell);
    options.threads = threads;
    cv::Mat probability = run_dense(segmentator_, work.normalised, where, options);
    probability.setTo(0, where == 0);
    return probability;
}

}  // namespace calcnode::pipeline

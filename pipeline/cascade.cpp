#include "pipeline/cascade.h"

#include <opencv2/imgproc.hpp>

#include "pipeline/dense.h"

namespace calcnode::pipeline {
namespace {

// Suspects are small and far apart; the breast is neither.
constexpr int kDetectorTile = 512, kDetectorCell = 32;
constexpr int kSegmentatorTile = 192, kSegmentatorCell = 8;

/// Cells and halos begin where the network's coarsest grid does; the halo is at least half the receptive field.
DenseOptions options_for(const NetworkEntry& entry, int tile, int cell, int threads) {
    const int grid = entry.alignment_px;
    const auto rounded_up = [&](int pixels) { return (pixels + grid - 1) / grid * grid; };
    const int aligned_cell = rounded_up(cell);
    return {tile / aligned_cell * aligned_cell, rounded_up(entry.receptive_field_px / 2), entry.stride, threads,
            aligned_cell};
}

}  // namespace

Cascade::Cascade(const std::filesystem::path& folder, const Manifest& manifest, const Compute& compute)
    : detector_entry_(manifest.detector),
      segmentator_entry_(manifest.segmentator),
      detector_(Network::load(folder / manifest.detector.file, compute)),
      segmentator_(Network::load(folder / manifest.segmentator.file, compute)) {}

cv::Mat Cascade::suspects(const WorkingImage& work, int threads) const {
    const int stride = detector_entry_.stride;
    const DenseOptions options = options_for(detector_entry_, kDetectorTile, kDetectorCell, threads);
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
    const DenseOptions options = options_for(segmentator_entry_, kSegmentatorTile, kSegmentatorCell, threads);
    cv::Mat probability = run_dense(segmentator_, work.normalised, where, options);
    probability.setTo(0, where == 0);
    return probability;
}

}  // namespace calcnode::pipeline

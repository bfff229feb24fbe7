#include "pipeline/cascade.h"

#include <opencv2/imgproc.hpp>

#include "pipeline/dense.h"

namespace calcnode::pipeline {
namespace {

constexpr int kDetectorTile = 512;
constexpr int kDetectorCell = 32;
constexpr int kSegmentatorTile = 128;
constexpr int kSegmentatorCell = 8;  // suspects are small and far apart

/// Half the receptive field, rounded up to whole cells of `multiple` pixels.
int halo_of(const NetworkEntry& entry, int multiple) {
    return (entry.receptive_field_px / 2 + multiple) / multiple * multiple;
}

}  // namespace

Cascade::Cascade(const std::filesystem::path& folder, const Manifest& manifest)
    : detector_entry_(manifest.detector),
      segmentator_entry_(manifest.segmentator),
      detector_(Network::load(folder / manifest.detector.file)),
      segmentator_(Network::load(folder / manifest.segmentator.file)) {}

cv::Mat Cascade::suspects(const WorkingImage& work, int threads) const {
    const int stride = detector_entry_.stride;
    const int cell = kDetectorCell / stride * stride;
    const DenseOptions options{kDetectorTile / kDetectorCell * cell, halo_of(detector_entry_, stride), stride,
                               threads, cell};
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
    // The Segmentator halves the picture twice: its tiles and halos begin on multiples of 4.
    const DenseOptions options{kSegmentatorTile, halo_of(segmentator_entry_, 4), 1, threads,
                               kSegmentatorCell};
    cv::Mat probability = run_dense(segmentator_, work.normalised, where, options);
    probability.setTo(0, where == 0);
    return probability;
}

}  // namespace calcnode::pipeline

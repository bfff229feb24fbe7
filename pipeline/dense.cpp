#include "pipeline/dense.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "pipeline/tiles.h"

namespace calcnode::pipeline {
namespace {

/// The halo'd tile; outside the picture 0.
cv::Mat cut(const cv::Mat& picture, const Tile& tile, int halo) {
    const cv::Rect wanted(tile.area.x - halo, tile.area.y - halo, tile.run.width + 2 * halo,
                          tile.run.height + 2 * halo);
    const cv::Rect there = wanted & cv::Rect(0, 0, picture.cols, picture.rows);
    cv::Mat input = cv::Mat::zeros(wanted.size(), CV_32F);
    picture(there).copyTo(input(there - wanted.tl()));
    return input;
}

/// Runs body(0..count-1) on `threads` threads; the first exception comes out again here.
void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t, int)>& body) {
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex mutex;
    const auto work = [&](int worker) {
        try {
            for (std::size_t i = next++; i < count; i = next++)
                body(i, worker);
        } catch (...) {
            next = count;
            const std::lock_guard lock(mutex);
            if (!failure) failure = std::current_exception();
        }
    };
    std::vector<std::jthread> others;
    for (int worker = 1; worker < threads; ++worker)
        others.emplace_back(work, worker);
    work(0);
    others.clear();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

cv::Mat run_dense(const Network& network, const cv::Mat& picture, const cv::Mat& where,
                  const DenseOptions& options) {
    const int stride = options.stride;
    cv::Mat result =
        cv::Mat::zeros((picture.rows + stride - 1) / stride, (picture.cols + stride - 1) / stride, CV_32F);
    const std::vector<Tile> tiles = plan_tiles(where, {options.cell, options.tile, options.halo});
    const int threads = std::clamp(static_cast<int>(tiles.size()), 1, std::max(1, options.threads));
    std::vector<Network> copies;
    for (int k = 1; k < threads; ++k)
        copies.push_back(network.for_another_thread());
    for_each_index(tiles.size(), threads, [&](std::size_t index, int worker) {
        const Network& mine = worker == 0 ? network : copies[static_cast<std::size_t>(worker) - 1];
        const cv::Mat output = mine.run(cut(picture, tiles[index], options.halo));
        const cv::Rect& area = tiles[index].area;
        const cv::Rect place =
            cv::Rect(area.tl() / stride, area.size() / stride) & cv::Rect(0, 0, result.cols, result.rows);
        const int halo = options.halo / stride;
        output(cv::Rect(halo, halo, place.width, place.height)).copyTo(result(place));
    });
    return result;
}

}  // namespace calcnode::pipeline

#include "pipeline/dense.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline {
namespace {

std::vector<cv::Point> busy_tiles(const cv::Mat& where, int tile) {
    std::vector<cv::Point> corners;
    const cv::Rect all(0, 0, where.cols, where.rows);
    for (int y = 0; y < where.rows; y += tile) {
        for (int x = 0; x < where.cols; x += tile) {
            if (cv::countNonZero(where(cv::Rect(x, y, tile, tile) & all)) > 0) corners.emplace_back(x, y);
        }
    }
    return corners;
}

/// The halo'd tile; outside the picture 0.
cv::Mat cut(const cv::Mat& picture, const cv::Point& corner, const DenseOptions& options) {
    const int side = options.tile + 2 * options.halo;
    const cv::Rect wanted(corner.x - options.halo, corner.y - options.halo, side, side);
    const cv::Rect there = wanted & cv::Rect(0, 0, picture.cols, picture.rows);
    cv::Mat input = cv::Mat::zeros(side, side, CV_32F);
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
    const std::vector<cv::Point> corners = busy_tiles(where, options.tile);
    const int threads = std::clamp(static_cast<int>(corners.size()), 1, std::max(1, options.threads));
    std::vector<Network> copies;
    for (int k = 1; k < threads; ++k)
        copies.push_back(network.for_another_thread());
    for_each_index(corners.size(), threads, [&](std::size_t index, int worker) {
        const Network& mine = worker == 0 ? network : copies[static_cast<std::size_t>(worker) - 1];
        const cv::Mat output = mine.run(cut(picture, corners[index], options));
        const cv::Point target = corners[index] / stride;
        const cv::Rect place = cv::Rect(target.x, target.y, options.tile / stride, options.tile / stride) &
                               cv::Rect(0, 0, result.cols, result.rows);
        const int halo = options.halo / stride;
        output(cv::Rect(halo, halo, place.width, place.height)).copyTo(result(place));
    });
    return result;
}

}  // namespace calcnode::pipeline

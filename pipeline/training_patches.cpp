#include "pipeline/training_patches.h"

#include <algorithm>
#include <utility>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline {
namespace {

constexpr int kFieldHalf = 24;
constexpr int kCloseHalf = 8;

cv::Rect square(const cv::Point& centre, int half, const cv::Size& size) {
    return cv::Rect(centre.x - half, centre.y - half, 2 * half + 1, 2 * half + 1) & cv::Rect({0, 0}, size);
}

bool holds_grain(const cv::Mat& labels, const cv::Rect& where) {
    return cv::countNonZero(labels(where) == kGrain) > 0;
}

/// The patch with its corner clamped into the picture; small pictures are filled up with background to be
/// ignored.
Patch cut(const TrainingView& view, const cv::Point& centre) {
    const cv::Size size = view.labels.size();
    const int x = std::clamp(centre.x - kPatchSide / 2, 0, std::max(0, size.width - kPatchSide));
    const int y = std::clamp(centre.y - kPatchSide / 2, 0, std::max(0, size.height - kPatchSide));
    const cv::Rect there = cv::Rect(x, y, kPatchSide, kPatchSide) & cv::Rect({0, 0}, size);
    Patch patch{cv::Mat::zeros(kPatchSide, kPatchSide, CV_32F),
                cv::Mat(kPatchSide, kPatchSide, CV_8U, cv::Scalar(kIgnore))};
    view.normalised(there).copyTo(patch.normalised(there - there.tl()));
    view.labels(there).copyTo(patch.labels(there - there.tl()));
    return patch;
}

std::vector<cv::Point> where_label(const cv::Mat& labels, unsigned char label) {
    std::vector<cv::Point> points;
    const cv::Mat chosen = labels == label;
    if (cv::countNonZero(chosen) > 0) cv::findNonZero(chosen, points);
    return points;
}

/// The worst places, each at least half a field from the others.
std::vector<cv::Point> worst_places(const cv::Mat& mistakes, int count) {
    std::vector<cv::Point> places;
    cv::Mat left = mistakes.clone();
    while (static_cast<int>(places.size()) < count) {
        double worst = 0;
        cv::Point at;
        cv::minMaxLoc(left, nullptr, &worst, nullptr, &at);
        if (worst < 0.2) break;
        places.push_back(at);
        left(square(at, kFieldHalf, left.size())).setTo(0);
    }
    return places;
}

}  // namespace

PatchClass patch_class(const cv::Mat& labels, const cv::Point& centre) {
    if (labels.at<unsigned char>(centre) == kGrain) return PatchClass::centre;
    if (holds_grain(labels, square(centre, kCloseHalf, labels.size()))) return PatchClass::close;
    if (holds_grain(labels, square(centre, kFieldHalf, labels.size()))) return PatchClass::periphery;
    return PatchClass::none;
}

std::vector<Patch> cut_patches(const TrainingView& view, const cv::Mat& mistakes, const PatchWishes& wishes,
                               Random& random) {
    std::vector<Patch> patches;
    const std::vector<cv::Point> grains = where_label(view.labels, kGrain);
    const auto near_grain = [&](int nearest, int furthest) {
        const cv::Point grain =
            grains[static_cast<std::size_t>(random.integer(0, static_cast<int>(grains.size()) - 1))];
        const int dx = random.integer(-furthest, furthest);
        const int dy = std::abs(dx) >= nearest
                           ? random.integer(-furthest, furthest)
                           : random.integer(nearest, furthest) * (random.chance(0.5) ? 1 : -1);
        return grain + cv::Point(dx, dy);
    };
    if (!grains.empty()) {
        for (int k = 0; k < wishes.per_class; ++k) {
            patches.push_back(cut(view, near_grain(0, 0)));
            patches.push_back(cut(view, near_grain(2, kCloseHalf)));
            patches.push_back(cut(view, near_grain(kCloseHalf + 1, kFieldHalf)));
        }
    }
    const std::vector<cv::Point> empty = where_label(view.labels, kNothing);
    for (int k = 0; k < wishes.per_class && !empty.empty(); ++k) {
        const cv::Point at =
            empty[static_cast<std::size_t>(random.integer(0, static_cast<int>(empty.size()) - 1))];
        patches.push_back(cut(view, at));
    }
    for (int k = 0; k < wishes.middle; ++k)
        patches.push_back(cut(view, cv::Point(view.labels.cols / 2, view.labels.rows / 2)));
    if (!mistakes.empty()) {
        for (const cv::Point& at : worst_places(mistakes, wishes.hard))
            patches.push_back(cut(view, at));
    }
    return patches;
}

std::array<std::vector<cv::Point>, 4> centres_by_class(const TrainingView& view, int per_class, Random& random) {
    std::array<std::vector<cv::Point>, 4> centres;
    const std::vector<cv::Point> grains = where_label(view.labels, kGrain);
    const auto any = [&](int below) { return random.integer(0, below - 1); };
    for (int attempt = 0; attempt < 40 * per_class; ++attempt) {
        cv::Point at(any(view.labels.cols), any(view.labels.rows));
        if (attempt % 2 == 0 && !grains.empty()) {
            const int reach = attempt % 8 == 0 ? 0 : kFieldHalf;
            at = grains[static_cast<std::size_t>(any(static_cast<int>(grains.size())))];
            at += cv::Point(random.integer(-reach, reach), random.integer(-reach, reach));
        }
        if (!cv::Rect({0, 0}, view.labels.size()).contains(at)) continue;
        if (view.labels.at<unsigned char>(at) == kIgnore) continue;
        std::vector<cv::Point>& of_class = centres[static_cast<std::size_t>(patch_class(view.labels, at))];
        if (static_cast<int>(of_class.size()) < per_class) of_class.push_back(at);
    }
    return centres;
}

void PatchRing::add(std::vector<Patch> patches) {
    for (Patch& patch : patches) {
        if (patches_.size() < capacity_) {
            patches_.push_back(std::move(patch));
        } else {
            patches_[next_] = std::move(patch);
            next_ = (next_ + 1) % capacity_;
        }
    }
}

const Patch& PatchRing::any(Random& random) const {
    return patches_[static_cast<std::size_t>(random.integer(0, static_cast<int>(patches_.size()) - 1))];
}

}  // namespace calcnode::pipeline

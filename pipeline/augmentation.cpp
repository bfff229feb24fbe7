#include "pipeline/augmentation.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "pipeline/working_image.h"

namespace calcnode::pipeline {
namespace {

constexpr double kGrainCoverage = 0.4;
constexpr double kRimCoverage = 0.08;
constexpr double kShows =
    2.0;  // a grain whose brightest pixel stays below this many spreads is lost in the noise

cv::Size size_at(const TrainingImage& image, double spacing_mm) {
    const double factor = image.spacing_mm / spacing_mm;
    return {std::max(8, static_cast<int>(std::lround(image.picture.cols * factor))),
            std::max(8, static_cast<int>(std::lround(image.picture.rows * factor)))};
}

double spread_of_detail(const cv::Mat& picture, const cv::Mat& mask) {
    cv::Mat smooth, detail;
    cv::GaussianBlur(picture, smooth, {}, 3);
    detail = picture - smooth;
    cv::Scalar mean, sd;
    cv::meanStdDev(detail, mean, sd, mask);
    return sd[0];
}

void add_noise(cv::Mat& picture, double sd, Random& random) {
    cv::RNG generator(random.next());
    cv::Mat noise(picture.size(), CV_32F);
    generator.fill(noise, cv::RNG::NORMAL, 0, sd);
    if (random.chance(0.5)) cv::GaussianBlur(noise, noise, {}, random.uniform(0.4, 0.9));
    picture += noise;
}

/// The breast's grey values to 0..1, bent by a random curve, and cut to a random number of levels.
void tone_and_levels(cv::Mat& picture, const cv::Mat& mask, Random& random) {
    double low = 0, high = 1;
    cv::Mat smooth;
    cv::GaussianBlur(picture, smooth, {}, 2);
    cv::minMaxLoc(smooth, &low, &high, nullptr, nullptr, mask);
    const double reach = std::max(1e-6, high - low);
    picture = (picture - (low - 0.05 * reach)) / (1.15 * reach);
    picture = cv::max(picture, 0);
    if (random.chance(0.6)) cv::pow(picture, random.log_uniform(0.5, 2.0), picture);
    if (random.chance(0.4)) picture = cv::min(picture, random.uniform(0.85, 1.2));
    const double levels = random.chance(0.5) ? random.uniform(70, 230) : random.uniform(700, 4000);
    cv::Mat whole;
    picture.convertTo(whole, CV_32S, levels);
    whole.convertTo(picture, CV_32F);
}

void turn(TrainingView& view, Random& random) {
    const bool transposed = random.chance(0.5);
    const int flip = random.integer(-1, 2);
    for (cv::Mat* plane : {&view.normalised, &view.labels, &view.mask}) {
        if (transposed) cv::transpose(*plane, *plane);
        if (flip < 2) cv::flip(*plane, *plane, flip);
    }
}

cv::Mat labels_of(const cv::Mat& coverage, const cv::Mat& normalised, const cv::Mat& mask) {
    cv::Mat labels(coverage.size(), CV_8U, cv::Scalar(kNothing));
    const cv::Mat touched = coverage > kRimCoverage;
    labels.setTo(kIgnore, touched);
    cv::Mat components, stats, centroids;
    const int count = cv::connectedComponentsWithStats(touched, components, stats, centroids, 8, CV_32S);
    for (int k = 1; k < count; ++k) {
        const cv::Rect box(stats.at<int>(k, 0), stats.at<int>(k, 1), stats.at<int>(k, 2),
                           stats.at<int>(k, 3));
        const cv::Mat own = components(box) == k;
        double brightest = 0, fullest = 0;
        cv::minMaxLoc(normalised(box), nullptr, &brightest, nullptr, nullptr, own);
        if (brightest < kShows) continue;
        cv::minMaxLoc(coverage(box), nullptr, &fullest, nullptr, nullptr, own);
        // A grain smaller than a pixel still has one pixel of its own.
        const cv::Mat core = coverage(box) >= std::min(kGrainCoverage, fullest);
        cv::Mat grain;
        cv::bitwise_and(core, own, grain);
        labels(box).setTo(kGrain, grain);
    }
    labels.setTo(kIgnore, mask == 0);
    return labels;
}

/// `picture` (the image's, perhaps degraded, at any size) at the working spacing, with the image's labels.
TrainingView view_of(const cv::Mat& picture, const TrainingImage& image, double spacing_mm) {
    const cv::Size size = size_at(image, spacing_mm);
    TrainingView view;
    cv::resize(image.mask, view.mask, size, 0, 0, cv::INTER_NEAREST);
    view.normalised = normalise(resampled(picture, size), view.mask, spacing_mm);
    cv::Mat coverage;
    cv::resize(image.grains, coverage, size, 0, 0,
               size.width < image.grains.cols ? cv::INTER_AREA : cv::INTER_LINEAR);
    view.labels = labels_of(coverage, view.normalised, view.mask);
    if (!image.doubtful.empty()) {
        cv::Mat doubtful, unlabelled;
        cv::resize(image.doubtful, doubtful, size, 0, 0, cv::INTER_NEAREST);
        cv::bitwise_and(doubtful, view.labels == kNothing, unlabelled);
        view.labels.setTo(kIgnore, unlabelled);
    }
    return view;
}

}  // namespace

TrainingView prepared(const TrainingImage& image, double spacing_mm) {
    return view_of(image.picture, image, spacing_mm);
}

TrainingView augmented(const TrainingImage& image, double spacing_mm, Random& random) {
    cv::Mat picture = image.picture.clone();
    const double detail = spread_of_detail(picture, image.mask);
    if (random.chance(0.5))
        cv::GaussianBlur(picture, picture, {}, random.uniform(0.02, 0.09) / image.spacing_mm);
    if (random.chance(0.5)) add_noise(picture, detail * random.uniform(0, 1.1), random);
    // A breast seen with other optics: everything a little larger or smaller.
    TrainingImage scaled = image;
    scaled.spacing_mm *= random.uniform(0.85, 1.2);
    const double choice = random.uniform(0, 1);
    cv::Size sampled = picture.size();
    if (choice < 0.4) {
        sampled = size_at(scaled, random.uniform(0.17, 0.21));
    } else if (choice < 0.6) {
        sampled = size_at(scaled, random.uniform(0.09, 0.15));
    }
    if (sampled.width < picture.cols) picture = resampled(picture, sampled);
    cv::Mat small_mask;
    cv::resize(image.mask, small_mask, picture.size(), 0, 0, cv::INTER_NEAREST);
    if (random.chance(0.3))
        add_noise(picture, spread_of_detail(picture, small_mask) * random.uniform(0, 0.5), random);
    tone_and_levels(picture, small_mask, random);

    TrainingView view = view_of(picture, scaled, spacing_mm);
    turn(view, random);
    return view;
}

}  // namespace calcnode::pipeline

#include "pipeline/grain_insertion.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline {
namespace {

constexpr int kFine = 4;  // sub-pixels along a side: grains may be smaller than a pixel

/// The spread of the fine detail round each pixel: the unit of a grain's strength.
cv::Mat local_noise(const TrainingImage& image) {
    cv::Mat smooth, variance;
    cv::GaussianBlur(image.picture, smooth, {}, 0.4 / image.spacing_mm);
    const cv::Mat detail = image.picture - smooth;
    cv::boxFilter(detail.mul(detail), variance, CV_32F,
                  cv::Size(1, 1) * (2 * static_cast<int>(1.5 / image.spacing_mm) + 1));
    cv::Mat noise;
    cv::sqrt(variance, noise);
    return cv::max(noise, std::max(1e-3, 0.3 * cv::mean(noise, image.mask)[0]));
}

/// One grain: some overlapping ellipses with a ragged border, thicker in the middle. `shape` is thickness
/// 0..1 at kFine sub-pixels.
cv::Mat draw_grain(double diameter_px, Random& random) {
    const double size = diameter_px * kFine;
    const int side = static_cast<int>(std::ceil(size * 3)) + 8;
    cv::Mat shape = cv::Mat::zeros(side, side, CV_32F);
    const int parts = random.integer(1, 3);
    const bool stretched = random.chance(0.25);
    const double main_angle = random.uniform(0, 180);
    for (int k = 0; k < parts; ++k) {
        const double aspect = stretched ? random.uniform(2, 4) : random.uniform(1, 1.8);
        const double area_share = parts == 1 ? 1 : random.uniform(0.4, 0.9);
        const double width = size * area_share / std::sqrt(aspect);
        const double shift = parts == 1 ? 0 : size * 0.3;
        const cv::Point2f centre(static_cast<float>(side / 2.0 + random.uniform(-shift, shift)),
                                 static_cast<float>(side / 2.0 + random.uniform(-shift, shift)));
        const cv::Size2f axes(static_cast<float>(width * aspect), static_cast<float>(width));
        const double angle = stretched ? main_angle + random.uniform(-25, 25) : random.uniform(0, 180);
        cv::ellipse(shape, cv::RotatedRect(centre, axes, static_cast<float>(angle)), cv::Scalar(1),
                    cv::FILLED);
    }
    cv::Mat ragged(side / 3 + 1, side / 3 + 1, CV_32F);
    for (int i = 0; i < static_cast<int>(ragged.total()); ++i)
        ragged.at<float>(i / ragged.cols, i % ragged.cols) = static_cast<float>(random.uniform(-0.35, 0.35));
    cv::resize(ragged, ragged, shape.size(), 0, 0, cv::INTER_CUBIC);
    cv::GaussianBlur(shape, shape, {}, std::max(0.6, size * 0.10));
    cv::threshold(shape + ragged.mul(shape), shape, 0.5, 1, cv::THRESH_BINARY);
    return shape;
}

/// Adds `shape` (sub-pixels) with its centre at `at` (pixels): `amount` times its blurred coverage to the
/// picture.
void stamp(TrainingImage& image, const cv::Mat& shape, const cv::Point2d& at, double amount) {
    const int whole_x = static_cast<int>(std::floor(at.x)), whole_y = static_cast<int>(std::floor(at.y));
    const int reach = shape.cols / (2 * kFine) + 4, side = 2 * reach + 1;
    cv::Mat fine = cv::Mat::zeros(side * kFine, side * kFine, CV_32F);
    const int x = static_cast<int>((reach + at.x - whole_x) * kFine) - shape.cols / 2;
    const int y = static_cast<int>((reach + at.y - whole_y) * kFine) - shape.rows / 2;
    shape.copyTo(fine(cv::Rect(std::max(0, x), std::max(0, y), shape.cols, shape.rows)));
    cv::Mat coverage, profile;
    cv::resize(fine, coverage, {side, side}, 0, 0, cv::INTER_AREA);
    const double blur_px = std::max(0.35, 0.05 / image.spacing_mm);
    cv::GaussianBlur(coverage, profile, {}, blur_px);
    const cv::Rect wanted(whole_x - reach, whole_y - reach, side, side);
    const cv::Rect there = wanted & cv::Rect(0, 0, image.picture.cols, image.picture.rows);
    if (there.empty()) return;
    const cv::Rect from = there - wanted.tl();
    image.picture(there) += profile(from) * amount;
    if (!image.grains.empty()) image.grains(there) = cv::max(image.grains(there), coverage(from));
}

bool inside(const TrainingImage& image, const cv::Point2d& at) {
    return at.x >= 0 && at.y >= 0 && at.x < image.mask.cols && at.y < image.mask.rows &&
           image.mask.at<unsigned char>(static_cast<int>(at.y), static_cast<int>(at.x)) != 0;
}

struct Strength {
    const cv::Mat& noise;
    double base = 5;  // times the local noise, for a grain of 0.3 mm
};

void place_grain(TrainingImage& image, const cv::Point2d& at, double diameter_mm, const Strength& strength,
                 Random& random) {
    if (!inside(image, at)) return;
    const double noise = strength.noise.at<float>(static_cast<int>(at.y), static_cast<int>(at.x));
    const double thickness = std::pow(diameter_mm / 0.3, 0.7) * std::exp(random.normal(0, 0.3));
    stamp(image, draw_grain(diameter_mm / image.spacing_mm, random), at, noise * strength.base * thickness);
}

cv::Point2d random_point(const TrainingImage& image, Random& random) {
    return {random.uniform(0, image.picture.cols), random.uniform(0, image.picture.rows)};
}

void place_cluster(TrainingImage& image, const cv::Mat& noise, Random& random) {
    const cv::Point2d centre = random_point(image, random);
    const double spread_mm = random.log_uniform(1.0, 5.0);
    const double flatness = random.chance(0.3) ? random.uniform(0.1, 0.4) : random.uniform(0.5, 1);
    const double angle = random.uniform(0, std::numbers::pi);
    const double typical_mm = random.log_uniform(0.18, 0.5), variety = random.uniform(0.1, 0.45);
    const int count = random.integer(3, 22);
    const Strength strength{noise, random.log_uniform(3, 16)};
    for (int k = 0; k < count; ++k) {
        const double u = random.normal(0, spread_mm), v = random.normal(0, spread_mm * flatness);
        const cv::Point2d offset(u * std::cos(angle) - v * std::sin(angle),
                                 u * std::sin(angle) + v * std::cos(angle));
        const double diameter = std::clamp(typical_mm * std::exp(random.normal(0, variety)), 0.12, 1.1);
        place_grain(image, centre + offset * (1 / image.spacing_mm), diameter, strength, random);
    }
}

/// A thin bright curve: a fibre, a vessel's wall, a scratch. Drawn as a chain of soft dots.
void place_line(TrainingImage& image, const cv::Mat& noise, Random& random) {
    cv::Point2d at = random_point(image, random);
    if (!inside(image, at)) return;
    const double width_px = random.log_uniform(0.12, 0.8) / image.spacing_mm;
    const double amount =
        noise.at<float>(static_cast<int>(at.y), static_cast<int>(at.x)) * random.log_uniform(1, 6);
    const double bend = random.normal(0, 0.04);
    double angle = random.uniform(0, 2 * std::numbers::pi);
    std::vector<cv::Point> path;
    for (double length = random.uniform(3, 20) / image.spacing_mm; length > 0; length -= 2) {
        path.emplace_back(static_cast<int>(at.x * 8), static_cast<int>(at.y * 8));
        angle += bend + random.normal(0, 0.05);
        at += cv::Point2d(2 * std::cos(angle), 2 * std::sin(angle));
    }
    cv::Mat drawn = cv::Mat::zeros(image.picture.size(), CV_32F);
    cv::polylines(drawn, path, false, cv::Scalar(1), std::max(1, static_cast<int>(std::lround(width_px))),
                  cv::LINE_AA, 3);
    const int margin = static_cast<int>(4 * width_px) + 4;
    cv::Rect box = cv::boundingRect(path);
    box = cv::Rect(box.x / 8 - margin, box.y / 8 - margin, box.width / 8 + 2 * margin,
                   box.height / 8 + 2 * margin) &
          cv::Rect(0, 0, drawn.cols, drawn.rows);
    if (box.empty()) return;
    cv::Mat soft;
    cv::GaussianBlur(drawn(box), soft, {}, std::max(0.5, 0.4 * width_px));
    image.picture(box) += soft * amount;
}

void place_blob(TrainingImage& image, const cv::Mat& noise, Random& random) {
    const cv::Point2d at = random_point(image, random);
    if (!inside(image, at)) return;
    const double sigma = random.log_uniform(0.5, 2.5) / image.spacing_mm;
    const double amount =
        noise.at<float>(static_cast<int>(at.y), static_cast<int>(at.x)) * random.log_uniform(1, 6);
    const int reach = static_cast<int>(3 * sigma);
    const cv::Rect box = cv::Rect(static_cast<int>(at.x) - reach, static_cast<int>(at.y) - reach,
                                  2 * reach + 1, 2 * reach + 1) &
                         cv::Rect(0, 0, image.picture.cols, image.picture.rows);
    const cv::Mat kernel = cv::getGaussianKernel(2 * reach + 1, sigma, CV_32F);
    cv::Mat bump = kernel * kernel.t();
    bump *= amount / bump.at<float>(reach, reach);
    image.picture(box) +=
        bump(box - cv::Point(static_cast<int>(at.x) - reach, static_cast<int>(at.y) - reach));
}

int poisson(double mean, Random& random) {
    int count = 0;
    for (double left = std::exp(-mean), product = random.uniform(0, 1); product > left; ++count) {
        product *= random.uniform(0, 1);
    }
    return count;
}

}  // namespace

void insert_grains(TrainingImage& image, const InsertionOptions& options, Random& random) {
    const cv::Mat noise = local_noise(image);
    const double hundred_cm2 = image.picture.total() * image.spacing_mm * image.spacing_mm / 1e4;
    for (int k = poisson(options.lines_per_100_cm2 * hundred_cm2, random); k > 0; --k)
        place_line(image, noise, random);
    for (int k = poisson(options.blobs_per_100_cm2 * hundred_cm2, random); k > 0; --k)
        place_blob(image, noise, random);
    if (random.chance(0.3)) return;
    const double clusters = std::max(options.clusters_per_piece, options.clusters_per_100_cm2 * hundred_cm2);
    for (int k = poisson(clusters, random); k > 0; --k) {
        place_cluster(image, noise, random);
    }
    for (int k = poisson(options.lonely_per_100_cm2 * hundred_cm2, random); k > 0; --k) {
        const Strength strength{noise, random.log_uniform(3, 16)};
        place_grain(image, random_point(image, random), random.log_uniform(0.15, 0.8), strength, random);
    }
}

}  // namespace calcnode::pipeline

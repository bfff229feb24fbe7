#include "pipeline/breast_mask.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "pipeline/cv_image.h"

namespace calcnode::pipeline {
namespace {

constexpr double kSmallestBreastMm2 = 400;
constexpr double kSmallestPart = 0.12;   // of the picture: no breast is smaller
constexpr double kLeastStep = 12;        // grey levels of 255 between a background and a dim breast
constexpr double kFlat = 0.2;            // of that step: a background's standard deviation at most
constexpr double kLabelHalfWidthMm = 4;  // an opening of this radius parts labels and strips from the breast

int pixels(double mm) {
    return std::max(1, static_cast<int>(std::lround(mm / kMaskSpacing)));
}

cv::Mat disc(double radius_mm) {
    const int side = 2 * pixels(radius_mm) + 1;
    return cv::getStructuringElement(cv::MORPH_ELLIPSE, {side, side});
}

/// The coarse picture, 0..255, and in `usable` where the source has pixels that are not padding.
cv::Mat coarse_picture(const Mammogram& mammogram, cv::Mat& usable) {
    const cv::Mat source = view(mammogram.pixels);
    const cv::Size size(
        std::max(8, static_cast<int>(std::lround(source.cols * mammogram.column_spacing_mm / kMaskSpacing))),
        std::max(8, static_cast<int>(std::lround(source.rows * mammogram.row_spacing_mm / kMaskSpacing))));
    cv::Mat coarse;
    cv::resize(source, coarse, size, 0, 0, cv::INTER_AREA);
    usable = cv::Mat(size, CV_8U, cv::Scalar(255));
    if (!mammogram.padding.empty()) {
        cv::Mat padded;
        cv::resize(view(mammogram.padding) > 0, padded, size, 0, 0, cv::INTER_AREA);
        usable = padded < 128;
    }
    double low = 0, high = 0;
    cv::minMaxLoc(coarse, &low, &high, nullptr, nullptr, usable);
    const double scale = high > low ? 255.0 / (high - low) : 0;
    coarse.convertTo(coarse, CV_32F, scale, -low * scale);
    coarse.setTo(0, usable == 0);
    return coarse;
}

/// The standard deviation and the mean of those of `values` that `which` marks.
struct Level {
    Level(const cv::Mat& values, const cv::Mat& which) {
        cv::Scalar mean_of, sd_of;
        cv::meanStdDev(values, mean_of, sd_of, which);
        mean = mean_of[0];
        sd = sd_of[0];
    }
    double mean = 0;
    double sd = 0;
};

/// A muscle far brighter than a dim breast takes Otsu's threshold to itself. Where what lies below `otsu`
/// falls into two levels of its own, the lower one flat as a background is, the threshold between those two;
/// else `otsu`.
double below_muscle(const std::vector<unsigned char>& values, double otsu) {
    std::vector<unsigned char> below;
    std::copy_if(values.begin(), values.end(), std::back_inserter(below),
                 [&](unsigned char value) { return value <= otsu; });
    if (below.empty()) return otsu;
    const cv::Mat list(below, false);
    cv::Mat ignored;
    const double lower = cv::threshold(list, ignored, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    const cv::Mat dim = list > lower;
    if (cv::countNonZero(dim) < kSmallestPart * static_cast<double>(values.size())) return otsu;
    const Level background(list, list <= lower), breast(list, dim);
    const double step = breast.mean - background.mean;
    return step >= kLeastStep && background.sd <= kFlat * step ? lower : otsu;
}

/// The grey value that parts the breast from what is behind it; below 0 when all of the picture is breast.
double background_threshold(const cv::Mat& picture, const cv::Mat& usable) {
    std::vector<unsigned char> values;
    cv::Mat bytes;
    picture.convertTo(bytes, CV_8U);
    for (int r = 0; r < picture.rows; ++r) {
        for (int c = 0; c < picture.cols; ++c) {
            if (usable.at<unsigned char>(r, c)) values.push_back(bytes.at<unsigned char>(r, c));
        }
    }
    if (values.empty()) return -1;
    const cv::Mat list(values, false);
    cv::Mat ignored;
    double otsu = cv::threshold(list, ignored, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    // When so little is bright, those are labels and borders far brighter than the breast: without them once
    // more.
    for (int more = 0; more < 3 && cv::countNonZero(list > otsu) < kSmallestPart * list.rows; ++more) {
        cv::min(list, otsu, list);
        otsu = cv::threshold(list, ignored, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    }
    otsu = below_muscle(values, otsu);
    const Level dark(list, list <= otsu), bright(list, list > otsu);
    // Without any background Otsu parts fat from gland: then the dark half is as uneven as the bright one.
    if (dark.sd > 0.3 * (bright.mean - dark.mean)) return -1;
    // The skin line fades on film: go down from Otsu's threshold towards the background's own spread.
    return dark.mean + std::max({0.25 * (otsu - dark.mean), 1.5 * dark.sd, 2.0});
}

/// Flat, saturated regions at the border of the picture: unexposed film and white collimation.
cv::Mat saturated_border(const cv::Mat& picture, double threshold) {
    cv::Mat high, low;
    cv::dilate(picture, high, disc(kMaskSpacing));
    cv::erode(picture, low, disc(kMaskSpacing));
    const cv::Mat saturated = picture > 245;
    cv::Mat flat;
    cv::bitwise_and(saturated, (high - low) < 8, flat);
    cv::Mat labels, stats, centroids;
    const int count = cv::connectedComponentsWithStats(flat, labels, stats, centroids, 8, CV_32S);
    cv::Mat result = cv::Mat::zeros(picture.size(), CV_8U);
    const int bright = cv::countNonZero(picture > threshold);
    for (int k = 1; k < count; ++k) {
        const cv::Rect box(stats.at<int>(k, 0), stats.at<int>(k, 1), stats.at<int>(k, 2),
                           stats.at<int>(k, 3));
        const bool at_border =
            box.x == 0 || box.y == 0 || box.br().x == picture.cols || box.br().y == picture.rows;
        // A film or a window setting may burn out the breast itself: then this is most of what is bright.
        const int area = stats.at<int>(k, cv::CC_STAT_AREA);
        if (at_border && area > pixels(2) * pixels(4) && area < 0.4 * bright) {
            result.setTo(255, labels == k);
        }
    }
    cv::dilate(result, result, disc(2 * kMaskSpacing));
    cv::bitwise_and(result, picture > 200, result);
    return result;
}

/// The region that is largest when thin bridges to labels are cut, grown back to its own border.
cv::Mat largest_region(const cv::Mat& bright) {
    const int margin = pixels(2 * kLabelHalfWidthMm);
    cv::Mat padded, opened;
    cv::copyMakeBorder(bright, padded, margin, margin, margin, margin, cv::BORDER_CONSTANT, 0);
    cv::morphologyEx(padded, opened, cv::MORPH_OPEN, disc(kLabelHalfWidthMm));
    cv::Mat labels, stats, centroids;
    const int count = cv::connectedComponentsWithStats(opened, labels, stats, centroids, 4, CV_32S);
    int best = 0;
    for (int k = 1; k < count; ++k) {
        if (best == 0 || stats.at<int>(k, cv::CC_STAT_AREA) > stats.at<int>(best, cv::CC_STAT_AREA)) best = k;
    }
    if (best == 0) return cv::Mat::zeros(bright.size(), CV_8U);
    cv::Mat region = labels == best;
    cv::dilate(region, region, disc(kLabelHalfWidthMm / 2));
    cv::bitwise_and(region, padded, region);
    return region(cv::Rect(margin, margin, bright.cols, bright.rows)).clone();
}

void fill_holes(cv::Mat& mask) {
    std::vector<std::vector<cv::Point>> contours;
    cv::findContours(mask, contours, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_NONE);
    cv::drawContours(mask, contours, -1, 255, cv::FILLED);
}

}  // namespace

cv::Mat breast_mask(const Mammogram& mammogram) {
    cv::Mat usable;
    cv::Mat picture = coarse_picture(mammogram, usable);
    if (mammogram.whole_image) return usable;
    const double threshold = background_threshold(picture, usable);
    usable.setTo(0, saturated_border(picture, threshold));
    cv::GaussianBlur(picture, picture, {}, pixels(1.0));
    cv::Mat bright = picture > threshold;
    cv::bitwise_and(bright, usable, bright);
    cv::Mat mask = largest_region(bright);
    fill_holes(mask);
    cv::bitwise_and(mask, usable, mask);
    if (cv::countNonZero(mask) * kMaskSpacing * kMaskSpacing < kSmallestBreastMm2) mask.setTo(0);
    return mask;
}

}  // namespace calcnode::pipeline

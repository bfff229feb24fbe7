#include "pipeline/working_image.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "pipeline/breast_mask.h"
#include "pipeline/cv_image.h"
#include "pipeline/error.h"

namespace calcnode::pipeline {
namespace {

constexpr double kMeanSigmaMm = 1.2;    // local mean: removes all that is larger than a coarse calcification
constexpr double kSpreadSigmaMm = 2.5;  // local spread: wide enough that a calcification does not hide itself
constexpr double kCalcClip = 2.5;       // times the first spread: what is above does not count as noise
constexpr int kCoarse = 4;  // the local statistics are smooth: computed on a grid coarser by this factor
constexpr double kLowest = -6;
constexpr double kHighest = 14;

/// The mean of `values` round each pixel, weighted by a Gaussian and by `weights`; at full size.
cv::Mat local_mean(const cv::Mat& values, const cv::Mat& weights, double sigma_pixels) {
    const cv::Size coarse_size((values.cols + kCoarse - 1) / kCoarse, (values.rows + kCoarse - 1) / kCoarse);
    cv::Mat sum, weight;
    cv::resize(values.mul(weights), sum, coarse_size, 0, 0, cv::INTER_AREA);
    cv::resize(weights, weight, coarse_size, 0, 0, cv::INTER_AREA);
    const double sigma = sigma_pixels / kCoarse;
    cv::GaussianBlur(sum, sum, {}, sigma, sigma, cv::BORDER_REFLECT);
    cv::GaussianBlur(weight, weight, {}, sigma, sigma, cv::BORDER_REFLECT);
    sum /= cv::max(weight, 1e-4);
    cv::Mat result;
    cv::resize(sum, result, values.size(), 0, 0, cv::INTER_LINEAR);
    return result;
}

double median_inside(const cv::Mat& values, const cv::Mat& mask) {
    std::vector<float> list;
    for (int r = 0; r < values.rows; r += kCoarse) {
        for (int c = 0; c < values.cols; c += kCoarse) {
            if (mask.at<unsigned char>(r, c)) list.push_back(values.at<float>(r, c));
        }
    }
    if (list.empty()) return 0;
    const auto middle = list.begin() + static_cast<std::ptrdiff_t>(list.size() / 2);
    std::nth_element(list.begin(), middle, list.end());
    return *middle;
}

/// The part of the picture that can matter: the mask and as far round it as the widest filter reaches, on
/// whole coarse cells.
cv::Rect part_that_counts(const cv::Mat& mask, double spacing_mm) {
    const cv::Rect box = cv::boundingRect(mask);
    if (box.empty()) return box;
    const int reach = static_cast<int>(std::ceil(4 * kSpreadSigmaMm / spacing_mm)) + 2 * kCoarse;
    const cv::Point first(std::max(0, box.x - reach) / kCoarse * kCoarse,
                          std::max(0, box.y - reach) / kCoarse * kCoarse);
    const cv::Point last(std::min(mask.cols, (box.br().x + reach) / kCoarse * kCoarse),
                         std::min(mask.rows, (box.br().y + reach) / kCoarse * kCoarse));
    return {first, last};
}

cv::Mat normalised_part(const cv::Mat& picture, const cv::Mat& mask, double spacing_mm) {
    cv::Mat weights;
    mask.convertTo(weights, CV_32F, 1.0 / 255);
    cv::Mat detail = picture - local_mean(picture, weights, kMeanSigmaMm / spacing_mm);
    cv::Mat spread;
    const double sigma = kSpreadSigmaMm / spacing_mm;
    cv::sqrt(cv::max(local_mean(detail.mul(detail), weights, sigma), 0), spread);
    // Once more without what stands out, so that a dense cluster does not raise its own bar.
    const cv::Mat limit = spread * kCalcClip;
    cv::Mat clipped = cv::min(cv::abs(detail), limit);
    cv::sqrt(cv::max(local_mean(clipped.mul(clipped), weights, sigma), 0), spread);
    // Flat regions (saturation, few grey levels) are no reason to magnify their last bit.
    const double floor = std::max(0.35 * median_inside(spread, mask), 1e-6);
    cv::Mat result = detail / cv::max(spread, floor);
    result = cv::min(cv::max(result, kLowest), kHighest);
    result.setTo(0, mask == 0);
    return result;
}

}  // namespace

cv::Mat resampled(const cv::Mat& picture, cv::Size size) {
    cv::Mat result;
    const bool smaller = size.width < picture.cols;
    cv::resize(picture, result, size, 0, 0, smaller ? cv::INTER_AREA : cv::INTER_CUBIC);
    return result;
}

cv::Mat normalise(const cv::Mat& picture, const cv::Mat& mask, double spacing_mm) {
    cv::Mat result = cv::Mat::zeros(picture.size(), CV_32F);
    const cv::Rect part = part_that_counts(mask, spacing_mm);
    if (!part.empty()) normalised_part(picture(part), mask(part), spacing_mm).copyTo(result(part));
    return result;
}

WorkingImage make_working_image(const Mammogram& mammogram, double spacing_mm) {
    const double rows = mammogram.row_spacing_mm, columns = mammogram.column_spacing_mm;
    if (!(rows >= 0.02 && rows <= 0.3 && columns >= 0.02 && columns <= 0.3)) {
        throw Error(ErrorCode::image_unsuitable, "pixel spacing is not 0.02 to 0.3 mm");
    }
    const Image<std::uint16_t>& source = mammogram.pixels;
    if (source.rows * rows < 10 || source.columns * columns < 10) {
        throw Error(ErrorCode::image_unsuitable, "image is smaller than 10 mm");
    }
    cv::Mat coarse = breast_mask(mammogram);
    if (cv::countNonZero(coarse) == 0)
        throw Error(ErrorCode::image_unsuitable, "no breast found in the image");
    WorkingImage work;
    work.spacing_mm = spacing_mm;
    const cv::Size size(static_cast<int>(std::lround(source.columns * columns / spacing_mm)),
                        static_cast<int>(std::lround(source.rows * rows / spacing_mm)));
    work.column_scale = static_cast<double>(source.columns) / size.width;
    work.row_scale = static_cast<double>(source.rows) / size.height;
    view(source).convertTo(work.picture, CV_32F);
    work.picture = resampled(work.picture, size);
    cv::resize(coarse, work.mask, size, 0, 0, cv::INTER_LINEAR);
    work.mask = work.mask > 127;
    work.normalised = normalise(work.picture, work.mask, spacing_mm);
    return work;
}

}  // namespace calcnode::pipeline

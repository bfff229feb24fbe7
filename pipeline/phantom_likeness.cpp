#include "pipeline/phantom_likeness.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <opencv2/imgproc.hpp>

#include "pipeline/cv_image.h"
#include "pipeline/error.h"

namespace calcnode::pipeline {

namespace {

constexpr double kWorking_mm = 0.1;  // figures are of this spacing, whatever the piece's own
constexpr double kLeast_mm = 6;
constexpr int kBins = 32;

/// At the working spacing, mean 0 and standard deviation 1.
cv::Mat1f standardised(const TexturePiece& piece) {
    if (piece.spacing_mm <= 0 ||
        std::min(piece.pixels.rows, piece.pixels.columns) * piece.spacing_mm < kLeast_mm) {
        throw Error(ErrorCode::bad_argument, "a piece of " + std::to_string(piece.pixels.rows) + " x " +
                                                 std::to_string(piece.pixels.columns) + " pixels of " +
                                                 std::to_string(piece.spacing_mm) +
                                                 " mm is smaller than 6 mm");
    }
    cv::Mat1f picture;
    view(piece.pixels).convertTo(picture, CV_32F);
    const double zoom = piece.spacing_mm / kWorking_mm;
    cv::resize(picture, picture, {}, zoom, zoom, zoom < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    cv::Scalar mean, deviation;
    cv::meanStdDev(picture, mean, deviation);
    return (picture - mean[0]) / std::max(deviation[0], 1e-6);
}

/// The slope of the logarithm of the radially averaged power over that of the frequency, turned round.
double spectrum_exponent(const cv::Mat1f& picture) {
    cv::Mat1f window, spectrum;
    cv::createHanningWindow(window, picture.size(), CV_32F);
    cv::Mat planes[2];
    cv::Mat complex;
    cv::dft(picture.mul(window), complex, cv::DFT_COMPLEX_OUTPUT);
    cv::split(complex, planes);
    cv::magnitude(planes[0], planes[1], spectrum);
    constexpr double kLow = 0.15, kHigh = 1.0;  // cycles/mm: under the noise's part of the spectrum
    constexpr int kRings = 8;
    double power[kRings] = {}, count[kRings] = {};
    for (int row = 0; row < spectrum.rows; ++row) {
        const double fy = std::min(row, spectrum.rows - row) / (spectrum.rows * kWorking_mm);
        for (int column = 0; column < spectrum.cols; ++column) {
            const double fx = std::min(column, spectrum.cols - column) / (spectrum.cols * kWorking_mm);
            const double place = std::log(std::hypot(fx, fy) / kLow) / std::log(kHigh / kLow) * kRings;
            if (!(place >= 0 && place < kRings)) continue;
            power[static_cast<int>(place)] += spectrum(row, column) * spectrum(row, column);
            ++count[static_cast<int>(place)];
        }
    }
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (int ring = 0; ring < kRings; ++ring) {
        if (count[ring] == 0 || power[ring] <= 0) continue;
        const double x = std::log(kLow) + (ring + 0.5) / kRings * std::log(kHigh / kLow);
        const double y = std::log(power[ring] / count[ring]);
        n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
    }
    const double spread = n * sxx - sx * sx;
    return spread > 0 ? -(n * sxy - sx * sy) / spread : 0;
}

struct Histogram {
    double low = 0;
    double high = 0;
    std::vector<double> counts = std::vector<double>(kBins, 0.0);
    void add(double value) {
        const double place = (value - low) / (high - low) * kBins;
        ++counts[static_cast<std::size_t>(std::clamp(place, 0.0, kBins - 1.0))];
    }
    std::vector<double> shares() const {
        double sum = 0;
        for (const double count : counts)
            sum += count;
        std::vector<double> result;
        for (const double count : counts)
            result.push_back(sum > 0 ? count / sum : 0);
        return result;
    }
};

double quantile(std::vector<double> values, double share) {
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(share * (values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

double distance(const std::vector<double>& one, const std::vector<double>& other) {
    double sum = 0;
    for (std::size_t i = 0; i < one.size(); ++i)
        sum += std::abs(one[i] - other[i]);
    return 0.5 * sum;
}

}  // namespace

TextureFigures texture_figures(std::span<const TexturePiece> pieces) {
    if (pieces.empty()) throw Error(ErrorCode::bad_argument, "there is no piece to measure");
    std::vector<double> exponents;
    Histogram contrast{.low = -4, .high = 4}, local{.low = -6, .high = 1};
    constexpr int kSquare = static_cast<int>(1 / kWorking_mm);
    for (const TexturePiece& piece : pieces) {
        const cv::Mat1f picture = standardised(piece);
        exponents.push_back(spectrum_exponent(picture));
        for (const float value : picture)
            contrast.add(value);
        for (int row = 0; row + kSquare <= picture.rows; row += kSquare) {
            for (int column = 0; column + kSquare <= picture.cols; column += kSquare) {
                cv::Scalar mean, deviation;
                cv::meanStdDev(picture(cv::Rect(column, row, kSquare, kSquare)), mean, deviation);
                local.add(std::log2(std::max(deviation[0], 1e-4)));
            }
        }
    }
    return {.pieces = static_cast<int>(pieces.size()),
            .exponent = quantile(exponents, 0.5),
            .exponent_low = quantile(exponents, 0.25),
            .exponent_high = quantile(exponents, 0.75),
            .contrast = contrast.shares(),
            .local_variance = local.shares()};
}

Likeness likeness(std::span<const TexturePiece> phantom, std::span<const TexturePiece> real) {
    Likeness result{.phantom = texture_figures(phantom), .real = texture_figures(real)};
    result.exponent_difference = result.phantom.exponent - result.real.exponent;
    result.contrast_distance = distance(result.phantom.contrast, result.real.contrast);
    result.local_variance_distance = distance(result.phantom.local_variance, result.real.local_variance);
    return result;
}

}  // namespace calcnode::pipeline

#include "pipeline/phantom_texture.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline::phantom {

namespace {

template <typename Gain>
std::pair<cv::Mat1f, cv::Mat1f> filtered_noise(cv::Size size, Gain gain, Random& random) {
    const cv::Size padded(cv::getOptimalDFTSize(size.width), cv::getOptimalDFTSize(size.height));
    cv::Mat2f spectrum(padded);
    cv::RNG generator(random.next());
    generator.fill(spectrum, cv::RNG::NORMAL, 0, 1);
    for (int row = 0; row < padded.height; ++row) {
        const double fy = static_cast<double>(std::min(row, padded.height - row)) / padded.height;
        cv::Vec2f* line = spectrum[row];
        for (int column = 0; column < padded.width; ++column) {
            const double fx = static_cast<double>(std::min(column, padded.width - column)) / padded.width;
            line[column] *= static_cast<float>(gain(fx * fx + fy * fy));
        }
    }
    spectrum(0, 0) = {0, 0};
    // A spectrum without Hermitian symmetry gives two independent real fields: real and imaginary part.
    cv::dft(spectrum, spectrum, cv::DFT_INVERSE);
    cv::Mat parts[2];
    cv::split(spectrum(cv::Rect({}, size)), parts);
    for (cv::Mat& part : parts) {
        cv::Scalar mean, deviation;
        cv::meanStdDev(part, mean, deviation);
        part = (part - mean[0]) / std::max(deviation[0], 1e-12);
    }
    return {parts[0], parts[1]};
}

double distance_to_segment(cv::Point2d p, cv::Point2d a, cv::Point2d b) {
    const cv::Point2d along = b - a;
    const double length2 = along.dot(along);
    const double t = length2 > 0 ? std::clamp((p - a).dot(along) / length2, 0.0, 1.0) : 0.0;
    return cv::norm(p - (a + t * along));
}

}  // namespace

std::pair<cv::Mat1f, cv::Mat1f> power_law_noise(cv::Size size, double beta, double low, Random& random) {
    return filtered_noise(
        size, [=](double f2) { return std::pow(f2 + low * low, -beta / 4); }, random);
}

std::pair<cv::Mat1f, cv::Mat1f> smooth_noise(cv::Size size, double detail_px, Random& random) {
    const double width = 0.5 * detail_px;
    return filtered_noise(
        size, [=](double f2) { return std::exp(-10 * f2 * width * width); }, random);
}

cv::Mat1f fibre_texture(cv::Size size, const FibreLayer& layer, Random& random) {
    // The lines are the zero crossings of a smooth field in coordinates (distance from the focus, angle times
    // a mean distance): fibres converge at the focus and are drawn out along the way to it.
    const double reach = std::hypot(size.width, size.height);
    const double mean_distance = 0.4 * reach;
    const double zoom = layer.across_px / 8;  // the field's own pixels: eight to a mesh
    const cv::Size field_size(
        std::max(16, static_cast<int>(reach / layer.stretch / zoom) + 4),
        std::max(16, static_cast<int>(2 * std::numbers::pi * mean_distance / zoom) + 4));
    auto [field, strength] = smooth_noise(field_size, 8, random);
    auto [bend_x, bend_y] =
        smooth_noise({std::max(8, size.width / 32), std::max(8, size.height / 32)}, 10, random);
    cv::resize(bend_x, bend_x, size, 0, 0, cv::INTER_LINEAR);
    cv::resize(bend_y, bend_y, size, 0, 0, cv::INTER_LINEAR);
    cv::Mat1f map_x(size), map_y(size);
    const double bend = 2.5 * layer.across_px;
    for (int row = 0; row < size.height; ++row) {
        for (int column = 0; column < size.width; ++column) {
            const float dx = static_cast<float>(column - layer.focus_px.x + bend * bend_x(row, column));
            const float dy = static_cast<float>(row - layer.focus_px.y + bend * bend_y(row, column));
            map_x(row, column) = static_cast<float>(std::sqrt(dx * dx + dy * dy) / layer.stretch / zoom);
            map_y(row, column) = static_cast<float>((cv::fastAtan2(dy, dx) / 360.0 * 2 * std::numbers::pi) *
                                                    mean_distance / zoom);
        }
    }
    cv::Mat1f sampled, weight;
    cv::remap(field, sampled, map_x, map_y, cv::INTER_LINEAR, cv::BORDER_REFLECT);
    cv::remap(strength, weight, map_x, map_y, cv::INTER_LINEAR, cv::BORDER_REFLECT);
    const float scale = static_cast<float>(1 / layer.width);
    cv::Mat1f lines = sampled.mul(sampled, -scale * scale);
    cv::exp(lines, lines);
    cv::Mat1f limited = weight * 0.6 + 0.4;
    cv::min(limited, 1.5, limited);
    cv::max(limited, 0.0, limited);
    return lines.mul(limited);
}

Curve walk(const Walk& options, Random& random) {
    Curve curve;
    const int steps = std::max(2, static_cast<int>(options.length));
    curve.reserve(steps);
    cv::Point2d position = options.start;
    double turn = 0;
    double heading = options.heading;
    const double kick = options.wander / std::sqrt(static_cast<double>(steps));
    for (int step = 0; step < steps; ++step) {
        const double t = static_cast<double>(step) / steps;
        curve.push_back({position, options.radius + (options.end_radius - options.radius) * t});
        turn = 0.98 * turn + 0.02 * 7 * random.normal(0, kick);
        // A pull back to the first heading keeps long walks from closing into circles.
        heading += 0.2 * turn + 0.01 * (options.heading - heading);
        position += cv::Point2d(std::cos(heading), std::sin(heading));
    }
    return curve;
}

void draw_tube(cv::Mat1f& image, const Curve& curve) {
    for (std::size_t i = 0; i + 1 < curve.size(); ++i) {
        const CurvePoint& a = curve[i];
        const CurvePoint& b = curve[i + 1];
        // Under half a pixel of radius the chord is spread over a pixel, so that thin lines fade and do not
        // break.
        const double drawn = std::max(a.radius, 0.7);
        const double fade = std::min(1.0, a.radius / drawn);
        const int left =
            std::max(0, static_cast<int>(std::floor(std::min(a.position.x, b.position.x) - drawn)));
        const int right = std::min(image.cols - 1,
                                   static_cast<int>(std::ceil(std::max(a.position.x, b.position.x) + drawn)));
        const int top =
            std::max(0, static_cast<int>(std::floor(std::min(a.position.y, b.position.y) - drawn)));
        const int bottom = std::min(
            image.rows - 1, static_cast<int>(std::ceil(std::max(a.position.y, b.position.y) + drawn)));
        for (int row = top; row <= bottom; ++row) {
            for (int column = left; column <= right; ++column) {
                const double d = distance_to_segment(cv::Point2d(column, row), a.position, b.position);
                if (d >= drawn) continue;
                const float chord = static_cast<float>(2 * fade * std::sqrt(drawn * drawn - d * d));
                image(row, column) = std::max(image(row, column), chord);
            }
        }
    }
}

}  // namespace calcnode::pipeline::phantom

#include "pipeline/phantom_texture.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline::phantom {

namespace {

template <typename Gain>
std::pair<cv::Mat1f, cv::Mat1f> filtered_noise(cv::Size size, Gain gain, Random& random) {
    const cv::Size padded(cv::getOptimalDFTSize(size.width), cv::getOptimalDFTSize(size.height));
    cv::Mat2f spectrum(padded);
    cv::RNG generator(random.next());
    generator.fill(spectrum, cv::RNG::NORMAL, 0, 1);
    std::vector<float> gains(padded.width);  // the same for a row and its mirror image, and within the row
    for (int row = 0; row <= padded.height / 2; ++row) {
        const double fy = static_cast<double>(row) / padded.height;
        for (int column = 0; column < padded.width; ++column) {
            const double fx = static_cast<double>(column) / padded.width;
            gains[column] = column <= padded.width / 2 ? static_cast<float>(gain(fx * fx + fy * fy))
                                                       : gains[padded.width - column];
        }
        cv::Vec2f* line = spectrum[row];
        cv::Vec2f* mirrored = spectrum[(padded.height - row) % padded.height];
        for (int column = 0; column < padded.width; ++column) {
            line[column] *= gains[column];
            if (mirrored != line) mirrored[column] *= gains[column];
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

/// The distance from the nipple at which `across` is true to scale.
double mean_distance(cv::Size size) {
    return 0.4 * std::hypot(size.width, size.height);
}

/// How large a field must be to fill the map, in the field's own pixels of `zoom` map pixels.
cv::Size field_size(const NippleMap& map, double zoom, double stretch) {
    const double reach = std::hypot(map.along.cols, map.along.rows);
    return {std::max(16, static_cast<int>(reach / stretch / zoom) + 4),
            std::max(16, static_cast<int>(std::numbers::pi * mean_distance(map.along.size()) / zoom) + 4)};
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

NippleMap make_nipple_map(cv::Size size, const NippleMapOptions& options, Random& random) {
    const cv::Size coarse(std::max(16, size.width / 16), std::max(16, size.height / 16));
    auto [bend_x, bend_y] = smooth_noise(coarse, std::max(4.0, options.bend_size_px / 16), random);
    cv::resize(bend_x, bend_x, size, 0, 0, cv::INTER_LINEAR);
    cv::resize(bend_y, bend_y, size, 0, 0, cv::INTER_LINEAR);
    NippleMap map{cv::Mat1f(size), cv::Mat1f(size)};
    const float per_degree = static_cast<float>(mean_distance(size) * std::numbers::pi / 180);
    const float bend = static_cast<float>(options.bend_px);
    for (int row = 0; row < size.height; ++row) {
        for (int column = 0; column < size.width; ++column) {
            const float dx = static_cast<float>(column - options.nipple.x) + bend * bend_x(row, column);
            const float dy = static_cast<float>(row - options.nipple.y) + bend * bend_y(row, column);
            map.along(row, column) = std::sqrt(dx * dx + dy * dy);
            map.across(row, column) =
                (cv::fastAtan2(dy, dx) - 90) * per_degree;  // 0..180 degrees: the breast
        }
    }
    return map;
}

cv::Mat1f streaked_noise(const NippleMap& map, double beta, double low, double stretch, Random& random) {
    constexpr double kZoom = 2;  // its finest detail is far below that of the unstreaked noise
    const cv::Mat1f field = power_law_noise(field_size(map, kZoom, stretch), beta, kZoom * low, random).first;
    cv::Mat1f sampled;
    cv::remap(field, sampled, map.along * (1 / (kZoom * stretch)), map.across * (1 / kZoom), cv::INTER_LINEAR,
              cv::BORDER_REFLECT);
    return sampled;
}

cv::Mat1f fibre_texture(const NippleMap& map, const FibreLayer& layer, Random& random) {
    // The lines are the zero crossings of a smooth field in the nipple's coordinates.
    const double zoom = layer.across_px / 8;  // the field's own pixels: eight to a mesh
    auto [field, strength] = smooth_noise(field_size(map, zoom, layer.stretch), 8, random);
    const cv::Mat1f map_x = map.along * (1 / (layer.stretch * zoom));
    const cv::Mat1f map_y = map.across * (1 / zoom);
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

#include "pipeline/phantom_stamp.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline::phantom {

namespace {

constexpr double kMaskShare = 0.35;  // of a grain's greatest thickness: what still belongs to its mask
constexpr double kLeastPeak = 3.5;   // standard deviations: see Visibility
constexpr double kLeastOverall = 10;
constexpr int kLobes[3] = {2, 3, 5};

double thickness_at(const GrainShape& shape, double dx, double dy) {
    const double along = (std::cos(shape.angle) * dx + std::sin(shape.angle) * dy) / shape.elongation;
    const double across = -std::sin(shape.angle) * dx + std::cos(shape.angle) * dy;
    const double direction = std::atan2(across, along);
    double radius = shape.radius_mm;
    for (int i = 0; i < 3; ++i) {
        radius += shape.radius_mm * shape.lobe[i] * std::cos(kLobes[i] * direction + shape.phase[i]);
    }
    const double rho2 = (along * along + across * across) / std::max(1e-9, radius * radius);
    if (rho2 >= 1) return 0;
    const double solid = std::pow(1 - rho2, 0.4);
    return shape.thickness_mm * solid * (1 - shape.hollow * std::exp(-4 * rho2));
}

}  // namespace

double mean_attenuation(const Anatomy& anatomy) {
    const cv::Mat inner = anatomy.thickness_mm > 0;
    return cv::countNonZero(inner) > 0 ? cv::mean(anatomy.attenuation, inner)[0] : 0;
}

Stamper::Stamper(const Frame& frame, const ExamTraits& exam, const Anatomy& anatomy, Grains& grains)
    : frame_(frame),
      device_(exam.device),
      anatomy_(anatomy),
      grains_(grains),
      mean_attenuation_(mean_attenuation(anatomy)) {}

cv::Point Stamper::working_pixel(cv::Point2d place_mm) const {
    const cv::Size size = anatomy_.edge_mm.size();
    return {std::clamp(static_cast<int>(place_mm.x / frame_.working_mm()), 0, size.width - 1),
            std::clamp(static_cast<int>(place_mm.y / frame_.working_mm()), 0, size.height - 1)};
}

bool Stamper::is_tissue(cv::Point2d place_mm, double skin_mm) const {
    const double border = frame_.size_scale;
    if (place_mm.x < border || place_mm.y < border ||
        place_mm.x > frame_.columns * frame_.spacing_mm - border ||
        place_mm.y > frame_.rows * frame_.spacing_mm - border) {
        return false;
    }
    const cv::Point at = working_pixel(place_mm);
    return anatomy_.edge_mm(at) >= skin_mm && anatomy_.muscle(at) == 0;
}

float Stamper::gland_at(cv::Point2d place_mm) const {
    return anatomy_.gland(working_pixel(place_mm));
}

Stamper::Patch Stamper::render(const GrainShape& shape) const {
    const double reach = 1.5 * shape.radius_mm * shape.elongation + frame_.spacing_mm;
    const double spacing = frame_.spacing_mm;
    const int left = static_cast<int>(std::floor((shape.centre_mm.x - reach) / spacing));
    const int top = static_cast<int>(std::floor((shape.centre_mm.y - reach) / spacing));
    const int size = static_cast<int>(std::ceil(2 * reach / spacing)) + 1;
    Patch patch{.area = cv::Rect(left, top, size, size), .mm = cv::Mat1f::zeros(size, size), .mask = {}};
    const int samples = size > 30 ? 2 : 5;
    for (int row = 0; row < size; ++row) {
        for (int column = 0; column < size; ++column) {
            double sum = 0;
            for (int i = 0; i < samples * samples; ++i) {
                const double x = (left + column + (i % samples + 0.5) / samples) * spacing;
                const double y = (top + row + (i / samples + 0.5) / samples) * spacing;
                sum += thickness_at(shape, x - shape.centre_mm.x, y - shape.centre_mm.y);
            }
            patch.mm(row, column) = static_cast<float>(sum / (samples * samples));
        }
    }
    double most = 0;
    cv::minMaxLoc(patch.mm, nullptr, &most);
    cv::Mat mask = patch.mm >= std::max(kMaskShare * most, 1e-12);
    patch.mask = mask;
    return patch;
}

bool Stamper::is_free(const Patch& patch) const {
    const cv::Rect picture(0, 0, frame_.columns, frame_.rows);
    const cv::Rect grown(patch.area.x - 1, patch.area.y - 1, patch.area.width + 2, patch.area.height + 2);
    if ((grown & picture) != grown) return false;
    return cv::countNonZero(grains_.truth(grown)) == 0 && cv::countNonZero(grains_.distractors(grown)) == 0;
}

Visibility Stamper::visibility(const GrainShape& shape) const {
    GrainShape unit = shape;
    unit.thickness_mm = 1;
    const Patch patch = render(unit);
    const double sigma = device_.blur_mm / frame_.spacing_mm;
    const int pad = 3;
    cv::Mat1f blurred;
    cv::copyMakeBorder(patch.mm, blurred, pad, pad, pad, pad, cv::BORDER_CONSTANT, 0);
    cv::GaussianBlur(blurred, blurred, {}, std::max(sigma, 0.1));
    double most = 0;
    cv::minMaxLoc(blurred, nullptr, &most);
    const double energy = cv::norm(blurred, cv::NORM_L2);
    const double local = anatomy_.attenuation(working_pixel(shape.centre_mm));
    const double photons =
        device_.photons_per_mm2 * frame_.spacing_mm * frame_.spacing_mm * std::exp(mean_attenuation_ - local);
    const double noise = 1 / std::sqrt(photons);
    const double contrast = kCalcificationAttenuation / (1 + device_.scatter_to_primary);
    return {.peak = most * contrast / noise, .overall = energy * contrast / noise};
}

void Stamper::make_visible(GrainShape& shape) const {
    const Visibility unit = visibility(shape);
    shape.thickness_mm = std::max({shape.thickness_mm, kLeastPeak / unit.peak, kLeastOverall / unit.overall});
}

bool Stamper::stamp_truth(const GrainShape& shape, std::uint16_t label) {
    const Patch patch = render(shape);
    if (!is_free(patch)) return false;
    grains_.calcium_mm(patch.area) += patch.mm;
    grains_.truth(patch.area).setTo(label, patch.mask);
    return true;
}

bool Stamper::stamp_distractor(const GrainShape& shape, Distractor kind) {
    const Patch patch = render(shape);
    if (!is_free(patch)) return false;
    grains_.calcium_mm(patch.area) += patch.mm;
    grains_.distractors(patch.area).setTo(static_cast<std::uint8_t>(kind), patch.mask);
    return true;
}

}  // namespace calcnode::pipeline::phantom

#include "pipeline/phantom_stamp.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline::phantom {

namespace {

constexpr double kMaskShare = 0.35;  // of a grain's greatest thickness: what still belongs to its mask
constexpr int kLobes[3] = {2, 3, 5};

double lobe_sum(const GrainShape& shape) {
    return std::abs(shape.lobe[0]) + std::abs(shape.lobe[1]) + std::abs(shape.lobe[2]);
}

/// A shape with what is the same for all its pixels.
class Profile {
  public:
    explicit Profile(const GrainShape& shape)
        : shape_(shape),
          cosine_(std::cos(shape.angle)),
          sine_(std::sin(shape.angle)),
          lobed_(lobe_sum(shape) > 0),
          greatest_(shape.radius_mm * (1 + lobe_sum(shape))) {}

    double thickness_at(double dx, double dy) const {
        const double along = (cosine_ * dx + sine_ * dy) / shape_.elongation;
        const double across = -sine_ * dx + cosine_ * dy;
        const double distance2 = along * along + across * across;
        if (distance2 >= greatest_ * greatest_) return 0;
        const double radius = lobed_ ? radius_at(std::atan2(across, along)) : shape_.radius_mm;
        const double rho2 = distance2 / std::max(1e-9, radius * radius);
        if (rho2 >= 1) return 0;
        if (shape_.shell > 0) return shape_.thickness_mm * through_shell(rho2);
        const double solid = std::pow(1 - rho2, shape_.softness);
        return shape_.thickness_mm * solid * (1 - shape_.hollow * std::exp(-4 * rho2));
    }
    /// Half the box round it: width, height.
    cv::Point2d half_box() const {
        const double a = greatest_ * shape_.elongation;
        return {std::hypot(a * cosine_, greatest_ * sine_), std::hypot(a * sine_, greatest_ * cosine_)};
    }

  private:
    double radius_at(double direction) const {
        double radius = shape_.radius_mm;
        for (int i = 0; i < 3; ++i) {
            radius += shape_.radius_mm * shape_.lobe[i] * std::cos(kLobes[i] * direction + shape_.phase[i]);
        }
        return radius;
    }
    /// 1 where the ray just touches the inner wall.
    double through_shell(double rho2) const {
        const double inner2 = (1 - shape_.shell) * (1 - shape_.shell);
        const double wall = std::sqrt(1 - rho2) - std::sqrt(std::max(0.0, inner2 - rho2));
        return wall / std::sqrt(1 - inner2);
    }

    const GrainShape& shape_;
    double cosine_;
    double sine_;
    bool lobed_;
    double greatest_;
};

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
    const Profile profile(shape);
    const double spacing = frame_.spacing_mm;
    const cv::Point2d half = profile.half_box() + cv::Point2d(spacing, spacing);
    const cv::Point2d corner = shape.centre_mm - half;
    const int left = static_cast<int>(std::floor(corner.x / spacing));
    const int top = static_cast<int>(std::floor(corner.y / spacing));
    const cv::Size size(static_cast<int>(std::ceil(2 * half.x / spacing)) + 1,
                        static_cast<int>(std::ceil(2 * half.y / spacing)) + 1);
    Patch patch{.area = {{left, top}, size}, .mm = cv::Mat1f::zeros(size), .mask = {}};
    const int samples = size.area() > 900 ? 2 : 5;
    for (int row = 0; row < size.height; ++row) {
        for (int column = 0; column < size.width; ++column) {
            double sum = 0;
            for (int i = 0; i < samples * samples; ++i) {
                const double x = (left + column + (i % samples + 0.5) / samples) * spacing;
                const double y = (top + row + (i / samples + 0.5) / samples) * spacing;
                sum += profile.thickness_at(x - shape.centre_mm.x, y - shape.centre_mm.y);
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

/// A pixel is left between any two things, the material of `allowed` apart.
bool Stamper::is_free(const Patch& patch, Distractor allowed) const {
    const cv::Rect picture(0, 0, frame_.columns, frame_.rows);
    const cv::Rect grown(patch.area.x - 1, patch.area.y - 1, patch.area.width + 2, patch.area.height + 2);
    if ((grown & picture) != grown) return false;
    cv::Mat1b wanted;
    cv::copyMakeBorder(patch.mask, wanted, 1, 1, 1, 1, cv::BORDER_CONSTANT, 0);
    cv::dilate(wanted, wanted, cv::Mat());
    for (int row = 0; row < grown.height; ++row) {
        const std::uint16_t* truth = grains_.truth[grown.y + row] + grown.x;
        const std::uint8_t* distractors = grains_.distractors[grown.y + row] + grown.x;
        for (int column = 0; column < grown.width; ++column) {
            if (wanted(row, column) == 0) continue;
            const std::uint8_t kind = distractors[column];
            if (truth[column] != 0 || (kind != 0 && kind != static_cast<std::uint8_t>(allowed))) return false;
        }
    }
    return true;
}

/// Standard deviation of a pixel there, in the logarithm of the signal.
double Stamper::variation_at(cv::Point2d place_mm) const {
    const cv::Point at = working_pixel(place_mm);
    const double local = anatomy_.attenuation(at);
    const double photons =
        device_.photons_per_mm2 * frame_.spacing_mm * frame_.spacing_mm * std::exp(mean_attenuation_ - local);
    const int reach = std::max(4, static_cast<int>(2.0 * frame_.size_scale / frame_.working_mm()));
    const cv::Rect around = cv::Rect(at.x - reach, at.y - reach, 2 * reach + 1, 2 * reach + 1) &
                            cv::Rect({}, anatomy_.attenuation.size());
    const cv::Mat1f tissue = anatomy_.attenuation(around);
    cv::Mat1f fine;
    cv::GaussianBlur(tissue, fine, {}, std::max(0.8, 0.4 / frame_.working_mm()));
    fine = tissue - fine;
    cv::Scalar mean, deviation;
    cv::meanStdDev(fine, mean, deviation);
    return std::hypot(1 / std::sqrt(photons), deviation[0] / (1 + device_.scatter_to_primary));
}

double Stamper::unit_contrast(const GrainShape& shape) const {
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
    const double seen = std::min(most, cv::norm(blurred, cv::NORM_L2) / kOverallPerPeak);
    return seen * kCalcificationAttenuation / (1 + device_.scatter_to_primary) /
           variation_at(shape.centre_mm);
}

void Stamper::make_visible(GrainShape& shape, double contrast) const {
    shape.thickness_mm = std::max(shape.thickness_mm, contrast / unit_contrast(shape));
}

bool Stamper::stamp_truth(const GrainShape& shape, std::uint16_t label) {
    const Patch patch = render(shape);
    if (!is_free(patch, Distractor::none)) return false;
    grains_.calcium_mm(patch.area) += patch.mm;
    grains_.truth(patch.area).setTo(label, patch.mask);
    return true;
}

void Stamper::unstamp_truth(const GrainShape& shape, std::uint16_t label) {
    const Patch patch = render(shape);
    grains_.calcium_mm(patch.area) = cv::max(grains_.calcium_mm(patch.area) - patch.mm, 0);
    grains_.truth(patch.area).setTo(0, grains_.truth(patch.area) == label);
}

bool Stamper::stamp_distractor(const GrainShape& shape, Distractor kind) {
    const Patch patch = render(shape);
    if (!is_free(patch, Distractor::none)) return false;
    grains_.calcium_mm(patch.area) += patch.mm;
    grains_.distractors(patch.area).setTo(static_cast<std::uint8_t>(kind), patch.mask);
    return true;
}

bool Stamper::add_to_distractor(const GrainShape& shape, Distractor kind) {
    const Patch patch = render(shape);
    if (!is_free(patch, kind)) return false;
    cv::Mat there = grains_.calcium_mm(patch.area);
    cv::max(there, patch.mm, there);
    grains_.distractors(patch.area).setTo(static_cast<std::uint8_t>(kind), patch.mask);
    return true;
}

}  // namespace calcnode::pipeline::phantom

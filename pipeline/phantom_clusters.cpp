#include "pipeline/phantom_clusters.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace calcnode::pipeline::phantom {

namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kLeastRadius_mm = 0.05;  // 0.1 to 1 mm across
constexpr double kMostRadius_mm = 0.5;

Distribution draw_distribution(Random& random) {
    const double draw = random.uniform(0, 1);
    if (draw < 0.55) return Distribution::grouped;
    if (draw < 0.71) return Distribution::linear;
    if (draw < 0.85) return Distribution::segmental;
    if (draw < 0.96) return Distribution::regional;
    return Distribution::diffuse;
}

Morphology draw_morphology(Distribution distribution, Random& random) {
    const bool ductal = distribution == Distribution::linear || distribution == Distribution::segmental;
    const double draw = random.uniform(0, 1);
    if (ductal && draw < 0.45) return Morphology::fine_linear;
    if (ductal && draw < 0.75) return Morphology::fine_pleomorphic;
    const double other = ductal ? (draw - 0.75) / 0.25 : draw;
    if (other < 0.35) return Morphology::round;
    if (other < 0.60) return Morphology::amorphous;
    if (other < 0.75) return Morphology::coarse_heterogeneous;
    return Morphology::fine_pleomorphic;
}

/// How many grains, and over what extent.
void draw_extent(ClusterPlan& plan, Random& random) {
    switch (plan.distribution) {
        case Distribution::linear:
            plan.grains = random.integer(5, 30);
            plan.extent_mm = std::clamp(0.5 * plan.grains * random.uniform(0.7, 1.5), 4.0, 20.0);
            plan.flatness = 0.06;
            plan.bend = random.uniform(-0.12, 0.12);
            plan.branches = random.chance(0.35) ? 1 : 0;
            plan.fork = random.uniform(-0.3, 0.5);
            break;
        case Distribution::segmental:
            plan.grains = static_cast<int>(random.log_uniform(12, 100));
            plan.extent_mm = random.uniform(8, 18);
            plan.flatness = random.uniform(0.2, 0.42);
            break;
        case Distribution::regional:
            plan.grains = static_cast<int>(random.log_uniform(25, 150));
            plan.extent_mm = random.uniform(11, 20);
            plan.flatness = random.uniform(0.6, 1);
            break;
        case Distribution::diffuse:
            plan.grains = random.integer(80, kMostGrains);
            plan.extent_mm = random.uniform(28, 45);
            plan.flatness = random.uniform(0.7, 1);
            break;
        default:
            // A group of three or four is none by BI-RADS and one by the literature of computer detection.
            plan.grains = random.chance(0.08) ? random.integer(kLeastGrains, 4)
                                              : static_cast<int>(random.log_uniform(5, 45));
            plan.extent_mm = random.uniform(1.5, 3.0) + 0.5 * std::sqrt(plan.grains);
            plan.flatness = random.uniform(0.5, 1);
    }
}

/// What the grains look like.
void draw_form(ClusterPlan& plan, Random& random) {
    switch (plan.morphology) {
        case Morphology::round:
            plan.radius_mm = random.log_uniform(0.08, 0.20);
            plan.spread = random.uniform(0.10, 0.30);
            plan.irregular = random.uniform(0.0, 0.06);
            break;
        case Morphology::amorphous:
            plan.radius_mm = random.log_uniform(0.09, 0.18);
            plan.spread = random.uniform(0.15, 0.35);
            plan.irregular = random.uniform(0.10, 0.25);
            break;
        case Morphology::coarse_heterogeneous:
            plan.radius_mm = random.uniform(0.25, 0.38);
            plan.spread = random.uniform(0.20, 0.35);
            plan.irregular = random.uniform(0.12, 0.30);
            break;
        case Morphology::fine_pleomorphic:
            plan.radius_mm = random.log_uniform(0.09, 0.18);
            plan.spread = random.uniform(0.30, 0.50);
            plan.irregular = random.uniform(0.15, 0.35);
            break;
        case Morphology::fine_linear:
            plan.radius_mm = random.log_uniform(0.06, 0.12);
            plan.spread = random.uniform(0.15, 0.30);
            plan.irregular = random.uniform(0.02, 0.15);
            break;
    }
}

/// Along and across a line that is a little bent and may branch.
cv::Point2d offset_on_line(const ClusterPlan& plan, Random& random) {
    const double t = random.uniform(-1, 1);
    double across = random.normal(0, 0.22) + plan.bend * plan.extent_mm * std::cos(0.5 * kPi * t);
    // Ducts branch away from the nipple: `along` points to it.
    if (plan.branches > 0 && t < plan.fork && random.chance(0.5)) {
        across += 0.45 * (plan.fork - t) * plan.extent_mm;
    }
    return {t * plan.extent_mm, across};
}

/// Where one grain lies, relative to the cluster's centre.
cv::Point2d draw_offset(const ClusterPlan& plan, Random& random) {
    const bool ductal =
        plan.distribution == Distribution::linear || plan.distribution == Distribution::segmental;
    cv::Point2d offset;
    if (plan.distribution == Distribution::linear) {
        offset = offset_on_line(plan, random);
    } else if (plan.distribution == Distribution::segmental) {
        const double from_tip = 2 * plan.extent_mm * std::sqrt(random.uniform(0.02, 1));
        offset = {plan.extent_mm - from_tip, random.uniform(-1, 1) * from_tip * plan.flatness};
    } else {
        const double radius = std::sqrt(random.uniform(0, 1)) * plan.extent_mm;
        const double direction = random.uniform(0, 2 * kPi);
        offset = {radius * std::cos(direction), radius * plan.flatness * std::sin(direction)};
    }
    const double angle = ductal ? plan.towards_nipple : plan.tilt;
    return {std::cos(angle) * offset.x - std::sin(angle) * offset.y,
            std::sin(angle) * offset.x + std::cos(angle) * offset.y};
}

double draw_elongation(Morphology morphology, Random& random) {
    switch (morphology) {
        case Morphology::round:
            return random.uniform(1.0, 1.15);
        case Morphology::fine_linear:
            return random.uniform(1.8, 5.0);
        case Morphology::fine_pleomorphic:
            return random.uniform(1.0, 2.2);
        default:
            return random.uniform(1.0, 1.6);
    }
}

}  // namespace

ClusterPlan draw_plan(double size_scale, const ClusterVisibility& visibility, Random& random) {
    ClusterPlan plan;
    plan.distribution = draw_distribution(random);
    plan.morphology = draw_morphology(plan.distribution, random);
    draw_extent(plan, random);
    draw_form(plan, random);
    const double scale = std::min(1.0, 2.5 * size_scale);
    plan.extent_mm *= scale;
    plan.grains = std::max(std::min(plan.grains, 5), static_cast<int>(plan.grains * scale * scale));
    plan.tilt = random.uniform(0, kPi);
    plan.contrast = random.log_uniform(visibility.least, visibility.most);
    // Amorphous grains are those too faint or too small to have a form.
    if (plan.morphology == Morphology::amorphous) {
        plan.contrast = std::max(visibility.least, 0.6 * plan.contrast);
    }
    return plan;
}

GrainShape draw_grain(const ClusterPlan& plan, Random& random) {
    GrainShape shape;
    shape.centre_mm = plan.centre_mm + draw_offset(plan, random);
    shape.radius_mm = std::clamp(plan.radius_mm * std::exp(random.normal(0, plan.spread)), kLeastRadius_mm,
                                 0.8 * kMostRadius_mm);
    const bool casting = plan.morphology == Morphology::fine_linear;
    shape.elongation = std::max(
        1.0, std::min(draw_elongation(plan.morphology, random), 0.9 * kMostRadius_mm / shape.radius_mm));
    shape.angle = casting ? plan.towards_nipple + random.normal(0, 0.3) : random.uniform(0, kPi);
    shape.softness = plan.morphology == Morphology::amorphous ? random.uniform(0.9, 1.6) : 0.4;
    for (int i = 0; i < 3; ++i) {
        shape.lobe[i] = random.uniform(0, plan.irregular);
        shape.phase[i] = random.uniform(0, 2 * kPi);
    }
    return shape;
}

double reach_of(const GrainShape& shape) {
    return shape.radius_mm * shape.elongation;
}

bool are_apart(const GrainShape& one, const GrainShape& other, double gap_mm) {
    const double reach = 1.25 * (reach_of(one) + reach_of(other)) + gap_mm;
    const cv::Point2d between = one.centre_mm - other.centre_mm;
    return between.dot(between) >= reach * reach;
}

}  // namespace calcnode::pipeline::phantom

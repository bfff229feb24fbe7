#include "pipeline/phantom_grains.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>

#include "pipeline/error.h"
#include "pipeline/phantom_distractors.h"
#include "pipeline/phantom_stamp.h"

namespace calcnode::pipeline::phantom {

namespace {

constexpr int kLeastGrains = 5;  // BI-RADS: a group is five or more
constexpr double kPi = std::numbers::pi;

/// What one cluster's grains have in common.
struct ClusterPlan {
    Distribution distribution = Distribution::grouped;
    int grains = 0;
    cv::Point2d centre_mm;
    double towards_nipple = 0;  // direction, radians
    double extent_mm = 0;       // radius, or half the length
    double flatness = 1;        // short axis / long axis
    double tilt = 0;
    double radius_mm = 0;  // median grain
    double spread = 0;     // of the logarithm of the radius
    double contrast = 0;   // share of a full calcification's thickness
    double irregular = 0;
};

Distribution draw_distribution(Random& random) {
    const double draw = random.uniform(0, 1);
    if (draw < 0.60) return Distribution::grouped;
    if (draw < 0.75) return Distribution::linear;
    if (draw < 0.90) return Distribution::segmental;
    return Distribution::regional;
}

void draw_extent(ClusterPlan& plan, Random& random) {
    switch (plan.distribution) {
        case Distribution::linear:
            plan.grains = random.integer(6, 18);
            plan.extent_mm = 0.5 * plan.grains * random.uniform(0.8, 1.6);
            plan.flatness = 0.06;
            break;
        case Distribution::segmental:
            plan.grains = random.integer(12, 40);
            plan.extent_mm = random.uniform(6, 14);
            plan.flatness = random.uniform(0.25, 0.5);
            break;
        case Distribution::regional:
            plan.grains = random.integer(20, 40);
            plan.extent_mm = random.uniform(8, 14);
            plan.flatness = random.uniform(0.6, 1);
            break;
        default:
            plan.grains = random.integer(5, 25);
            plan.extent_mm = random.uniform(2, 6);
            plan.flatness = random.uniform(0.5, 1);
    }
}

ClusterPlan draw_plan(const Frame& frame, Random& random) {
    ClusterPlan plan;
    plan.distribution = draw_distribution(random);
    draw_extent(plan, random);
    const double scale = std::min(1.0, 2.5 * frame.size_scale);
    plan.extent_mm *= scale;
    plan.grains = std::max(kLeastGrains, static_cast<int>(plan.grains * scale));
    plan.tilt = random.uniform(0, kPi);
    plan.radius_mm = random.log_uniform(0.09, 0.24);
    plan.spread = random.uniform(0.2, 0.45);
    plan.contrast = random.log_uniform(0.6, 2.2);
    plan.irregular = random.uniform(0.05, 0.30);
    return plan;
}

/// Where one grain lies, relative to the cluster's centre.
cv::Point2d draw_offset(const ClusterPlan& plan, Random& random) {
    const bool pointed =
        plan.distribution == Distribution::linear || plan.distribution == Distribution::segmental;
    double along = 0;
    double across = 0;
    if (plan.distribution == Distribution::linear) {
        along = random.uniform(-1, 1) * plan.extent_mm;
        // The duct that the grains lie in is bent a little.
        across =
            random.normal(0, 0.25) + plan.flatness * plan.extent_mm * std::sin(kPi * along / plan.extent_mm);
    } else if (plan.distribution == Distribution::segmental) {
        const double from_tip = 2 * plan.extent_mm * std::sqrt(random.uniform(0.02, 1));
        along = plan.extent_mm - from_tip;
        across = random.uniform(-1, 1) * from_tip * plan.flatness;
    } else {
        const double radius = std::sqrt(random.uniform(0, 1)) * plan.extent_mm;
        const double direction = random.uniform(0, 2 * kPi);
        along = radius * std::cos(direction);
        across = radius * plan.flatness * std::sin(direction);
    }
    const double angle = pointed ? plan.towards_nipple : plan.tilt;
    return {std::cos(angle) * along - std::sin(angle) * across,
            std::sin(angle) * along + std::cos(angle) * across};
}

GrainShape draw_grain(const ClusterPlan& plan, Random& random) {
    GrainShape shape;
    shape.centre_mm = plan.centre_mm + draw_offset(plan, random);
    shape.radius_mm = std::clamp(plan.radius_mm * std::exp(random.normal(0, plan.spread)), 0.05, 0.4);
    const bool casting = plan.distribution == Distribution::linear && random.chance(0.6);
    shape.elongation = casting ? random.uniform(1.6, 3.2) : random.uniform(1.0, 1.7);
    shape.elongation = std::max(1.0, std::min(shape.elongation, 0.45 / shape.radius_mm));
    shape.angle = casting ? plan.towards_nipple + random.normal(0, 0.25) : random.uniform(0, kPi);
    for (int i = 0; i < 3; ++i) {
        shape.lobe[i] = random.uniform(0, plan.irregular);
        shape.phase[i] = random.uniform(0, 2 * kPi);
    }
    shape.thickness_mm = 1.6 * shape.radius_mm * plan.contrast * random.uniform(0.7, 1.2);
    return shape;
}

/// A place for the cluster's centre, further from other clusters than `apart_mm`.
std::optional<cv::Point2d> draw_centre(const Frame& frame, const Stamper& stamper,
                                       const std::vector<cv::Point2d>& taken, double apart_mm,
                                       Random& random) {
    const cv::Point2d place(random.uniform(0, frame.columns * frame.spacing_mm),
                            random.uniform(0, frame.rows * frame.spacing_mm));
    if (!stamper.is_tissue(place, 7 * frame.size_scale)) return std::nullopt;
    if (!random.chance(0.35 + 0.65 * stamper.gland_at(place))) return std::nullopt;
    for (const cv::Point2d& other : taken) {
        if (cv::norm(other - place) < apart_mm) return std::nullopt;
    }
    return place;
}

/// The positions of a cluster's grains, or nothing when five do not fit round this centre.
std::vector<GrainShape> draw_grains(const Frame& frame, const Stamper& stamper, const ClusterPlan& plan,
                                    Random& random) {
    std::vector<GrainShape> shapes;
    for (int attempt = 0; attempt < 20 * plan.grains && static_cast<int>(shapes.size()) < plan.grains;
         ++attempt) {
        GrainShape shape = draw_grain(plan, random);
        if (!stamper.is_tissue(shape.centre_mm, 3.5 * frame.size_scale)) continue;
        const bool touches = std::any_of(shapes.begin(), shapes.end(), [&](const GrainShape& other) {
            const double reach = shape.radius_mm * shape.elongation + other.radius_mm * other.elongation;
            return cv::norm(other.centre_mm - shape.centre_mm) < 1.5 * reach + 6 * frame.spacing_mm * 0.5;
        });
        if (!touches) shapes.push_back(shape);
    }
    if (static_cast<int>(shapes.size()) < kLeastGrains) shapes.clear();
    return shapes;
}

class ClusterPlacer {
  public:
    ClusterPlacer(const Frame& frame, const Anatomy& anatomy, Stamper& stamper, Grains& grains)
        : frame_(frame), anatomy_(anatomy), stamper_(stamper), grains_(grains) {}

    void place(Random& random) {
        constexpr int kAttempts = 4000;
        for (int attempt = 0; attempt < kAttempts; ++attempt) {
            const double apart = (attempt < kAttempts / 2 ? 25 : 12) * std::min(1.0, 2 * frame_.size_scale);
            const auto centre = draw_centre(frame_, stamper_, centres_, apart, random);
            if (!centre) continue;
            ClusterPlan plan = draw_plan(frame_, random);
            plan.centre_mm = *centre;
            const cv::Point2d nipple((anatomy_.nipple_px.x + 0.5) * frame_.working_mm(),
                                     (anatomy_.nipple_px.y + 0.5) * frame_.working_mm());
            plan.towards_nipple = std::atan2(nipple.y - centre->y, nipple.x - centre->x);
            if (stamp(plan, draw_grains(frame_, stamper_, plan, random))) return;
        }
        throw Error(ErrorCode::bad_argument, "phantom: cluster " + std::to_string(centres_.size() + 1) +
                                                 " does not fit into this breast");
    }
    const std::vector<cv::Point2d>& centres() const { return centres_; }

  private:
    bool stamp(const ClusterPlan& plan, std::vector<GrainShape> shapes) {
        if (shapes.empty()) return false;
        PhantomCluster cluster;
        cluster.distribution = plan.distribution;
        cv::Point2d sum;
        for (GrainShape& shape : shapes) {
            stamper_.make_visible(shape);
            if (!stamper_.stamp_truth(shape, static_cast<std::uint16_t>(next_label_))) continue;
            cluster.grains.push_back(next_label_++);
            sum += shape.centre_mm;
        }
        if (static_cast<int>(cluster.grains.size()) < kLeastGrains) {
            erase(cluster);
            return false;
        }
        const double count = static_cast<double>(cluster.grains.size()) * frame_.spacing_mm;
        cluster.centroid = {sum.x / count, sum.y / count};
        grains_.clusters.push_back(std::move(cluster));
        centres_.push_back(plan.centre_mm);
        return true;
    }
    /// A cluster that came out too small is taken back, with its material.
    void erase(const PhantomCluster& cluster) {
        for (const int label : cluster.grains) {
            const cv::Mat mask = grains_.truth == label;
            grains_.calcium_mm.setTo(0, mask);
            grains_.truth.setTo(0, mask);
        }
        next_label_ -= static_cast<int>(cluster.grains.size());
    }

    const Frame& frame_;
    const Anatomy& anatomy_;
    Stamper& stamper_;
    Grains& grains_;
    std::vector<cv::Point2d> centres_;
    int next_label_ = 1;
};

}  // namespace

Grains make_grains(const Frame& frame, const ExamTraits& exam, const Anatomy& anatomy, int clusters,
                   Random& random) {
    const cv::Size size(frame.columns, frame.rows);
    Grains grains{.calcium_mm = cv::Mat1f::zeros(size),
                  .truth = cv::Mat1w::zeros(size),
                  .distractors = cv::Mat1b::zeros(size),
                  .clusters = {}};
    Stamper stamper(frame, exam, anatomy, grains);
    ClusterPlacer placer(frame, anatomy, stamper, grains);
    for (int i = 0; i < clusters; ++i)
        placer.place(random);
    const DistractorContext context{frame, anatomy, placer.centres(), stamper};
    add_benign_calcifications(context, random);
    if (exam.breast.vessels_calcified) add_vessel_walls(context, random);
    if (exam.device.film) add_dust(frame, grains, random);
    return grains;
}

}  // namespace calcnode::pipeline::phantom

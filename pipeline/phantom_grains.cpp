#include "pipeline/phantom_grains.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>

#include "pipeline/error.h"
#include "pipeline/phantom_stamp.h"

namespace calcnode::pipeline::phantom {

namespace {

constexpr double kLeastPeak = 3.0;  // a grain under these would be invisible and no fair truth
constexpr double kLeastOverall = 9;
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
    plan.radius_mm = random.log_uniform(0.08, 0.22);
    plan.spread = random.uniform(0.2, 0.45);
    plan.contrast = random.log_uniform(0.5, 2.2);
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

/// Raises the thickness until the grain can be seen at all in this device's noise.
void make_visible(GrainShape& shape, const Stamper& stamper) {
    const Visibility unit = stamper.visibility(shape);
    shape.thickness_mm = std::max({shape.thickness_mm, kLeastPeak / unit.peak, kLeastOverall / unit.overall});
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
            make_visible(shape, stamper_);
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

bool is_near(const std::vector<cv::Point2d>& places, cv::Point2d place, double mm) {
    return std::any_of(places.begin(), places.end(),
                       [&](const cv::Point2d& other) { return cv::norm(other - place) < mm; });
}

/// Single round or rim-shaped calcifications, far from everything else.
void add_benign(const Frame& frame, Stamper& stamper, std::vector<cv::Point2d> taken, Random& random) {
    const int count = random.integer(0, 4);
    for (int i = 0, attempt = 0; i < count && attempt < 200; ++attempt) {
        GrainShape shape;
        shape.centre_mm = {random.uniform(0, frame.columns * frame.spacing_mm),
                           random.uniform(0, frame.rows * frame.spacing_mm)};
        if (!stamper.is_tissue(shape.centre_mm, 3 * frame.size_scale)) continue;
        if (is_near(taken, shape.centre_mm, 22 * frame.size_scale)) continue;
        shape.radius_mm = random.log_uniform(0.12, 1.4) * std::min(1.0, 2 * frame.size_scale);
        shape.elongation = random.uniform(1, 1.2);
        shape.angle = random.uniform(0, kPi);
        shape.hollow = shape.radius_mm > 0.5 && random.chance(0.5) ? random.uniform(0.4, 0.9) : 0;
        shape.thickness_mm = std::min(1.0, 1.6 * shape.radius_mm) * random.uniform(0.3, 1);
        make_visible(shape, stamper);
        if (!stamper.stamp_distractor(shape, Distractor::benign_calcification)) continue;
        taken.push_back(shape.centre_mm);
        ++i;
    }
}

/// Tram lines: broken rows of plaque on both walls of a stretch of a vessel.
void add_vessel_walls(const Frame& frame, const Anatomy& anatomy, Stamper& stamper,
                      const std::vector<cv::Point2d>& clusters, Random& random) {
    for (const Curve& vessel : anatomy.vessels) {
        const double mm = frame.working_mm();
        const std::size_t first = static_cast<std::size_t>(random.uniform(0, 0.4) * vessel.size());
        const std::size_t last = static_cast<std::size_t>(random.uniform(0.6, 1) * vessel.size());
        const double contrast = random.log_uniform(0.2, 0.7);
        const double coverage = random.uniform(0.3, 0.9);
        for (const int side : {-1, 1}) {
            double gap = 0;
            for (std::size_t i = first; i + 1 < last; ++i) {
                gap -= mm;
                if (gap > 0) continue;
                const cv::Point2d direction = vessel[i + 1].position - vessel[i].position;
                GrainShape shape;
                shape.radius_mm = random.uniform(0.08, 0.16);
                shape.elongation = random.uniform(1.5, 5);
                shape.angle = std::atan2(direction.y, direction.x);
                const cv::Point2d wall(-direction.y, direction.x);
                shape.centre_mm = (vessel[i].position + side * 0.9 * vessel[i].radius * wall) * mm +
                                  cv::Point2d(0.5 * mm, 0.5 * mm);
                gap =
                    2.2 * shape.radius_mm * shape.elongation + random.uniform(0, 1.5) * (1 - coverage) + 0.1;
                if (!random.chance(coverage) || is_near(clusters, shape.centre_mm, 12 * frame.size_scale))
                    continue;
                shape.thickness_mm = contrast * random.uniform(0.15, 0.5);
                if (!stamper.is_tissue(shape.centre_mm, 2 * frame.size_scale)) continue;
                // A plaque that would touch another is simply left out.
                static_cast<void>(stamper.stamp_distractor(shape, Distractor::vessel_wall));
            }
        }
    }
}

/// Specks and short hairs on a film: sharp, anywhere, brightness added by the imaging step.
void add_dust(const Frame& frame, Grains& grains, Random& random) {
    const int count = random.integer(0, 25);
    for (int i = 0; i < count; ++i) {
        int row = random.integer(1, frame.rows - 2);
        int column = random.integer(1, frame.columns - 2);
        const int length = random.chance(0.15) ? random.integer(4, 20) : random.integer(1, 3);
        for (int step = 0; step < length; ++step) {
            row = std::clamp(row + random.integer(-1, 1), 1, frame.rows - 2);
            column = std::clamp(column + random.integer(0, 1), 1, frame.columns - 2);
            const cv::Rect around(column - 1, row - 1, 3, 3);
            if (cv::countNonZero(grains.truth(around)) == 0) {
                grains.distractors(row, column) = static_cast<std::uint8_t>(Distractor::film_dust);
            }
        }
    }
}

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
    add_benign(frame, stamper, placer.centres(), random);
    if (exam.breast.vessels_calcified) add_vessel_walls(frame, anatomy, stamper, placer.centres(), random);
    if (exam.device.film) add_dust(frame, grains, random);
    return grains;
}

}  // namespace calcnode::pipeline::phantom

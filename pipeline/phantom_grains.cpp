#include "pipeline/phantom_grains.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include <opencv2/imgproc.hpp>

#include "pipeline/error.h"
#include "pipeline/phantom_clusters.h"
#include "pipeline/phantom_distractors.h"
#include "pipeline/phantom_stamp.h"

namespace calcnode::pipeline::phantom {

namespace {

/// How many of a cluster's grains a reader must be able to see. BI-RADS: a group is five or more.
constexpr std::size_t kSeenGrains = 5;
constexpr double kGrainFloor = 0.75;  // of the visibility's least contrast: what no grain falls short of

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

/// A cluster's grains, or nothing when not enough of them fit round this centre.
std::vector<GrainShape> draw_grains(const Frame& frame, const Stamper& stamper, const ClusterPlan& plan,
                                    Random& random) {
    std::vector<GrainShape> shapes;
    for (int attempt = 0; attempt < 12 * plan.grains && static_cast<int>(shapes.size()) < plan.grains;
         ++attempt) {
        GrainShape shape = draw_grain(plan, random);
        if (!stamper.is_tissue(shape.centre_mm, 3.5 * frame.size_scale)) continue;
        const bool apart = std::all_of(shapes.begin(), shapes.end(), [&](const GrainShape& other) {
            return are_apart(shape, other, 2.5 * frame.spacing_mm);
        });
        if (apart) shapes.push_back(shape);
    }
    if (static_cast<int>(shapes.size()) < std::max(kLeastGrains, plan.grains / 2)) shapes.clear();
    return shapes;
}

/// Gives the grains the thickness that makes the cluster as visible as planned; returns the median contrast.
double make_visible(const Stamper& stamper, const ClusterPlan& plan, double least,
                    std::vector<GrainShape>& shapes, Random& random) {
    std::vector<double> contrasts;
    for (const GrainShape& shape : shapes) {
        const double size = std::pow(shape.radius_mm / plan.radius_mm, 0.7);
        contrasts.push_back(plan.contrast * size * std::exp(random.normal(0, 0.25)));
    }
    std::vector<double> sorted = contrasts;
    std::sort(sorted.rbegin(), sorted.rend());
    const double last_seen = sorted[std::min(kSeenGrains, sorted.size()) - 1];
    const double gain = std::max(1.0, least / last_seen);
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        const double unit = stamper.unit_contrast(shapes[i]);
        const double floor = contrasts[i] >= last_seen ? least : kGrainFloor * least;
        // No more calcium than a ball three times as dense would have, unless it could not be seen then.
        const double possible = std::max(floor, 6 * shapes[i].radius_mm * unit);
        contrasts[i] = std::clamp(gain * contrasts[i], floor, possible);
        shapes[i].thickness_mm = contrasts[i] / unit;
    }
    std::nth_element(contrasts.begin(), contrasts.begin() + contrasts.size() / 2, contrasts.end());
    return contrasts[contrasts.size() / 2];
}

class ClusterPlacer {
  public:
    ClusterPlacer(const Scene& scene, Stamper& stamper, Grains& grains)
        : frame_(scene.frame),
          anatomy_(scene.anatomy),
          visibility_(scene.visibility),
          stamper_(stamper),
          grains_(grains) {}

    void place(Random& random) {
        constexpr int kAttempts = 4000;
        for (int attempt = 0; attempt < kAttempts; ++attempt) {
            const double apart = (attempt < kAttempts / 2 ? 25 : 12) * std::min(1.0, 2 * frame_.size_scale);
            const auto centre = draw_centre(frame_, stamper_, centres_, apart, random);
            if (!centre) continue;
            ClusterPlan plan = draw_plan(frame_.size_scale, visibility_, random);
            plan.centre_mm = *centre;
            const cv::Point2d nipple((anatomy_.nipple_px.x + 0.5) * frame_.working_mm(),
                                     (anatomy_.nipple_px.y + 0.5) * frame_.working_mm());
            plan.towards_nipple = std::atan2(nipple.y - centre->y, nipple.x - centre->x);
            std::vector<GrainShape> shapes = draw_grains(frame_, stamper_, plan, random);
            if (shapes.empty()) continue;
            const double contrast = make_visible(stamper_, plan, visibility_.least, shapes, random);
            if (stamp(plan, shapes, contrast)) return;
        }
        throw Error(ErrorCode::bad_argument, "phantom: cluster " + std::to_string(centres_.size() + 1) +
                                                 " does not fit into this breast");
    }
    const std::vector<cv::Point2d>& centres() const { return centres_; }

  private:
    bool stamp(const ClusterPlan& plan, const std::vector<GrainShape>& shapes, double contrast) {
        PhantomCluster cluster{.centroid = {},
                               .grains = {},
                               .distribution = plan.distribution,
                               .morphology = plan.morphology,
                               .hull_area_mm2 = 0,
                               .contrast = contrast};
        std::vector<GrainShape> stamped;
        cv::Point2d sum;
        for (const GrainShape& shape : shapes) {
            if (!stamper_.stamp_truth(shape, static_cast<std::uint16_t>(next_label_))) continue;
            cluster.grains.push_back(next_label_++);
            stamped.push_back(shape);
            sum += shape.centre_mm;
        }
        if (stamped.size() < std::max<std::size_t>(kLeastGrains, shapes.size() / 2)) {
            for (std::size_t i = 0; i < stamped.size(); ++i)
                stamper_.unstamp_truth(stamped[i], static_cast<std::uint16_t>(cluster.grains[i]));
            next_label_ -= static_cast<int>(stamped.size());
            return false;
        }
        const double count = static_cast<double>(cluster.grains.size()) * frame_.spacing_mm;
        cluster.centroid = {sum.x / count, sum.y / count};
        grains_.clusters.push_back(std::move(cluster));
        centres_.push_back(plan.centre_mm);
        return true;
    }

    const Frame& frame_;
    const Anatomy& anatomy_;
    const ClusterVisibility& visibility_;
    Stamper& stamper_;
    Grains& grains_;
    std::vector<cv::Point2d> centres_;
    int next_label_ = 1;
};

/// The hulls of the clusters' pixels, mm2.
void measure_hulls(const Frame& frame, Grains& grains) {
    std::vector<int> cluster_of(1, -1);
    for (std::size_t i = 0; i < grains.clusters.size(); ++i) {
        for (const int label : grains.clusters[i].grains) {
            cluster_of.resize(std::max<std::size_t>(cluster_of.size(), label + 1), -1);
            cluster_of[label] = static_cast<int>(i);
        }
    }
    std::vector<std::vector<cv::Point>> corners(grains.clusters.size());
    for (int row = 0; row < grains.truth.rows; ++row) {
        const std::uint16_t* line = grains.truth[row];
        for (int column = 0; column < grains.truth.cols; ++column) {
            if (line[column] == 0) continue;
            std::vector<cv::Point>& points = corners[cluster_of[line[column]]];
            for (const int x : {column, column + 1}) {
                points.emplace_back(x, row);
                points.emplace_back(x, row + 1);
            }
        }
    }
    for (std::size_t i = 0; i < corners.size(); ++i) {
        std::vector<cv::Point> hull;
        cv::convexHull(corners[i], hull);
        grains.clusters[i].hull_area_mm2 = cv::contourArea(hull) * frame.spacing_mm * frame.spacing_mm;
    }
}

}  // namespace

Grains make_grains(const Scene& scene, int clusters, Random& random) {
    const cv::Size size(scene.frame.columns, scene.frame.rows);
    Grains grains{.calcium_mm = cv::Mat1f::zeros(size),
                  .truth = cv::Mat1w::zeros(size),
                  .distractors = cv::Mat1b::zeros(size),
                  .defects = {},
                  .clusters = {}};
    mark_lymph_nodes(scene.frame, scene.anatomy, grains);
    Stamper stamper(scene.frame, scene.exam, scene.anatomy, grains);
    ClusterPlacer placer(scene, stamper, grains);
    for (int i = 0; i < clusters; ++i)
        placer.place(random);
    measure_hulls(scene.frame, grains);
    add_distractors({scene.frame, scene.anatomy, placer.centres(), stamper}, scene, grains);
    return grains;
}

}  // namespace calcnode::pipeline::phantom

#include "pipeline/phantom_distractors.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include <opencv2/imgproc.hpp>

#include "pipeline/phantom_artefacts.h"

namespace calcnode::pipeline::phantom {

namespace {

constexpr double kPi = std::numbers::pi;

bool is_near(const std::vector<cv::Point2d>& places, cv::Point2d place, double mm) {
    return std::any_of(places.begin(), places.end(),
                       [&](const cv::Point2d& other) { return cv::norm(other - place) < mm; });
}

/// A place in the breast, away from all of `taken`.
struct PlaceOptions {
    double skin_mm = 3;  // at least this far from the skin
    double most_mm = 1e9;
    double apart_mm = 22;
};
std::optional<cv::Point2d> draw_place(const DistractorContext& context, const PlaceOptions& options,
                                      const std::vector<cv::Point2d>& taken, Random& random) {
    const Frame& frame = context.frame;
    for (int attempt = 0; attempt < 200; ++attempt) {
        const cv::Point2d place(random.uniform(0, frame.columns * frame.spacing_mm),
                                random.uniform(0, frame.rows * frame.spacing_mm));
        if (!context.stamper.is_tissue(place, options.skin_mm * frame.size_scale)) continue;
        if (context.stamper.is_tissue(place, options.most_mm * frame.size_scale)) continue;
        if (!is_near(taken, place, options.apart_mm * frame.size_scale)) return place;
    }
    return std::nullopt;
}

/// The calcified stretch of one vessel.
struct Plaque {
    std::size_t first = 0;
    std::size_t last = 0;
    double contrast = 0;
    double coverage = 0;
};
struct Wall {
    Plaque plaque;
    int side = 1;
};

void line_wall(const DistractorContext& context, const Curve& vessel, const Wall& wall, Random& random) {
    const double mm = context.frame.working_mm();
    const double scale = context.frame.size_scale;
    const double coverage = wall.plaque.coverage;
    double gap = 0;
    for (std::size_t i = wall.plaque.first; i + 1 < wall.plaque.last; ++i) {
        gap -= mm;
        if (gap > 0) continue;
        const cv::Point2d direction = vessel[i + 1].position - vessel[i].position;
        const cv::Point2d across(-direction.y, direction.x);
        GrainShape shape;
        shape.radius_mm = random.uniform(0.08, 0.16);
        shape.elongation = random.uniform(1.5, 5);
        shape.angle = std::atan2(direction.y, direction.x);
        shape.centre_mm = (vessel[i].position + wall.side * 0.9 * vessel[i].radius * across) * mm +
                          cv::Point2d(0.5 * mm, 0.5 * mm);
        shape.thickness_mm = wall.plaque.contrast * random.uniform(0.15, 0.5);
        gap = 2.2 * shape.radius_mm * shape.elongation + random.uniform(0, 1.5) * (1 - coverage) + 0.1;
        if (!random.chance(coverage) || is_near(context.clusters_mm, shape.centre_mm, 12 * scale)) continue;
        if (!context.stamper.is_tissue(shape.centre_mm, 2 * scale)) continue;
        // A plaque that would touch another is simply left out.
        static_cast<void>(context.stamper.stamp_distractor(shape, Distractor::vessel_wall));
    }
}

void add_skin_ring(const DistractorContext& context, cv::Point2d place, Random& random) {
    GrainShape shape;
    shape.centre_mm = place;
    shape.radius_mm = random.uniform(0.25, 0.65) * std::min(1.0, 2 * context.frame.size_scale);
    shape.elongation = random.uniform(1, 1.25);
    shape.angle = random.uniform(0, kPi);
    shape.hollow = random.uniform(0.7, 0.95);
    shape.lobe[0] = random.uniform(0, 0.08);
    shape.thickness_mm = shape.radius_mm * random.uniform(0.3, 1.2);
    context.stamper.make_visible(shape, 4);
    // One that would touch another thing is simply left out.
    static_cast<void>(context.stamper.stamp_distractor(shape, Distractor::skin_calcification));
}

/// A fibroadenoma's coarse lumps, touching each other.
void add_popcorn(const DistractorContext& context, cv::Point2d place, Random& random) {
    const double scale = std::min(1.0, 2 * context.frame.size_scale);
    const double extent = random.uniform(1.5, 4) * scale;
    const double density = random.uniform(0.25, 0.7);
    const int lumps = random.integer(3, 8);
    for (int i = 0; i < lumps; ++i) {
        GrainShape shape;
        shape.centre_mm = place + 0.7 * extent * cv::Point2d(random.uniform(-1, 1), random.uniform(-1, 1));
        shape.radius_mm = extent * random.uniform(0.2, 0.5);
        shape.elongation = random.uniform(1, 1.6);
        shape.angle = random.uniform(0, kPi);
        for (int lobe = 0; lobe < 3; ++lobe) {
            shape.lobe[lobe] = random.uniform(0, 0.18);
            shape.phase[lobe] = random.uniform(0, 2 * kPi);
        }
        shape.thickness_mm = density * std::min(1.5, shape.radius_mm);
        static_cast<void>(context.stamper.add_to_distractor(shape, Distractor::coarse_benign));
    }
}

/// Smooth secretory rods, on lines towards the nipple.
void add_rods(const DistractorContext& context, cv::Point2d place, Random& random) {
    const double mm = context.frame.working_mm();
    const double scale = std::min(1.0, 2 * context.frame.size_scale);
    const int rods = random.integer(1, 8);
    for (int i = 0; i < rods; ++i) {
        GrainShape shape;
        shape.centre_mm = place + 12 * scale * cv::Point2d(random.uniform(-1, 1), random.uniform(-1, 1));
        if (!context.stamper.is_tissue(shape.centre_mm, 4 * context.frame.size_scale)) continue;
        if (is_near(context.clusters_mm, shape.centre_mm, 12 * scale)) continue;
        const cv::Point2d nipple = context.anatomy.nipple_px * mm - shape.centre_mm;
        shape.radius_mm = random.uniform(0.2, 0.45) * scale;
        shape.elongation = random.uniform(3, 11);
        shape.angle = std::atan2(nipple.y, nipple.x) + random.normal(0, 0.2);
        shape.softness = 0.3;
        shape.hollow = random.chance(0.3) ? random.uniform(0.3, 0.6) : 0;
        shape.thickness_mm = shape.radius_mm * random.uniform(0.5, 1.4);
        static_cast<void>(context.stamper.stamp_distractor(shape, Distractor::coarse_benign));
    }
}

/// An oil cyst's wall.
void add_rim(const DistractorContext& context, cv::Point2d place, Random& random) {
    GrainShape shape;
    shape.centre_mm = place;
    shape.radius_mm = random.log_uniform(1, 5) * std::min(1.0, 2 * context.frame.size_scale);
    shape.elongation = random.uniform(1, 1.3);
    shape.angle = random.uniform(0, kPi);
    shape.shell = random.uniform(0.05, 0.15);
    shape.thickness_mm = random.uniform(0.15, 0.5);
    static_cast<void>(context.stamper.stamp_distractor(shape, Distractor::coarse_benign));
}

}  // namespace

void mark_lymph_nodes(const Frame& frame, const Anatomy& anatomy, Grains& grains) {
    const double scale = frame.factor;
    for (const LymphNode& node : anatomy.nodes) {
        cv::ellipse(grains.distractors,
                    cv::RotatedRect(cv::Point2f(node.centre_px * scale),
                                    cv::Size2f(static_cast<float>(2 * scale * node.long_px),
                                               static_cast<float>(2 * scale * node.short_px)),
                                    static_cast<float>(node.angle * 180 / kPi)),
                    cv::Scalar(static_cast<double>(Distractor::lymph_node)), cv::FILLED);
    }
}

void add_distractors(const DistractorContext& context, const Scene& scene, Grains& grains) {
    const auto stream = [&](Distractor kind) {
        return Random(scene.distractor_seed, scene.distractor_stream + static_cast<std::uint64_t>(kind));
    };
    Random benign = stream(Distractor::benign_calcification);
    add_benign_calcifications(context, benign);
    Random skin = stream(Distractor::skin_calcification);
    add_skin_calcifications(context, skin);
    Random coarse = stream(Distractor::coarse_benign);
    add_coarse_calcifications(context, coarse);
    Random clip = stream(Distractor::surgical_clip);
    if (clip.chance(0.06)) add_clip(context, clip);
    Random marker = stream(Distractor::skin_marker);
    if (marker.chance(0.06)) add_skin_marker(context, marker);
    Random vessel = stream(Distractor::vessel_wall);
    if (scene.exam.breast.vessels_calcified) add_vessel_walls(context, vessel);
    Random dust = stream(Distractor::film_dust);
    Random scratch = stream(Distractor::scratch);
    Random dead = stream(Distractor::dead_pixel);
    if (scene.exam.device.film) {
        add_dust(context.frame, grains, dust);
        if (scratch.chance(0.4)) add_scratches(context.frame, grains, scratch);
    } else if (dead.chance(0.35)) {
        add_dead_pixels(context.frame, grains, dead);
    }
}

void add_benign_calcifications(const DistractorContext& context, Random& random) {
    std::vector<cv::Point2d> taken = context.clusters_mm;
    const int count = random.integer(0, 4);
    for (int i = 0; i < count; ++i) {
        const auto place = draw_place(context, {}, taken, random);
        if (!place) return;
        GrainShape shape;
        shape.centre_mm = *place;
        shape.radius_mm = random.log_uniform(0.12, 1.0) * std::min(1.0, 2 * context.frame.size_scale);
        shape.elongation = random.uniform(1, 1.2);
        shape.angle = random.uniform(0, kPi);
        shape.thickness_mm = std::min(1.0, 1.6 * shape.radius_mm) * random.uniform(0.3, 1);
        context.stamper.make_visible(shape, 4);
        if (context.stamper.stamp_distractor(shape, Distractor::benign_calcification))
            taken.push_back(*place);
    }
}

void add_skin_calcifications(const DistractorContext& context, Random& random) {
    if (!random.chance(0.4)) return;
    const int places = random.integer(1, 3);
    for (int i = 0; i < places; ++i) {
        PlaceOptions where{.skin_mm = 0.8, .apart_mm = 15};
        if (random.chance(0.6)) where.most_mm = 8;
        const auto place = draw_place(context, where, context.clusters_mm, random);
        if (!place) continue;
        add_skin_ring(context, *place, random);
        // Now and then a few lie together.
        const int more = random.chance(0.25) ? random.integer(1, 4) : 0;
        for (int k = 0; k < more; ++k) {
            const cv::Point2d beside =
                *place + 4 * context.frame.size_scale * cv::Point2d(random.normal(0, 1), random.normal(0, 1));
            if (context.stamper.is_tissue(beside, 0.8 * context.frame.size_scale))
                add_skin_ring(context, beside, random);
        }
    }
}

void add_coarse_calcifications(const DistractorContext& context, Random& random) {
    constexpr void (*kKinds[])(const DistractorContext&, cv::Point2d, Random&) = {add_popcorn, add_rods,
                                                                                  add_rim};
    for (const auto add : kKinds) {
        if (!random.chance(0.1)) continue;
        const auto place = draw_place(context, {.skin_mm = 7}, context.clusters_mm, random);
        if (place) add(context, *place, random);
    }
}

void add_vessel_walls(const DistractorContext& context, Random& random) {
    for (const Curve& vessel : context.anatomy.vessels) {
        const Plaque plaque{.first = static_cast<std::size_t>(random.uniform(0, 0.4) * vessel.size()),
                            .last = static_cast<std::size_t>(random.uniform(0.6, 1) * vessel.size()),
                            .contrast = random.log_uniform(0.2, 0.7),
                            .coverage = random.uniform(0.3, 0.9)};
        for (const int side : {-1, 1})
            line_wall(context, vessel, {plaque, side}, random);
    }
}

}  // namespace calcnode::pipeline::phantom

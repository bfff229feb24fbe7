#include "pipeline/phantom_distractors.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace calcnode::pipeline::phantom {

namespace {

constexpr double kPi = std::numbers::pi;

bool is_near(const std::vector<cv::Point2d>& places, cv::Point2d place, double mm) {
    return std::any_of(places.begin(), places.end(),
                       [&](const cv::Point2d& other) { return cv::norm(other - place) < mm; });
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

}  // namespace

void add_benign_calcifications(const DistractorContext& context, Random& random) {
    const Frame& frame = context.frame;
    Stamper& stamper = context.stamper;
    std::vector<cv::Point2d> taken = context.clusters_mm;
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
        stamper.make_visible(shape);
        if (!stamper.stamp_distractor(shape, Distractor::benign_calcification)) continue;
        taken.push_back(shape.centre_mm);
        ++i;
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

}  // namespace calcnode::pipeline::phantom

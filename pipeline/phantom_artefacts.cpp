#include "pipeline/phantom_artefacts.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "pipeline/phantom_clusters.h"

namespace calcnode::pipeline::phantom {

namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kMetal_mm = 4;  // as millimetres of calcification: hardly anything gets through

std::optional<cv::Point2d> draw_place(const DistractorContext& context, double skin_mm, Random& random) {
    const Frame& frame = context.frame;
    for (int attempt = 0; attempt < 200; ++attempt) {
        const cv::Point2d place(random.uniform(0, frame.columns * frame.spacing_mm),
                                random.uniform(0, frame.rows * frame.spacing_mm));
        if (!context.stamper.is_tissue(place, skin_mm * frame.size_scale)) continue;
        const bool near = std::any_of(
            context.clusters_mm.begin(), context.clusters_mm.end(),
            [&](const cv::Point2d& other) { return cv::norm(other - place) < 15 * frame.size_scale; });
        if (!near) return place;
    }
    return std::nullopt;
}

/// Marks a pixel, unless a true grain is there or beside it.
bool mark(Grains& grains, cv::Point at, Distractor kind) {
    const cv::Rect around =
        cv::Rect(at.x - 1, at.y - 1, 3, 3) & cv::Rect(0, 0, grains.truth.cols, grains.truth.rows);
    if (cv::countNonZero(grains.truth(around)) != 0) return false;
    grains.distractors(at) = static_cast<std::uint8_t>(kind);
    return true;
}

/// A slightly bent line of `width` pixels from `start` on.
struct Line {
    cv::Point2d start;
    double heading = 0;
    int length = 0;
    int width = 1;
};

void draw_scratch(Grains& grains, const Line& line, Random& random) {
    const cv::Rect picture(0, 0, grains.truth.cols, grains.truth.rows);
    const double bend = random.normal(0, 0.3) / std::max(1, line.length);
    const double gaps = random.chance(0.4) ? 0.02 : 0;
    cv::Point2d at = line.start;
    double heading = line.heading;
    bool down = true;
    for (int step = 0; step < line.length; ++step) {
        heading += bend;
        at += cv::Point2d(std::cos(heading), std::sin(heading));
        if (random.chance(down ? gaps : 0.06)) down = !down;
        if (!down) continue;
        for (int k = 0; k < line.width; ++k) {
            const cv::Point pixel(static_cast<int>(std::lround(at.x - k * std::sin(heading))),
                                  static_cast<int>(std::lround(at.y + k * std::cos(heading))));
            if (picture.contains(pixel)) mark(grains, pixel, Distractor::scratch);
        }
    }
}

}  // namespace

void add_clip(const DistractorContext& context, Random& random) {
    const auto place = draw_place(context, 8, random);
    if (!place) return;
    const double scale = std::min(1.0, 2 * context.frame.size_scale);
    GrainShape shape;
    shape.centre_mm = *place;
    shape.thickness_mm = kMetal_mm;
    shape.angle = random.uniform(0, kPi);
    if (random.chance(0.4)) {
        shape.radius_mm = random.uniform(0.8, 1.5) * scale;
        shape.shell = 0.25;
        static_cast<void>(context.stamper.add_to_distractor(shape, Distractor::surgical_clip));
        return;
    }
    shape.radius_mm = random.uniform(0.2, 0.3) * scale;
    shape.elongation = random.uniform(6, 10);
    shape.softness = 0.15;
    const double opening = random.uniform(0.1, 0.5);
    const double half = reach_of(shape);
    const cv::Point2d tip =
        shape.centre_mm - half * cv::Point2d(std::cos(shape.angle), std::sin(shape.angle));
    for (int arm = 0; arm < 2; ++arm) {
        static_cast<void>(context.stamper.add_to_distractor(shape, Distractor::surgical_clip));
        shape.angle += opening;
        shape.centre_mm = tip + half * cv::Point2d(std::cos(shape.angle), std::sin(shape.angle));
    }
}

void add_skin_marker(const DistractorContext& context, Random& random) {
    const auto place = draw_place(context, 1, random);
    if (!place) return;
    GrainShape shape;
    shape.centre_mm = *place;
    shape.radius_mm = random.uniform(0.7, 1.2) * std::min(1.0, 2 * context.frame.size_scale);
    shape.thickness_mm = kMetal_mm;
    static_cast<void>(context.stamper.stamp_distractor(shape, Distractor::skin_marker));
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
            mark(grains, {column, row}, Distractor::film_dust);
        }
    }
}

void add_scratches(const Frame& frame, Grains& grains, Random& random) {
    const int count = random.integer(1, 4);
    for (int i = 0; i < count; ++i) {
        const Line line{
            .start = {random.uniform(0, frame.columns), random.uniform(0, frame.rows)},
            .heading = random.uniform(0, 2 * kPi),
            .length = static_cast<int>(random.log_uniform(4, 60) * frame.size_scale / frame.spacing_mm),
            .width = random.integer(1, 2)};
        draw_scratch(grains, line, random);
    }
}

void add_dead_pixels(const Frame& frame, Grains& grains, Random& random) {
    const auto spoil = [&](cv::Point at, double gain) {
        if (mark(grains, at, Distractor::dead_pixel))
            grains.defects.push_back({at, static_cast<float>(gain)});
    };
    const int count = random.integer(1, 15);
    for (int i = 0; i < count; ++i) {
        const cv::Point at(random.integer(0, frame.columns - 1), random.integer(0, frame.rows - 1));
        spoil(at, random.chance(0.8) ? random.uniform(0.3, 0.8) : random.uniform(1.2, 1.6));
    }
    if (!random.chance(0.3)) return;
    const bool upright = random.chance(0.7);
    const int across = random.integer(0, (upright ? frame.columns : frame.rows) - 1);
    const int whole = upright ? frame.rows : frame.columns;
    const int length = static_cast<int>(random.uniform(0.1, 1) * whole);
    const double gain = random.uniform(0.8, 0.95);
    for (int step = 0; step < length; ++step)
        spoil(upright ? cv::Point(across, step) : cv::Point(step, across), gain);
}

}  // namespace calcnode::pipeline::phantom

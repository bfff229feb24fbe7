#include "pipeline/phantom_strands.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace calcnode::pipeline::phantom {

namespace {

Curve inside_of(Curve curve, const cv::Mat1f& edge_mm, double least_mm) {
    const cv::Rect frame({}, edge_mm.size());
    auto outside = [&](const CurvePoint& point) {
        const cv::Point at(point.position);
        return !frame.contains(at) || edge_mm(at) < least_mm;
    };
    curve.erase(std::find_if(curve.begin(), curve.end(), outside), curve.end());
    return curve;
}

}  // namespace

cv::Mat1f draw_fibres(const Frame& frame, const NippleMap& map, const FibreOptions& options, Random& random) {
    cv::Mat1f sum = cv::Mat1f::zeros(frame.working());
    for (int i = 0; i < 4; ++i) {
        FibreLayer layer;
        layer.across_px = random.uniform(3.0, 5.0) * (1 + 0.8 * i) * frame.size_scale / frame.working_mm();
        layer.stretch = random.uniform(1.5, 5.0);
        layer.width = random.uniform(0.12, 0.24) / (1 + 0.4 * i);
        sum += fibre_texture(map, layer, random) * random.uniform(1.5, 4.5);
    }
    for (int row = 0; row < sum.rows; ++row) {
        for (int column = 0; column < sum.cols; ++column) {
            sum(row, column) *=
                static_cast<float>(options.amount) * (0.6F + 0.9F * options.gland(row, column));
        }
    }
    return sum;
}

std::vector<Curve> draw_vessels(const StrandFrame& strands, int count, Random& random) {
    std::vector<Curve> vessels;
    const double mm = strands.frame.size_scale / strands.frame.working_mm();
    for (int i = 0; i < count; ++i) {
        Walk walk_options;
        walk_options.start = {1, strands.middle_px + random.uniform(-0.75, 0.75) * strands.lower_px};
        const cv::Point2d target = strands.nipple_px - walk_options.start;
        walk_options.heading = std::atan2(target.y, target.x) + random.normal(0, 0.35);
        walk_options.length = random.uniform(40, 110) * mm;
        walk_options.radius = random.uniform(0.6, 1.2) * mm;
        walk_options.end_radius = 0.4 * walk_options.radius;
        walk_options.wander = random.uniform(0.5, 1.5);
        Curve curve = inside_of(walk(walk_options, random), strands.edge_mm, 3 * strands.frame.size_scale);
        if (curve.size() > 10) vessels.push_back(std::move(curve));
    }
    return vessels;
}

void draw_ducts(const StrandFrame& strands, cv::Mat1f& tubes, Random& random) {
    const double mm = strands.frame.size_scale / strands.frame.working_mm();
    const int count = random.integer(4, 10);
    for (int i = 0; i < count; ++i) {
        Walk options;
        options.start = strands.nipple_px - cv::Point2d(2 * mm, 0);
        options.heading = std::numbers::pi + random.uniform(-0.9, 0.9);
        options.length = random.uniform(15, 50) * mm;
        options.radius = random.uniform(0.35, 0.8) * mm;
        options.end_radius = 0.2 * mm;
        options.wander = random.uniform(0.5, 1.5);
        const Curve duct = inside_of(walk(options, random), strands.edge_mm, 1 * strands.frame.size_scale);
        draw_tube(tubes, duct);
        if (duct.size() < 20) continue;
        options.start = duct[duct.size() / 2].position;
        options.heading += random.uniform(-0.6, 0.6);
        options.length *= 0.6;
        options.radius = 0.5 * (options.radius + options.end_radius);
        draw_tube(tubes, inside_of(walk(options, random), strands.edge_mm, 1 * strands.frame.size_scale));
    }
}

}  // namespace calcnode::pipeline::phantom

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "pipeline/phantom_anatomy.h"

namespace calcnode::pipeline::phantom {

namespace {

constexpr double kPi = std::numbers::pi;

std::optional<cv::Point2d> draw_place(const Frame& frame, View view, const Anatomy& anatomy, Random& random) {
    const cv::Size size = frame.working();
    for (int attempt = 0; attempt < 100; ++attempt) {
        const double rows = view == View::mlo ? 0.4 : 1.0;  // the armpit is at the top
        const cv::Point2d place(random.uniform(0, size.width), random.uniform(0, rows * size.height));
        const cv::Point at(std::min(static_cast<int>(place.x), size.width - 1),
                           std::min(static_cast<int>(place.y), size.height - 1));
        if (anatomy.edge_mm(at) < 10 * frame.size_scale) continue;
        if (anatomy.gland(at) < 0.35F) return place;  // they are seen in fat
    }
    return std::nullopt;
}

/// Millimetres of node at a pixel: an ellipsoid, with less in it where the fatty hilum is.
void add_node(const Frame& frame, const LymphNode& node, cv::Mat1f& attenuation, Random& random) {
    const double depth_mm = 1.4 * node.short_px * frame.working_mm();
    const double hilum_side = random.chance(0.5) ? 1 : -1;
    const double hilum = random.uniform(0.5, 0.9);
    const int reach = static_cast<int>(std::ceil(node.long_px)) + 1;
    const cv::Rect box = cv::Rect(static_cast<int>(node.centre_px.x) - reach,
                                  static_cast<int>(node.centre_px.y) - reach, 2 * reach + 1, 2 * reach + 1) &
                         cv::Rect({}, attenuation.size());
    for (int row = box.y; row < box.y + box.height; ++row) {
        for (int column = box.x; column < box.x + box.width; ++column) {
            const double dx = column - node.centre_px.x, dy = row - node.centre_px.y;
            const double along = (std::cos(node.angle) * dx + std::sin(node.angle) * dy) / node.long_px;
            const double across = (-std::sin(node.angle) * dx + std::cos(node.angle) * dy) / node.short_px;
            const double rho2 = along * along + across * across;
            if (rho2 >= 1 || attenuation(row, column) <= 0) continue;
            const double from_hilum = along * along / 0.25 + std::pow(across - 0.55 * hilum_side, 2) / 0.2;
            const double mm = depth_mm * std::sqrt(1 - rho2) * (1 - hilum * std::exp(-from_hilum));
            attenuation(row, column) += static_cast<float>((kGlandAttenuation - kFatAttenuation) * mm);
        }
    }
}

}  // namespace

void add_lymph_nodes(const Frame& frame, View view, Anatomy& anatomy, Random& random) {
    if (!random.chance(view == View::mlo ? 0.45 : 0.12)) return;
    const int count = random.integer(1, view == View::mlo ? 3 : 1);
    const double mm = frame.size_scale / frame.working_mm();
    for (int i = 0; i < count; ++i) {
        const auto place = draw_place(frame, view, anatomy, random);
        if (!place) return;
        LymphNode node{.centre_px = *place, .long_px = random.uniform(2.5, 6.5) * mm};
        node.short_px = node.long_px * random.uniform(0.5, 0.8);
        node.angle = random.uniform(0, kPi);
        add_node(frame, node, anatomy.attenuation, random);
        anatomy.nodes.push_back(node);
    }
}

}  // namespace calcnode::pipeline::phantom

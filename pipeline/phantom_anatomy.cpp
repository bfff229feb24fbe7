#include "pipeline/phantom_anatomy.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <opencv2/imgproc.hpp>

#include "pipeline/phantom_strands.h"

namespace calcnode::pipeline::phantom {

namespace {

constexpr double kSkin_mm = 1.6;

float smooth_step(float low, float high, float value) {
    const float t = std::clamp((value - low) / (high - low), 0.0F, 1.0F);
    return t * t * (3 - 2 * t);
}

struct Shape {
    double depth = 0;   // chest wall to skin at the nipple's height, working pixels
    double upper = 0;   // nipple to the upper end
    double lower = 0;   // nipple to the lower end
    double middle = 0;  // the nipple's row
    double power = 2;   // 2: an ellipse; more: boxier
    double wave[3] = {};
    double phase[3] = {};
    bool axilla = false;  // mlo: the breast goes on into the armpit at the top
};

Shape draw_shape(const Frame& frame, const BreastTraits& breast, View view, Random& random) {
    Shape shape;
    const cv::Size size = frame.working();
    const double real_depth = 130 / frame.working_mm();
    const double real_half = 120 / frame.working_mm();
    shape.depth = std::min(breast.depth_fraction * random.uniform(0.93, 1.07) * size.width, real_depth);
    const double half =
        std::min(breast.height_fraction * random.uniform(0.95, 1.05) * size.height, real_half);
    shape.axilla = view == View::mlo;
    shape.middle = size.height * (shape.axilla ? random.uniform(0.56, 0.64) : random.uniform(0.46, 0.54));
    shape.lower = shape.axilla ? std::min(half, 0.95 * (size.height - shape.middle)) : half;
    shape.upper = shape.axilla ? 1.35 * shape.middle : half * random.uniform(0.95, 1.05);
    shape.power = random.uniform(1.9, 2.5);
    for (int i = 0; i < 3; ++i) {
        shape.wave[i] = random.normal(0, 0.012 / (i + 1));
        shape.phase[i] = random.uniform(0, 2 * std::numbers::pi);
    }
    return shape;
}

/// How far the breast reaches from the chest wall at a row, working pixels; below 0: not at all.
double reach_at(const Shape& shape, int row) {
    const double t = (row - shape.middle) / (row < shape.middle ? shape.upper : shape.lower);
    if (std::abs(t) >= 1) return -1;
    double reach = std::pow(1 - std::pow(std::abs(t), shape.power), 1 / shape.power);
    if (shape.axilla && row < shape.middle) reach = std::pow(1 - std::pow(-t, 1.5), 0.9);
    for (int i = 0; i < 3; ++i)
        reach += shape.wave[i] * std::sin((i + 2) * 2 * t + shape.phase[i]);
    return reach * shape.depth;
}

/// 255 in the breast with its nipple.
cv::Mat1b draw_outline(const Frame& frame, const Shape& shape, cv::Point2d& nipple, Random& random) {
    cv::Mat1b mask = cv::Mat1b::zeros(frame.working());
    for (int row = 0; row < mask.rows; ++row) {
        const int end = std::min(mask.cols, static_cast<int>(std::lround(reach_at(shape, row))));
        if (end > 0) mask.row(row).colRange(0, end).setTo(255);
    }
    const double nipple_mm = random.uniform(3, 5) * frame.size_scale;
    const int radius = std::max(1, static_cast<int>(nipple_mm / frame.working_mm()));
    const double row = shape.middle;
    nipple = {std::min(reach_at(shape, static_cast<int>(row)), mask.cols - 1.0), row};
    cv::ellipse(mask, cv::Point(nipple), cv::Size(static_cast<int>(radius * 1.3), radius), 0, 0, 360, 255,
                cv::FILLED);
    return mask;
}

/// Distance to the skin in mm. The picture's own borders are no skin.
cv::Mat1f skin_distance(const Frame& frame, const cv::Mat1b& mask) {
    const int coarse =
        std::max(1, static_cast<int>(std::lround(0.5 * frame.size_scale / frame.working_mm())));
    cv::Mat1b small;
    cv::resize(mask, small, {}, 1.0 / coarse, 1.0 / coarse, cv::INTER_AREA);
    cv::threshold(small, small, 127, 255, cv::THRESH_BINARY);
    cv::Mat1f distance;
    cv::distanceTransform(small, distance, cv::DIST_L2, cv::DIST_MASK_5);
    cv::GaussianBlur(distance, distance, {}, 1.0);
    cv::resize(distance, distance, mask.size(), 0, 0, cv::INTER_LINEAR);
    distance *= frame.working_mm() * coarse;
    distance.setTo(0, mask == 0);
    return distance;
}

cv::Mat1f thickness(const cv::Mat1f& edge_mm, double full_mm, double margin_mm) {
    cv::Mat1f result(edge_mm.size());
    for (int row = 0; row < result.rows; ++row) {
        for (int column = 0; column < result.cols; ++column) {
            const double missing = std::max(0.0, 1 - edge_mm(row, column) / margin_mm);
            result(row, column) = edge_mm(row, column) > 0
                                      ? static_cast<float>(full_mm * std::sqrt(1 - missing * missing))
                                      : 0.0F;
        }
    }
    return result;
}

struct GlandOptions {
    const NippleMap* map = nullptr;
    const BreastTraits* breast = nullptr;
    Random* random = nullptr;
};

/// 0..1: where the gland lies. Dense breasts have more of it; its border is fractal, with lobules of fat in
/// it.
cv::Mat1f gland_map(const Frame& frame, const Shape& shape, const Anatomy& anatomy,
                    const GlandOptions& options) {
    Random& random = *options.random;
    const double density = options.breast->density;
    const double beta = options.breast->roughness;
    const double low = frame.working_mm() / (60 * frame.size_scale);
    const double stretch = random.uniform(1.8, 3.5);
    // Half the resolution is enough for what only moves the gland's border.
    const cv::Size half((frame.working().width + 1) / 2, (frame.working().height + 1) / 2);
    cv::Mat1f border = power_law_noise(half, 3.7 - beta, 2 * low, random).first;
    cv::resize(border, border, frame.working(), 0, 0, cv::INTER_CUBIC);
    border = 0.85 * border + 0.5 * streaked_noise(*options.map, 3.6 - beta, low, stretch, random);
    cv::Mat1f lobules = power_law_noise(frame.working(), 3.1 - beta, low, random).first;
    lobules = 0.8 * lobules + 0.55 * streaked_noise(*options.map, 3.0 - beta, low, stretch, random);
    const double shift = random.uniform(0.42, 0.58);
    const double centre_x = shape.depth * shift;
    const double centre_y = shape.middle + random.normal(shape.axilla ? -0.1 : 0, 0.06) * shape.lower;
    const double size = 0.45 + 0.30 * density;
    const double radius_x = shape.depth * size * 0.95;
    const double radius_y = (shape.axilla ? 1.2 : 1.0) * shape.lower * size * 1.1;
    const float bias = static_cast<float>(-2.4 + 3.4 * density);
    const float subcutaneous = static_cast<float>(random.uniform(3, 9) * frame.size_scale);
    const auto uneven = static_cast<float>(options.breast->lobules);
    cv::Mat1f gland(frame.working());
    for (int row = 0; row < gland.rows; ++row) {
        const double dy = (row - centre_y) / radius_y;
        for (int column = 0; column < gland.cols; ++column) {
            const double dx = (column - centre_x) / radius_x;
            const float inside = static_cast<float>(1.4 * (1 - dx * dx - dy * dy));
            const float value = bias + std::clamp(inside, -2.5F, 1.2F) + 0.70F * border(row, column);
            const float body = 1 / (1 + std::exp(-value / 0.55F));
            const float texture = 0.56F + uneven * lobules(row, column);
            const float skin =
                smooth_step(0.4F * subcutaneous, 1.6F * subcutaneous, anatomy.edge_mm(row, column));
            gland(row, column) = std::clamp(body * texture * skin, 0.0F, 1.0F);
        }
    }
    return gland;
}

/// The muscle's border runs from the top edge down to the chest wall, slightly bent and uneven. Values 0..1.
cv::Mat1f muscle_map(const Frame& frame, const Shape& shape, Random& random) {
    cv::Mat1f muscle(frame.working());
    const double width = shape.depth * random.uniform(0.38, 0.62);
    const double height = std::min(shape.middle * random.uniform(0.85, 1.45), frame.working().height * 0.9);
    const double bend = random.uniform(-0.06, 0.16);
    const double soft = random.uniform(0.6, 2.0) * frame.size_scale / frame.working_mm();
    const double phase = random.uniform(0, 2 * std::numbers::pi);
    for (int row = 0; row < muscle.rows; ++row) {
        const double t = row / height;
        const double uneven = 0.012 * std::sin(9 * t + phase) + 0.006 * std::sin(23 * t + 2 * phase);
        const double border = t >= 1.1 ? -1e9 : width * (1 - t + bend * 4 * t * (1 - t) + uneven);
        for (int column = 0; column < muscle.cols; ++column) {
            muscle(row, column) =
                static_cast<float>(1 / (1 + std::exp(std::clamp((column - border) / soft, -30.0, 30.0))));
        }
    }
    return muscle;
}

/// What the line integral is made of, on the working grid.
struct Tissue {
    cv::Mat1f muscle;     // 0..1
    cv::Mat1f strand_mm;  // contrast-giving millimetres of fibres
    cv::Mat1f tube_px;    // chords of vessels and ducts
    float muscle_share = 0;
};

cv::Mat1f line_integral(const Frame& frame, const Anatomy& anatomy, const Tissue& tissue) {
    const float tube_mm = static_cast<float>(frame.working_mm());
    const float contrast = static_cast<float>(kGlandAttenuation - kFatAttenuation);
    const float skin_mm = static_cast<float>(kSkin_mm * frame.size_scale);
    cv::Mat1f attenuation(frame.working());
    for (int row = 0; row < attenuation.rows; ++row) {
        for (int column = 0; column < attenuation.cols; ++column) {
            const float edge = anatomy.edge_mm(row, column);
            const float through = anatomy.thickness_mm(row, column);
            const float in_muscle = tissue.muscle(row, column);
            const float fibre_mm = tissue.strand_mm(row, column);
            const float streaks = 0.93F + 0.14F * fibre_mm / 4;
            const float share = std::max(anatomy.gland(row, column) * (1 - 0.7F * in_muscle),
                                         tissue.muscle_share * in_muscle * streaks);
            const float strands = fibre_mm * (1 - 0.8F * in_muscle) + tube_mm * tissue.tube_px(row, column);
            const float skin = 0.5F - 0.5F * smooth_step(0.6F * skin_mm, 1.2F * skin_mm, edge);
            const float dense_mm = std::min(through, std::max(share, skin) * through + strands);
            attenuation(row, column) =
                through > 0 ? static_cast<float>(kFatAttenuation) * through + contrast * dense_mm : 0.0F;
        }
    }
    return attenuation;
}

}  // namespace

Frame make_frame(int rows, int columns, double spacing_mm) {
    Frame frame{.rows = rows, .columns = columns, .spacing_mm = spacing_mm};
    frame.factor = spacing_mm < 0.1 && rows >= 512 && columns >= 512 ? 2 : 1;
    frame.size_scale = std::clamp(std::min(columns * spacing_mm / 100, rows * spacing_mm / 150), 0.1, 1.0);
    return frame;
}

Anatomy make_anatomy(const Frame& frame, const BreastTraits& breast, View view, Random& random) {
    Anatomy anatomy;
    const Shape shape = draw_shape(frame, breast, view, random);
    const cv::Mat1b mask = draw_outline(frame, shape, anatomy.nipple_px, random);
    anatomy.edge_mm = skin_distance(frame, mask);
    anatomy.thickness_mm =
        thickness(anatomy.edge_mm, breast.thickness_mm, breast.margin_mm * frame.size_scale);
    const double mm = frame.size_scale / frame.working_mm();
    const NippleMap map = make_nipple_map(
        frame.working(),
        {.nipple = anatomy.nipple_px, .bend_px = random.uniform(2, 7) * mm, .bend_size_px = 50 * mm}, random);
    anatomy.gland = gland_map(frame, shape, anatomy, {.map = &map, .breast = &breast, .random = &random});
    Tissue tissue;
    tissue.strand_mm = draw_fibres(frame, map, {.gland = anatomy.gland, .amount = breast.fibres}, random);
    const StrandFrame strands{frame, anatomy.edge_mm, anatomy.nipple_px, shape.middle, shape.lower};
    anatomy.vessels = draw_vessels(strands, breast.vessels, random);
    tissue.tube_px = cv::Mat1f::zeros(frame.working());
    for (const Curve& vessel : anatomy.vessels)
        draw_tube(tissue.tube_px, vessel);
    draw_ducts(strands, tissue.tube_px, random);
    tissue.muscle = view == View::mlo ? muscle_map(frame, shape, random) : cv::Mat1f::zeros(frame.working());
    anatomy.muscle = cv::Mat(tissue.muscle > 0.5);
    tissue.muscle_share = static_cast<float>(random.uniform(0.5, 0.8));
    anatomy.attenuation = line_integral(frame, anatomy, tissue);
    add_lymph_nodes(frame, view, anatomy, random);
    return anatomy;
}

}  // namespace calcnode::pipeline::phantom

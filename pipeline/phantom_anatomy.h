// The phantom's breast before any X-ray: outline, tissue and their attenuation on a working grid, chest wall
// at the left edge (right breasts are mirrored at the very end). Private to pipeline/phantom*; pure
// functions.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/mammogram.h"
#include "pipeline/phantom_texture.h"
#include "pipeline/phantom_traits.h"

namespace calcnode::pipeline::phantom {

// Linear attenuation at about 20 keV, 1/mm.
inline constexpr double kFatAttenuation = 0.045;
inline constexpr double kGlandAttenuation = 0.080;
inline constexpr double kCalcificationAttenuation = 1.1;  // over that of the tissue which it replaces

/// The picture's frame: full resolution is rows x columns at spacing_mm; the working grid is coarser by
/// `factor`.
struct Frame {
    int rows = 0;
    int columns = 0;
    double spacing_mm = 0;
    int factor = 1;
    cv::Size working() const { return {(columns + factor - 1) / factor, (rows + factor - 1) / factor}; }
    double working_mm() const { return spacing_mm * factor; }
    double size_scale = 1;  // 1 for a breast of real size; less when the picture only holds a smaller one
};
Frame make_frame(int rows, int columns, double spacing_mm);

/// A smooth oval with a fatty notch, on the working grid.
struct LymphNode {
    cv::Point2d centre_px;
    double long_px = 0;  // half axes
    double short_px = 0;
    double angle = 0;  // of the long axis, radians
};

struct Anatomy {
    cv::Mat1f attenuation;       // line integral, working grid; 0 outside the breast
    cv::Mat1f thickness_mm;      // working grid; 0 outside
    cv::Mat1f edge_mm;           // distance to the skin, working grid; 0 outside
    cv::Mat1f gland;             // 0 fat .. 1 gland, working grid
    cv::Mat1b muscle;            // 255 in the pectoral muscle, working grid
    cv::Point2d nipple_px;       // working grid
    std::vector<Curve> vessels;  // working grid
    std::vector<LymphNode> nodes;
};

Anatomy make_anatomy(const Frame& frame, const BreastTraits& breast, View view, Random& random);

/// Lymph nodes in the armpit's part of an oblique view, seldom in the outer breast; adds to the attenuation.
void add_lymph_nodes(const Frame& frame, View view, Anatomy& anatomy, Random& random);

}  // namespace calcnode::pipeline::phantom

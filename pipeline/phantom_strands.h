// The thin, long parts of the phantom's breast: ligaments, vessels, ducts. Private to pipeline/phantom*; pure
// functions of their arguments and the generator handed over. Pixels are those of the working grid.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/phantom_anatomy.h"
#include "pipeline/phantom_texture.h"

namespace calcnode::pipeline::phantom {

struct FibreOptions {
    const cv::Mat1f& gland;  // 0..1: fibres are more in gland
    double amount = 0;
};

/// Contrast-giving millimetres of ligaments and small ducts.
cv::Mat1f draw_fibres(const Frame& frame, const NippleMap& map, const FibreOptions& options, Random& random);

/// Where strands can be.
struct StrandFrame {
    const Frame& frame;
    const cv::Mat1f& edge_mm;  // distance to the skin
    cv::Point2d nipple_px;
    double middle_px = 0;  // the nipple's row
    double lower_px = 0;   // from there to the breast's lower end
};

/// Large vessels come from the chest wall and the armpit.
std::vector<Curve> draw_vessels(const StrandFrame& strands, int count, Random& random);

/// Milk ducts fan out from the nipple into the gland.
void draw_ducts(const StrandFrame& strands, cv::Mat1f& tubes, Random& random);

}  // namespace calcnode::pipeline::phantom

// Random textures and curves that the phantom's tissue is made of. Private to pipeline/phantom*; pure
// functions of their arguments and the generator handed over.
#pragma once

#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/phantom_random.h"

namespace calcnode::pipeline::phantom {

/// Two independent fields of mean 0 and standard deviation 1 whose power falls as (f^2 + low^2)^(-beta/2);
/// frequencies in cycles a pixel.
std::pair<cv::Mat1f, cv::Mat1f> power_law_noise(cv::Size size, double beta, double low, Random& random);

/// Two independent smooth fields (mean 0, sd 1) with details of about `detail_px` pixels.
std::pair<cv::Mat1f, cv::Mat1f> smooth_noise(cv::Size size, double detail_px, Random& random);

/// Coordinates along and across the way to the nipple, in pixels, a little bent: what runs towards the nipple
/// runs along `along`. The seam of the angle lies beyond the nipple, outside the breast.
struct NippleMap {
    cv::Mat1f along;
    cv::Mat1f across;
};
struct NippleMapOptions {
    cv::Point2d nipple;       // pixels
    double bend_px = 0;       // amplitude of the bending
    double bend_size_px = 0;  // and its extent
};
NippleMap make_nipple_map(cv::Size size, const NippleMapOptions& options, Random& random);

/// Power-law noise (mean 0, sd 1) drawn out `stretch` times along the way to the nipple.
cv::Mat1f streaked_noise(const NippleMap& map, double beta, double low, double stretch, Random& random);

struct FibreLayer {
    double across_px = 0;  // distance between fibres
    double stretch = 1;    // how much longer than wide their meshes are
    double width = 0;      // of a fibre, of the distance between them
};

/// Thin bright lines (0..1) that run towards the nipple: ligaments and small ducts.
cv::Mat1f fibre_texture(const NippleMap& map, const FibreLayer& layer, Random& random);

struct CurvePoint {
    cv::Point2d position;  // pixels
    double radius = 0;     // pixels
};
using Curve = std::vector<CurvePoint>;

/// A meandering path of `length` pixels in steps of one pixel; the radius tapers from `radius` to
/// `end_radius`.
struct Walk {
    cv::Point2d start;
    double heading = 0;  // radians
    double length = 0;
    double radius = 0;
    double end_radius = 0;
    double wander = 0;  // standard deviation of the heading's change over the whole length, radians
};
Curve walk(const Walk& options, Random& random);

/// Draws a tube: each pixel gets the tube's chord length (pixels) if that is more than it has.
void draw_tube(cv::Mat1f& image, const Curve& curve);

}  // namespace calcnode::pipeline::phantom

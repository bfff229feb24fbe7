// Cuts what is to be looked at into rectangles: few and large enough that their halos cost little, close
// enough around it that little is computed in vain, and of few different sizes, since oneDNN compiles its
// convolutions for each. Pure; any thread; the answer depends on the arguments alone.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

namespace calcnode::pipeline {

struct TileOptions {
    int cell = 32;      // pixels: rectangles begin and end on multiples of it
    int largest = 384;  // a rectangle's longest side, in pixels; a multiple of cell
    int halo = 32;      // pixels that a run adds on every side
};

struct Tile {
    cv::Rect area;  // the pixels whose answer is wanted; reaches beyond the picture by less than a cell
    cv::Size run;   // the size that is run, without halo: at least area's, one of few
};

/// Tiles that do not overlap and together hold every pixel of `where` (CV_8U) that is not 0; the most costly
/// first.
std::vector<Tile> plan_tiles(const cv::Mat& where, const TileOptions& options);

}  // namespace calcnode::pipeline

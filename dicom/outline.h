// Points and outlines of findings as PS3.3 C.18.6 wants them in an SCOORD. Pure functions; internal to
// dicom/.
#pragma once

#include <span>
#include <vector>

#include "pipeline/findings.h"

namespace calcnode::dicom {

/// A viewer draws each of them: more only makes the report large.
inline constexpr std::size_t kMaxOutlinePoints = 100;

/// The size of the image that coordinates refer to.
struct ImageExtent {
    int rows = 0;
    int columns = 0;
};

/// A closed polyline (the first point repeated) of at most kMaxOutlinePoints points within the image; points
/// are moved to its border when they lie outside, repeated ones are dropped, and of too many each n-th is
/// kept. Empty when fewer than three different points are left: then there is no outline to write. Throws
/// Error invalid_result when a coordinate is not finite.
std::vector<pipeline::Point> closed_outline(std::span<const pipeline::Point> points, ImageExtent extent);

/// `point` if it lies within the image, its border included. Throws Error invalid_result otherwise.
pipeline::Point point_within(pipeline::Point point, ImageExtent extent);

}  // namespace calcnode::dicom

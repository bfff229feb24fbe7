#include "dicom/outline.h"

#include <algorithm>
#include <cmath>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

using pipeline::Point;

// SCOORDs hold single precision: points must differ in that.
bool is_same_place(const Point& a, const Point& b) {
    return static_cast<float>(a.x) == static_cast<float>(b.x) &&
           static_cast<float>(a.y) == static_cast<float>(b.y);
}

Point clamped(const Point& point, ImageExtent extent) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) {
        throw Error(ErrorCode::invalid_result, "an outline has a coordinate that is not a number");
    }
    return {std::clamp(point.x, 0.0, static_cast<double>(extent.columns)),
            std::clamp(point.y, 0.0, static_cast<double>(extent.rows))};
}

std::vector<Point> thinned(const std::vector<Point>& ring, std::size_t most) {
    if (ring.size() <= most) return ring;
    std::vector<Point> kept;
    kept.reserve(most);
    for (std::size_t i = 0; i < most; ++i)
        kept.push_back(ring[i * ring.size() / most]);
    return kept;
}

}  // namespace

std::vector<Point> closed_outline(std::span<const Point> points, ImageExtent extent) {
    std::vector<Point> ring;
    for (const Point& point : points) {
        const Point inside = clamped(point, extent);
        if (ring.empty() || !is_same_place(ring.back(), inside)) ring.push_back(inside);
    }
    while (ring.size() > 1 && is_same_place(ring.front(), ring.back()))
        ring.pop_back();
    if (ring.size() < 3) return {};
    ring = thinned(ring, kMaxOutlinePoints - 1);
    ring.push_back(ring.front());
    return ring;
}

Point point_within(Point point, ImageExtent extent) {
    const bool inside = point.x >= 0 && point.y >= 0 && point.x <= extent.columns && point.y <= extent.rows;
    if (!inside) throw Error(ErrorCode::invalid_result, "the centre of a finding lies outside its image");
    return point;
}

}  // namespace calcnode::dicom

// Which segments a segmentation has, and its frames as bits. Pure functions; internal to dicom/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dicom/outline.h"
#include "pipeline/findings.h"

namespace calcnode::dicom {

/// Viewers build a colour map and a layer for each.
inline constexpr std::size_t kMaxSegments = 32;

struct Segment {
    enum class Kind { cluster, further_clusters, unclustered };
    Kind kind = Kind::cluster;
    std::size_t cluster = 0;          // of Kind::cluster: index into ImageFindings::clusters
    std::vector<int> calcifications;  // indices; no calcification is in two segments
};

/// A segment a cluster, in the order of the clusters (by score). When there are more than fit, the lowest
/// scored ones are merged into one segment, so that no pixel is lost. Calcifications in no cluster are a last
/// segment. No clusters, no segments: single calcifications are no finding. Throws Error invalid_result when
/// the findings contradict themselves.
std::vector<Segment> plan_segments(const pipeline::ImageFindings& findings);

/// One frame a segment, one bit a pixel, lowest bit first, frames run on without padding between them; padded
/// with a zero byte to even length (PS3.5 8.1.1, 8.2, Annex D.1). Throws Error invalid_result when the labels
/// do not have the image's size, name calcifications that are not there, or leave a segment empty.
std::vector<std::uint8_t> pack_frames(const pipeline::ImageFindings& findings,
                                      const std::vector<Segment>& segments, ImageExtent extent);

}  // namespace calcnode::dicom

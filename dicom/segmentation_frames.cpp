#include "dicom/segmentation_frames.h"

#include <string>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

using pipeline::ImageFindings;

constexpr int kNowhere = -1;

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorCode::invalid_result, "segmentation: " + why);
}

std::vector<int> unclustered(const ImageFindings& findings) {
    std::vector<int> owners(findings.calcifications.size(), 0);
    for (const pipeline::Cluster& cluster : findings.clusters) {
        for (const int member : cluster.members) {
            if (member < 0 || static_cast<std::size_t>(member) >= owners.size())
                refuse("a cluster has a member that does not exist");
            if (++owners[static_cast<std::size_t>(member)] > 1) refuse("a calcification is in two clusters");
        }
    }
    std::vector<int> single;
    for (std::size_t i = 0; i < owners.size(); ++i) {
        if (owners[i] == 0) single.push_back(static_cast<int>(i));
    }
    return single;
}

/// Segment of each label; label 0 is the background.
std::vector<int> segment_of_label(const ImageFindings& findings, const std::vector<Segment>& segments) {
    std::vector<int> table(findings.calcifications.size() + 1, kNowhere);
    for (std::size_t s = 0; s < segments.size(); ++s) {
        for (const int index : segments[s].calcifications)
            table[static_cast<std::size_t>(index) + 1] = static_cast<int>(s);
    }
    return table;
}

}  // namespace

std::vector<Segment> plan_segments(const ImageFindings& findings) {
    std::vector<int> single = unclustered(findings);
    if (findings.clusters.empty()) return {};
    const std::size_t room = kMaxSegments - (single.empty() ? 0 : 1);
    const bool merge = findings.clusters.size() > room;
    const std::size_t alone = merge ? room - 1 : findings.clusters.size();

    std::vector<Segment> segments;
    for (std::size_t i = 0; i < alone; ++i) {
        segments.push_back(
            {.kind = Segment::Kind::cluster, .cluster = i, .calcifications = findings.clusters[i].members});
    }
    if (merge) {
        Segment further{.kind = Segment::Kind::further_clusters, .cluster = 0, .calcifications = {}};
        for (std::size_t i = alone; i < findings.clusters.size(); ++i) {
            const std::vector<int>& members = findings.clusters[i].members;
            further.calcifications.insert(further.calcifications.end(), members.begin(), members.end());
        }
        segments.push_back(std::move(further));
    }
    if (!single.empty()) {
        segments.push_back(
            {.kind = Segment::Kind::unclustered, .cluster = 0, .calcifications = std::move(single)});
    }
    return segments;
}

std::vector<std::uint8_t> pack_frames(const ImageFindings& findings, const std::vector<Segment>& segments,
                                      ImageExtent extent) {
    const auto& labels = findings.labels;
    if (labels.rows != extent.rows || labels.columns != extent.columns || extent.rows <= 0 ||
        extent.columns <= 0) {
        refuse("the mask is not as large as its image");
    }
    const std::vector<int> table = segment_of_label(findings, segments);
    const std::size_t frame_bits = labels.pixels.size();
    std::vector<std::uint8_t> bytes((frame_bits * segments.size() + 7) / 8);
    if (bytes.size() % 2 != 0) bytes.push_back(0);
    std::vector<char> used(segments.size(), 0);
    for (std::size_t pixel = 0; pixel < frame_bits; ++pixel) {
        const std::uint16_t label = labels.pixels[pixel];
        if (label == 0) continue;
        if (label >= table.size()) refuse("the mask names a calcification that does not exist");
        if (table[label] == kNowhere) continue;
        const auto segment = static_cast<std::size_t>(table[label]);
        const std::size_t bit = segment * frame_bits + pixel;
        bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | 1u << bit % 8);
        used[segment] = 1;
    }
    for (std::size_t s = 0; s < segments.size(); ++s) {
        if (!used[s]) refuse("segment " + std::to_string(s + 1) + " has no pixels");
    }
    return bytes;
}

}  // namespace calcnode::dicom

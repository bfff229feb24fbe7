#include "pipeline/findings_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace calcnode::pipeline {

namespace {

using nlohmann::ordered_json;

// Six decimals are far below a pixel or a micrometre, and keep the file readable.
double rounded(double value) {
    return std::round(value * 1e6) / 1e6;
}

ordered_json point_json(const Point& point) {
    return {rounded(point.x), rounded(point.y)};
}

ordered_json outline_json(const std::vector<Point>& outline) {
    ordered_json points = ordered_json::array();
    for (const Point& point : outline)
        points.push_back(point_json(point));
    return points;
}

ordered_json calcification_json(const Calcification& calcification, std::size_t index) {
    return {{"number", index + 1},
            {"cluster",
             calcification.cluster >= 0 ? ordered_json(calcification.cluster + 1) : ordered_json(nullptr)},
            {"score", rounded(calcification.score)},
            {"centroid", point_json(calcification.centroid)},
            {"area_mm2", rounded(calcification.area_mm2)},
            {"perimeter_mm", rounded(calcification.perimeter_mm)},
            {"circularity", rounded(calcification.circularity)},
            {"major_axis_mm", rounded(calcification.major_axis_mm)},
            {"minor_axis_mm", rounded(calcification.minor_axis_mm)},
            {"eccentricity", rounded(calcification.eccentricity)},
            {"contrast", rounded(calcification.contrast)},
            {"nearest_neighbour_mm", rounded(calcification.nearest_neighbour_mm)},
            {"distance_to_cluster_centroid_mm", rounded(calcification.distance_to_cluster_centroid_mm)},
            {"outline", outline_json(calcification.outline)}};
}

ordered_json cluster_json(const Cluster& cluster, std::size_t index) {
    ordered_json members = ordered_json::array();
    for (const int member : cluster.members)
        members.push_back(member + 1);
    return {{"number", index + 1},
            {"score", rounded(cluster.score)},
            {"centroid", point_json(cluster.centroid)},
            {"distribution", to_string(cluster.distribution)},
            {"calcifications", members},
            {"hull_area_mm2", rounded(cluster.hull_area_mm2)},
            {"long_axis_mm", rounded(cluster.long_axis_mm)},
            {"density", rounded(cluster.density)},
            {"coverage", rounded(cluster.coverage)},
            {"elongation", rounded(cluster.elongation)},
            {"mean_area_mm2", rounded(cluster.mean_area_mm2)},
            {"sd_area_mm2", rounded(cluster.sd_area_mm2)},
            {"mean_distance_mm", rounded(cluster.mean_distance_mm)},
            {"sd_distance_mm", rounded(cluster.sd_distance_mm)},
            {"outline", outline_json(cluster.outline)}};
}

const char* status_name(ImageStatus status) {
    switch (status) {
        case ImageStatus::analysed:
            return "analysed";
        case ImageStatus::failed:
            return "failed";
        case ImageStatus::not_attempted:
            return "not_attempted";
    }
    return "unknown";
}

ordered_json quality_json(const ImageQuality& quality) {
    return {{"noise", rounded(quality.noise)},       {"grey_levels", rounded(quality.grey_levels)},
            {"flat", rounded(quality.flat)},         {"edges", rounded(quality.edges)},
            {"solidity", rounded(quality.solidity)}, {"extent", rounded(quality.extent)}};
}

ordered_json image_json(const ImageEntry& entry) {
    const ImageFindings& findings = *entry.findings;
    ordered_json clusters = ordered_json::array();
    for (std::size_t i = 0; i < findings.clusters.size(); ++i) {
        clusters.push_back(cluster_json(findings.clusters[i], i));
    }
    ordered_json calcifications = ordered_json::array();
    for (std::size_t i = 0; i < findings.calcifications.size(); ++i) {
        calcifications.push_back(calcification_json(findings.calcifications[i], i));
    }
    return {{"file", entry.file},
            {"sop_instance_uid", findings.sop_instance_uid},
            {"status", status_name(findings.status)},
            {"reason", findings.reason},
            {"rows", findings.labels.rows},
            {"columns", findings.labels.columns},
            {"row_spacing_mm", rounded(entry.row_spacing_mm)},
            {"column_spacing_mm", rounded(entry.column_spacing_mm)},
            {"breast_area_cm2", rounded(findings.breast_area_cm2)},
            {"quality", quality_json(findings.quality)},
            {"clusters", clusters},
            {"calcifications", calcifications}};
}

}  // namespace

const char* to_string(Distribution distribution) {
    switch (distribution) {
        case Distribution::unknown:
            return "unknown";
        case Distribution::diffuse:
            return "diffuse";
        case Distribution::regional:
            return "regional";
        case Distribution::grouped:
            return "grouped";
        case Distribution::linear:
            return "linear";
        case Distribution::segmental:
            return "segmental";
    }
    return "unknown";
}

std::string findings_json(const StudyFindings& study) {
    ordered_json images = ordered_json::array();
    for (const ImageEntry& entry : study.images)
        images.push_back(image_json(entry));
    const ordered_json root{
        {"format", "calcnode findings 1"},
        {"study_instance_uid", study.study_instance_uid},
        {"model",
         {{"name", study.model.name}, {"version", study.model.version}, {"digest", study.model.digest}}},
        {"images", images}};
    return root.dump(2) + "\n";
}

}  // namespace calcnode::pipeline

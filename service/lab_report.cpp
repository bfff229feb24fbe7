#include "service/lab_report.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "service/lab_tables.h"
#include "service/lab_truth_details.h"

namespace calcnode::service {

namespace {

using nlohmann::ordered_json;
using pipeline::Estimate;
using pipeline::FrocPoint;
using pipeline::Summary;

constexpr std::size_t kLabelWidth = 44;
constexpr std::size_t kColumnWidth = 30;
constexpr std::size_t kGap = 2;

/// Each column as wide as its widest cell; tables of nothing but methods' figures stand in one grid.
std::string text_of(const FigureTable& table) {
    std::vector<const std::vector<std::string>*> lines;
    if (!table.header.empty()) lines.push_back(&table.header);
    for (const auto& row : table.rows)
        lines.push_back(&row);
    std::vector<std::size_t> widths;
    for (const auto* line : lines) {
        widths.resize(std::max(widths.size(), line->size()), 0);
        for (std::size_t k = 0; k < line->size(); ++k)
            widths[k] = std::max(widths[k], (*line)[k].size());  // ASCII: a character is a byte
    }
    if (!widths.empty()) widths[0] = std::max(widths[0] + (table.title.empty() ? 0 : kGap), kLabelWidth);
    if (widths.size() <= 3) {
        for (std::size_t k = 1; k < widths.size(); ++k)
            widths[k] = std::max(widths[k], kColumnWidth);
    }
    std::string text = table.title.empty() ? "" : table.title + "\n";
    for (const auto* line : lines) {
        std::string row = table.title.empty() ? "" : std::string(kGap, ' ');
        for (std::size_t k = 0, end = 0; k < line->size(); ++k) {
            row += (*line)[k];
            end += widths[k] + (k == 0 ? 0 : kGap);
            row.resize(std::max(row.size(), end), ' ');
            row.append(kGap, ' ');
        }
        row.erase(row.find_last_not_of(' ') + 1);
        text += row + "\n";
    }
    if (!table.note.empty()) text += "  " + table.note + "\n";
    return text;
}

ordered_json to_json(const Estimate& estimate) {
    if (!estimate.known) return nullptr;
    return {{"value", estimate.value}, {"low", estimate.low}, {"high", estimate.high}};
}

ordered_json to_json(const std::vector<FrocPoint>& points, const std::string& unit) {
    ordered_json froc = ordered_json::array();
    for (const FrocPoint& point : points) {
        froc.push_back({{"allowed_false_per_" + unit, point.allowed},
                        {"threshold", point.threshold},
                        {"sensitivity", to_json(point.sensitivity)},
                        {"false_per_" + unit, to_json(point.false_per_image)}});
    }
    return froc;
}

ordered_json to_json(const pipeline::Roc& roc) {
    ordered_json points = ordered_json::array();
    for (const pipeline::RocPoint& point : roc.points) {
        points.push_back({{"false_positive_rate", point.false_positive_rate},
                          {"sensitivity", to_json(point.sensitivity)}});
    }
    return {{"positive_images", roc.positive},
            {"negative_images", roc.negative},
            {"area", to_json(roc.area)},
            {"points", std::move(points)}};
}

ordered_json to_json(const Summary& summary) {
    return {{"clusters", summary.groups},
            {"sensitivity", to_json(summary.sensitivity)},
            {"false_per_normal_image", to_json(summary.false_per_normal)},
            {"false_per_image_with_findings", to_json(summary.false_per_other)},
            {"froc", to_json(summary.froc, "image")}};
}

ordered_json to_json(const MethodReport& method) {
    const Summary& summary = method.five;
    return {{"name", method.name},
            {"operating_point", method.operating_point},
            {"threshold", method.threshold},
            {"seconds_per_image", method.seconds_per_image},
            {"clusters_of_5", to_json(method.five)},
            {"clusters_of_3", to_json(method.three)},
            {"calcifications",
             {{"true", summary.grains},
              {"sensitivity", to_json(summary.grain_sensitivity)},
              {"false_per_cm2", to_json(summary.false_grains_per_cm2)},
              {"false_per_image", to_json(summary.false_grains_per_image)},
              {"froc_per_cm2", to_json(summary.grain_froc_cm2, "cm2")},
              {"froc_per_image", to_json(summary.grain_froc_image, "image")},
              {"dice", to_json(summary.dice)},
              {"dice_pooled", to_json(summary.dice_pooled)},
              {"iou", to_json(summary.iou)},
              {"iou_pooled", to_json(summary.iou_pooled)},
              {"object_iou", to_json(summary.object_iou)},
              {"object_iou_mean", to_json(summary.object_iou_mean)}}},
            {"pixels",
             {{"accuracy", to_json(summary.pixel_accuracy)},
              {"accuracy_mean", to_json(summary.pixel_accuracy_mean)},
              {"accuracy_of_an_empty_mask", to_json(summary.empty_mask_accuracy)},
              {"false_positive_rate", to_json(summary.pixel_false_rate)},
              {"false_positive_rate_mean", to_json(summary.pixel_false_rate_mean)}}},
            {"images", to_json(method.curves.images)},
            {"curves",
             {{"clusters_of_5", to_json(method.curves.clusters, "image")},
              {"calcifications_per_cm2", to_json(method.curves.grains_per_cm2, "cm2")},
              {"calcifications_per_image", to_json(method.curves.grains_per_image, "image")}}}};
}

ordered_json to_json(const StrataTable& table, const std::vector<MethodReport>& methods) {
    ordered_json rows = ordered_json::array();
    for (const Stratum& stratum : table.rows) {
        ordered_json figures = ordered_json::array();
        for (std::size_t k = 0; k < methods.size(); ++k) {
            const Summary& summary = stratum.methods[k];
            figures.push_back({{"method", methods[k].name},
                               {"at", methods[k].strata_point},
                               {"sensitivity", to_json(summary.sensitivity)},
                               {"false_per_normal_image", to_json(summary.false_per_normal)}});
            if (!stratum.less_reference.empty())
                figures.back()["sensitivity_less_reference"] = to_json(stratum.less_reference[k]);
        }
        rows.push_back({{"value", stratum.value},
                        {"images", stratum.images},
                        {"normal_images", stratum.normal_images},
                        {"clusters_of_5", stratum.methods.empty() ? 0 : stratum.methods.front().groups},
                        {"methods", std::move(figures)}});
    }
    return {{"by", table.name}, {"rows", std::move(rows)}};
}

ordered_json to_json(const std::vector<pipeline::KindOfCluster>& kinds) {
    ordered_json rows = ordered_json::array();
    for (const pipeline::KindOfCluster& kind : kinds)
        rows.push_back(
            {{"value", kind.name}, {"clusters", kind.clusters}, {"sensitivity", to_json(kind.sensitivity)}});
    return rows;
}

ordered_json to_json(const pipeline::DetailsSummary& details) {
    ordered_json marks = ordered_json::array();
    for (const pipeline::KindOfFalseMark& mark : details.false_marks)
        marks.push_back({{"on", distractor_name(mark.kind)},
                         {"marks", mark.marks},
                         {"per_image", to_json(mark.per_image)}});
    return {{"images", details.images},
            {"hit_clusters", details.hits},
            {"number_error_median", to_json(details.number_error_median)},
            {"number_error_mean_absolute", to_json(details.number_error_mean)},
            {"area_error_median", to_json(details.area_error_median)},
            {"area_error_mean_absolute", to_json(details.area_error_mean)},
            {"distribution_right", to_json(details.distribution_right)},
            {"by_morphology", to_json(details.by_morphology)},
            {"by_distribution", to_json(details.by_distribution)},
            {"false_marks", std::move(marks)}};
}

ordered_json to_json(const SubsetReport& subset, const std::vector<MethodReport>& methods) {
    ordered_json areas = ordered_json::array();
    for (std::size_t k = 0; k < methods.size(); ++k)
        areas.push_back({{"method", methods[k].name}, {"area", to_json(subset.areas[k])}});
    return {{"name", subset.name},
            {"images", subset.images},
            {"normal_images", subset.normal_images},
            {"methods", std::move(areas)}};
}

ordered_json to_json(const pipeline::TextureFigures& figures) {
    return {{"pieces", figures.pieces},
            {"exponent", figures.exponent},
            {"exponent_quartiles", {figures.exponent_low, figures.exponent_high}},
            {"values", figures.contrast},
            {"local_variance", figures.local_variance}};
}

ordered_json to_json(const pipeline::Likeness& likeness) {
    return {{"images", to_json(likeness.phantom)},
            {"real", to_json(likeness.real)},
            {"exponent_difference", likeness.exponent_difference},
            {"values_distance", likeness.contrast_distance},
            {"local_variance_distance", likeness.local_variance_distance}};
}

}  // namespace

std::string report_text(const EvaluationReport& report) {
    if (report.methods.empty()) return "";
    std::string text = headline_of(report) + "\n";
    for (const FigureTable& table : tables_of(report))
        text += "\n" + text_of(table);
    text += "\n" + footnote_of(report) + "\n";
    for (const std::string& failure : report.failures)
        text += "failed: " + failure + "\n";
    return text;
}

std::string report_json(const EvaluationReport& report) {
    ordered_json methods = ordered_json::array();
    for (const MethodReport& method : report.methods)
        methods.push_back(to_json(method));
    ordered_json strata = ordered_json::array();
    for (const StrataTable& table : report.strata)
        strata.push_back(to_json(table, report.methods));
    ordered_json json = {
        {"cases", report.cases},
        {"failures", report.failures},
        {"methods", std::move(methods)},
        {"strata", std::move(strata)},
        {"seconds_an_image", {{"read", report.seconds_read}, {"count", report.seconds_count}}}};
    for (const SubsetReport& subset : report.subsets)
        json["subsets"].push_back(to_json(subset, report.methods));
    if (report.details.images > 0) json["details"] = to_json(report.details);
    if (report.likeness) json["likeness"] = to_json(*report.likeness);
    if (!report.methods.empty()) {
        const Summary& summary = report.methods.front().five;
        json["images"] = summary.images;
        json["normal_images"] = summary.normal_images;
        json["patients"] = summary.patients;
        json["false_marks_of_froc_on"] = summary.normal_images > 0 ? "normal images" : "all images";
    }
    return json.dump(2) + "\n";
}

}  // namespace calcnode::service

#include "service/lab_report.h"

#include <cstdio>
#include <functional>
#include <initializer_list>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

namespace calcnode::service {

namespace {

using nlohmann::ordered_json;
using pipeline::Estimate;
using pipeline::FrocPoint;
using pipeline::Summary;

constexpr std::size_t kLabelWidth = 44;
constexpr std::size_t kColumnWidth = 30;
constexpr std::size_t kNameWidth = 22;

std::string padded(std::string text, std::size_t width) {
    // UTF-8 is not used in the table: a character is a byte.
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

std::string fine_percent(const Estimate& estimate) {
    if (!estimate.known) return "-";
    char text[64];
    std::snprintf(text, sizeof text, "%.4f %% (%.4f - %.4f)", 100 * estimate.value, 100 * estimate.low,
                  100 * estimate.high);
    return text;
}

std::string signed_percent(const Estimate& estimate) {
    if (!estimate.known) return "-";
    char text[64];
    std::snprintf(text, sizeof text, "%+.1f %% (%+.1f to %+.1f)", 100 * estimate.value, 100 * estimate.low,
                  100 * estimate.high);
    return text;
}

using Cell = std::function<std::string(const MethodReport&)>;

std::string row(const std::string& label, const std::vector<MethodReport>& methods, const Cell& cell) {
    std::string line = padded(label, kLabelWidth);
    for (const MethodReport& method : methods)
        line += "  " + padded(cell(method), kColumnWidth);
    while (!line.empty() && line.back() == ' ')
        line.pop_back();
    return line + "\n";
}

std::string cluster_rows(const EvaluationReport& report, const std::string& size,
                         Summary MethodReport::*summary) {
    const auto& methods = report.methods;
    std::string text;
    text += row("Clusters of " + size + " or more: " + std::to_string((methods.front().*summary).groups),
                methods, [](const MethodReport&) { return ""; });
    text += row("  sensitivity", methods,
                [=](const MethodReport& method) { return percent((method.*summary).sensitivity); });
    text += row("  false marks a normal image", methods,
                [=](const MethodReport& method) { return plain((method.*summary).false_per_normal); });
    text += row("  false marks an image with findings", methods,
                [=](const MethodReport& method) { return plain((method.*summary).false_per_other); });
    for (const double allowed : pipeline::kFrocAllowed) {
        char label[64];
        std::snprintf(label, sizeof label, "  sensitivity at <= %g false marks", allowed);
        text += row(label, methods, [=](const MethodReport& method) -> std::string {
            for (const FrocPoint& point : (method.*summary).froc) {
                if (point.allowed == allowed) return percent(point.sensitivity);
            }
            return "-";
        });
    }
    return text;
}

using Figure = Estimate Summary::*;

std::string figure_rows(const std::vector<MethodReport>& methods,
                        std::initializer_list<std::pair<const char*, Figure>> rows,
                        std::string (*format)(const Estimate&)) {
    std::string text;
    for (const auto& [label, member] : rows) {
        text += row(label, methods,
                    [=, figure = member](const MethodReport& method) { return format(method.five.*figure); });
    }
    return text;
}

/// A FROC of calcifications: "found at <= 0.4 false ones a cm2".
std::string grain_froc_rows(const std::vector<MethodReport>& methods, const char* unit,
                            std::vector<FrocPoint> Summary::*froc) {
    std::string text;
    const std::span<const double> allowed = froc == &Summary::grain_froc_cm2
                                                ? std::span<const double>(pipeline::kGrainsAllowed_cm2)
                                                : std::span<const double>(pipeline::kGrainsAllowed);
    for (const double limit : allowed) {
        char label[64];
        std::snprintf(label, sizeof label, "  found at <= %g false ones %s", limit, unit);
        text += row(label, methods, [=](const MethodReport& method) -> std::string {
            for (const FrocPoint& point : method.five.*froc) {
                if (point.allowed == limit) return percent(point.sensitivity);
            }
            return "-";
        });
    }
    return text;
}

std::string grain_rows(const EvaluationReport& report) {
    const auto& methods = report.methods;
    if (methods.front().five.grains == 0) return "";
    std::string text = "Calcifications with a mask: " + std::to_string(methods.front().five.grains) + "\n";
    text += figure_rows(methods, {{"  found (TPR)", &Summary::grain_sensitivity}}, percent);
    text += figure_rows(methods,
                        {{"  false ones a cm2 of breast", &Summary::false_grains_per_cm2},
                         {"  false ones an image", &Summary::false_grains_per_image}},
                        plain);
    text += grain_froc_rows(methods, "a cm2", &Summary::grain_froc_cm2);
    text += grain_froc_rows(methods, "an image", &Summary::grain_froc_image);
    text += "\nMasks\n";
    text += figure_rows(methods,
                        {{"  Dice, mean over images", &Summary::dice},
                         {"  Dice, all images' pixels together", &Summary::dice_pooled},
                         {"  IoU, mean over images", &Summary::iou},
                         {"  IoU, all images' pixels together", &Summary::iou_pooled},
                         {"  IoU of a found calcification", &Summary::object_iou},
                         {"  the same, mean over images", &Summary::object_iou_mean}},
                        plain);
    text += figure_rows(methods,
                        {{"  right pixels, all together", &Summary::pixel_accuracy},
                         {"  right pixels, mean over images", &Summary::pixel_accuracy_mean},
                         {"  right pixels of a mask left empty", &Summary::empty_mask_accuracy},
                         {"  false-positive rate of pixels, together", &Summary::pixel_false_rate},
                         {"  the same, mean over images", &Summary::pixel_false_rate_mean}},
                        fine_percent);
    return text;
}

std::string roc_rows(const EvaluationReport& report) {
    const auto& methods = report.methods;
    if (!methods.front().five.area_under_roc.known) return "";
    return "\nImages with calcifications told from normal ones\n" +
           figure_rows(methods, {{"  area under the ROC", &Summary::area_under_roc}}, plain);
}

std::string strata_note(const std::vector<MethodReport>& methods) {
    std::string text = "  (clusters of 5 or more;";
    for (const MethodReport& method : methods)
        text += " " + method.name + " at " + method.strata_point + (&method == &methods.back() ? ")\n" : ",");
    return text;
}

std::string strata_text(const StrataTable& table, const std::vector<MethodReport>& methods) {
    std::string text = "\nBy " + table.name + ": sensitivity, false marks a normal image\n";
    for (const Stratum& stratum : table.rows) {
        for (std::size_t k = 0; k < methods.size(); ++k) {
            const Summary& figures = stratum.methods[k];
            const std::string label = k > 0 ? ""
                                            : "  " + stratum.value + ": " + std::to_string(stratum.images) +
                                                  " images, " + std::to_string(figures.groups) + " clusters";
            text += padded(label, kLabelWidth) + "  " + padded(methods[k].name, kNameWidth) + "  " +
                    padded(percent(figures.sensitivity), kColumnWidth - 5) + "  " +
                    plain(figures.false_per_normal);
            if (!stratum.less_reference.empty())
                text += "  against the reference: " + signed_percent(stratum.less_reference[k]);
            text += "\n";
        }
    }
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

}  // namespace

std::string percent(const Estimate& estimate) {
    if (!estimate.known) return "-";
    char text[64];
    std::snprintf(text, sizeof text, "%.1f %% (%.1f - %.1f)", 100 * estimate.value, 100 * estimate.low,
                  100 * estimate.high);
    return text;
}

std::string plain(const Estimate& estimate) {
    if (!estimate.known) return "-";
    char text[64];
    std::snprintf(text, sizeof text, "%.3f (%.3f - %.3f)", estimate.value, estimate.low, estimate.high);
    return text;
}

std::string report_text(const EvaluationReport& report) {
    if (report.methods.empty()) return "";
    const Summary& summary = report.methods.front().five;
    const auto& methods = report.methods;
    std::string text = std::to_string(summary.images) + " images of " + std::to_string(summary.patients) +
                       " patients, " + std::to_string(summary.normal_images) + " images normal\n\n";
    text += row("", methods, [](const MethodReport& method) { return method.name; });
    text +=
        row("operating point", methods, [](const MethodReport& method) { return method.operating_point; });
    text += row("seconds an image", methods, [](const MethodReport& method) {
        char value[32];
        std::snprintf(value, sizeof value, "%.2f", method.seconds_per_image);
        return std::string(value);
    });
    text.append("\n").append(cluster_rows(report, "5", &MethodReport::five));
    text.append("\n").append(cluster_rows(report, "3", &MethodReport::three));
    const std::string grains = grain_rows(report);
    if (!grains.empty()) text.append("\n").append(grains);
    text += roc_rows(report);
    for (const StrataTable& table : report.strata)
        text += strata_text(table, methods);
    if (!report.strata.empty()) text += strata_note(methods);
    text += "\nIn brackets: 95 % bootstrap interval by patient. \"At <= x false marks\" counts false marks ";
    text += summary.normal_images > 0 ? "on normal images.\n" : "on all images (none is normal).\n";
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

#include "service/lab_report.h"

#include <cstdio>
#include <functional>

#include <nlohmann/json.hpp>

namespace calcnode::service {

namespace {

using nlohmann::ordered_json;
using pipeline::Estimate;
using pipeline::FrocPoint;
using pipeline::Summary;

constexpr std::size_t kLabelWidth = 44;
constexpr std::size_t kColumnWidth = 30;

std::string padded(std::string text, std::size_t width) {
    // UTF-8 is not used in the table: a character is a byte.
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

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

std::string grain_rows(const EvaluationReport& report) {
    const auto& methods = report.methods;
    if (methods.front().five.grains == 0) return "";
    std::string text = "Calcifications with a mask: " + std::to_string(methods.front().five.grains) + "\n";
    const std::pair<const char*, Estimate Summary::*> rows[] = {
        {"  found (TPR)", &Summary::grain_sensitivity},
        {"  false ones a cm2 of breast", &Summary::false_grains_per_cm2},
        {"  false ones an image", &Summary::false_grains_per_image},
        {"  Dice of the masks, mean over images", &Summary::dice},
        {"  IoU of the masks, mean over images", &Summary::iou},
        {"  IoU of a calcification that was found", &Summary::object_iou},
    };
    for (const auto& [label, member] : rows) {
        const bool share = member == &Summary::grain_sensitivity;
        text += row(label, methods, [=](const MethodReport& method) {
            return share ? percent(method.five.*member) : plain(method.five.*member);
        });
    }
    return text;
}

ordered_json to_json(const Estimate& estimate) {
    if (!estimate.known) return nullptr;
    return {{"value", estimate.value}, {"low", estimate.low}, {"high", estimate.high}};
}

ordered_json to_json(const Summary& summary) {
    ordered_json froc = ordered_json::array();
    for (const FrocPoint& point : summary.froc) {
        froc.push_back({{"allowed_false_per_image", point.allowed},
                        {"threshold", point.threshold},
                        {"sensitivity", to_json(point.sensitivity)},
                        {"false_per_image", to_json(point.false_per_image)}});
    }
    return {{"clusters", summary.groups},
            {"sensitivity", to_json(summary.sensitivity)},
            {"false_per_normal_image", to_json(summary.false_per_normal)},
            {"false_per_image_with_findings", to_json(summary.false_per_other)},
            {"froc", std::move(froc)}};
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
              {"dice", to_json(summary.dice)},
              {"iou", to_json(summary.iou)},
              {"object_iou", to_json(summary.object_iou)}}}};
}

}  // namespace

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
    ordered_json json = {
        {"cases", report.cases}, {"failures", report.failures}, {"methods", std::move(methods)}};
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

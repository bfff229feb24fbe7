#include "service/lab_tables.h"

#include <cstdio>
#include <functional>
#include <initializer_list>
#include <span>
#include <utility>

#include "service/lab_truth_details.h"

namespace calcnode::service {

namespace {

using pipeline::Estimate;
using pipeline::FrocPoint;
using pipeline::Summary;
using Methods = std::vector<MethodReport>;
using Row = std::vector<std::string>;

/// `format` has three places: the value, the interval's ends.
std::string formatted(const char* format, const Estimate& estimate, double scale) {
    if (!estimate.known) return "-";
    char text[96];
    std::snprintf(text, sizeof text, format, scale * estimate.value, scale * estimate.low,
                  scale * estimate.high);
    return text;
}

std::string percent(const Estimate& estimate) {
    return formatted("%.1f %% (%.1f - %.1f)", estimate, 100);
}
std::string fine_percent(const Estimate& estimate) {
    return formatted("%.4f %% (%.4f - %.4f)", estimate, 100);
}
std::string signed_percent(const Estimate& estimate) {
    return formatted("%+.1f %% (%+.1f to %+.1f)", estimate, 100);
}
std::string plain(const Estimate& estimate) {
    return formatted("%.3f (%.3f - %.3f)", estimate, 1);
}

std::string text_of(const char* format, double value) {
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

Row row_of(const std::string& label, const Methods& methods,
           const std::function<std::string(const MethodReport&)>& cell) {
    Row row = {label};
    for (const MethodReport& method : methods)
        row.push_back(cell(method));
    return row;
}

using Figure = Estimate Summary::*;
struct FigureRow {
    const char* label;
    Figure figure;
    std::string (*format)(const Estimate&);
};

void add_figures(FigureTable& table, const Methods& methods, Summary MethodReport::*summary,
                 std::initializer_list<FigureRow> rows) {
    for (const FigureRow& row : rows) {
        table.rows.push_back(row_of(row.label, methods, [&](const MethodReport& method) {
            return row.format(method.*summary.*row.figure);
        }));
    }
}

/// "sensitivity at <= 0.4 false ones a cm2", for each rate.
struct FrocRows {
    const char* label;  // with a place for the rate
    Summary MethodReport::*summary;
    std::vector<FrocPoint> Summary::*froc;
    std::span<const double> allowed;
};

void add_froc(FigureTable& table, const Methods& methods, const FrocRows& rows) {
    for (const double allowed : rows.allowed) {
        table.rows.push_back(
            row_of(text_of(rows.label, allowed), methods, [&](const MethodReport& method) -> std::string {
                for (const FrocPoint& point : method.*rows.summary.*rows.froc) {
                    if (point.allowed == allowed) return percent(point.sensitivity);
                }
                return "-";
            }));
    }
}

FigureTable methods_table(const Methods& methods) {
    FigureTable table;
    table.header = row_of("", methods, [](const MethodReport& method) { return method.name; });
    table.rows.push_back(row_of("operating point", methods,
                                [](const MethodReport& method) { return method.operating_point; }));
    table.rows.push_back(row_of("seconds an image", methods, [](const MethodReport& method) {
        return text_of("%.2f", method.seconds_per_image);
    }));
    return table;
}

FigureTable cluster_table(const Methods& methods, const std::string& size, Summary MethodReport::*summary) {
    FigureTable table;
    table.title = "Clusters of " + size + " or more: " + std::to_string((methods.front().*summary).groups);
    add_figures(table, methods, summary,
                {{"sensitivity", &Summary::sensitivity, percent},
                 {"false marks a normal image", &Summary::false_per_normal, plain},
                 {"false marks an image with findings", &Summary::false_per_other, plain}});
    add_froc(table, methods,
             {"sensitivity at <= %g false marks", summary, &Summary::froc, pipeline::kFrocAllowed});
    return table;
}

FigureTable grain_table(const Methods& methods) {
    FigureTable table;
    table.title = "Calcifications with a mask: " + std::to_string(methods.front().five.grains);
    add_figures(table, methods, &MethodReport::five,
                {{"found (TPR)", &Summary::grain_sensitivity, percent},
                 {"false ones a cm2 of breast", &Summary::false_grains_per_cm2, plain},
                 {"false ones an image", &Summary::false_grains_per_image, plain}});
    add_froc(table, methods,
             {"found at <= %g false ones a cm2", &MethodReport::five, &Summary::grain_froc_cm2,
              pipeline::kGrainsAllowed_cm2});
    add_froc(table, methods,
             {"found at <= %g false ones an image", &MethodReport::five, &Summary::grain_froc_image,
              pipeline::kGrainsAllowed});
    return table;
}

FigureTable mask_table(const Methods& methods) {
    FigureTable table;
    table.title = "Masks";
    add_figures(table, methods, &MethodReport::five,
                {{"Dice, mean over images", &Summary::dice, plain},
                 {"Dice, all images' pixels together", &Summary::dice_pooled, plain},
                 {"IoU, mean over images", &Summary::iou, plain},
                 {"IoU, all images' pixels together", &Summary::iou_pooled, plain},
                 {"IoU of a found calcification", &Summary::object_iou, plain},
                 {"the same, mean over images", &Summary::object_iou_mean, plain},
                 {"right pixels, all together", &Summary::pixel_accuracy, fine_percent},
                 {"right pixels, mean over images", &Summary::pixel_accuracy_mean, fine_percent},
                 {"right pixels of a mask left empty", &Summary::empty_mask_accuracy, fine_percent},
                 {"false-positive rate of pixels, all together", &Summary::pixel_false_rate, fine_percent},
                 {"the same, mean over images", &Summary::pixel_false_rate_mean, fine_percent}});
    return table;
}

FigureTable roc_table(const EvaluationReport& report) {
    FigureTable table;
    table.title = "Images with calcifications told from normal ones: area under the ROC";
    if (report.subsets.empty()) {
        add_figures(table, report.methods, &MethodReport::five,
                    {{"all images", &Summary::area_under_roc, plain}});
    }
    for (const SubsetReport& subset : report.subsets) {
        Row row = {subset.name + ": " + std::to_string(subset.images - subset.normal_images) + " and " +
                   std::to_string(subset.normal_images) + " normal"};
        for (const Estimate& area : subset.areas)
            row.push_back(plain(area));
        table.rows.push_back(std::move(row));
    }
    return table;
}

FigureTable strata_table(const StrataTable& strata, const Methods& methods) {
    FigureTable table;
    table.title = "By " + strata.name;
    table.header = {"", "images", "normal", "clusters"};
    const bool compared = strata.name == "condition";
    for (const MethodReport& method : methods) {
        table.header.push_back(method.name + ": sensitivity");
        if (compared) table.header.push_back("less the reference");
        table.header.push_back("false marks a normal image");
    }
    for (const Stratum& stratum : strata.rows) {
        Row row = {stratum.value, std::to_string(stratum.images), std::to_string(stratum.normal_images),
                   std::to_string(stratum.methods.front().groups)};
        for (std::size_t k = 0; k < methods.size(); ++k) {
            row.push_back(percent(stratum.methods[k].sensitivity));
            if (compared) {
                row.push_back(stratum.less_reference.empty() ? ""
                                                             : signed_percent(stratum.less_reference[k]));
            }
            row.push_back(plain(stratum.methods[k].false_per_normal));
        }
        table.rows.push_back(std::move(row));
    }
    table.note = "Clusters of 5 or more;";
    for (const MethodReport& method : methods)
        table.note +=
            " " + method.name + " at " + method.strata_point + (&method == &methods.back() ? "." : ",");
    return table;
}

FigureTable kinds_table(const std::string& title, const std::vector<pipeline::KindOfCluster>& kinds) {
    FigureTable table;
    table.title = title;
    table.header = {"", "clusters", "sensitivity"};
    for (const pipeline::KindOfCluster& kind : kinds)
        table.rows.push_back({kind.name, std::to_string(kind.clusters), percent(kind.sensitivity)});
    table.note = "Of the model, at its operating point; clusters of 3 or more that lie by themselves.";
    return table;
}

void add_details(std::vector<FigureTable>& tables, const pipeline::DetailsSummary& details) {
    FigureTable errors;
    errors.title = "Found clusters, as they are described: " + std::to_string(details.hits);
    errors.rows = {
        {"number of calcifications, relative error, median", signed_percent(details.number_error_median)},
        {"the same, absolute, mean", percent(details.number_error_mean)},
        {"area of the hull, relative error, median", signed_percent(details.area_error_median)},
        {"the same, absolute, mean", percent(details.area_error_mean)},
        {"right class of distribution", percent(details.distribution_right)}};
    tables.push_back(std::move(errors));
    tables.push_back(kinds_table("By morphology", details.by_morphology));
    tables.push_back(kinds_table("By distribution", details.by_distribution));
    if (details.false_marks.empty()) return;
    FigureTable marks;
    marks.title = "False marks, by what they lie on";
    marks.header = {"", "marks", "an image"};
    for (const pipeline::KindOfFalseMark& mark : details.false_marks) {
        marks.rows.push_back({distractor_name(mark.kind), std::to_string(mark.marks), plain(mark.per_image)});
    }
    tables.push_back(std::move(marks));
}

FigureTable likeness_table(const pipeline::Likeness& likeness) {
    const auto exponent = [](const pipeline::TextureFigures& figures) {
        char text[96];
        std::snprintf(text, sizeof text, "%.2f (quartiles %.2f, %.2f)", figures.exponent,
                      figures.exponent_low, figures.exponent_high);
        return std::string(text);
    };
    FigureTable table;
    table.title = "Texture of normal images beside real crops";
    table.header = {"", "these images", "real crops", "difference"};
    table.rows = {
        {"pieces", std::to_string(likeness.phantom.pieces), std::to_string(likeness.real.pieces), ""},
        {"exponent of the power spectrum", exponent(likeness.phantom), exponent(likeness.real),
         text_of("%+.2f", likeness.exponent_difference)},
        {"histogram of values", "", "", text_of("%.3f", likeness.contrast_distance)},
        {"histogram of local variance", "", "", text_of("%.3f", likeness.local_variance_distance)}};
    table.note = "A histogram's difference is half the sum of its bins': 0 the same, 1 nothing in common.";
    return table;
}

FigureTable time_table(const EvaluationReport& report) {
    FigureTable table;
    table.title = "Seconds an image, as the clock went";
    table.rows = {{"reading", text_of("%.2f", report.seconds_read)}};
    for (const MethodReport& method : report.methods)
        table.rows.push_back({method.name, text_of("%.2f", method.seconds_per_image)});
    table.rows.push_back({"counting", text_of("%.2f", report.seconds_count)});
    return table;
}

}  // namespace

std::vector<FigureTable> tables_of(const EvaluationReport& report) {
    std::vector<FigureTable> tables;
    const Methods& methods = report.methods;
    if (methods.empty()) return tables;
    const Summary& summary = methods.front().five;
    tables.push_back(methods_table(methods));
    if (summary.groups + methods.front().three.groups > 0 || summary.normal_images > 0) {
        tables.push_back(cluster_table(methods, "5", &MethodReport::five));
        tables.push_back(cluster_table(methods, "3", &MethodReport::three));
    }
    if (summary.grains > 0) {
        tables.push_back(grain_table(methods));
        tables.push_back(mask_table(methods));
    }
    if (summary.area_under_roc.known) tables.push_back(roc_table(report));
    for (const StrataTable& strata : report.strata)
        tables.push_back(strata_table(strata, methods));
    if (report.details.images > 0) add_details(tables, report.details);
    if (report.likeness) tables.push_back(likeness_table(*report.likeness));
    tables.push_back(time_table(report));
    return tables;
}

std::string headline_of(const EvaluationReport& report) {
    if (report.methods.empty()) return "";
    const Summary& summary = report.methods.front().five;
    return std::to_string(summary.images) + " images of " + std::to_string(summary.patients) + " patients, " +
           std::to_string(summary.normal_images) + " images normal";
}

std::string footnote_of(const EvaluationReport& report) {
    const bool normal = !report.methods.empty() && report.methods.front().five.normal_images > 0;
    return std::string(
               "In brackets: 95 % bootstrap interval by patient. \"At <= x false marks\" counts false "
               "marks ") +
           (normal ? "on normal images." : "on all images (none is normal).");
}

}  // namespace calcnode::service

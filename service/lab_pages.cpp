#include "service/lab_pages.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "pipeline/error.h"
#include "pipeline/evaluation_plot.h"
#include "service/lab_html.h"

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

using pipeline::Curves;
using pipeline::FrocPoint;
using pipeline::Plot;
using pipeline::PlotSeries;

void write_file(const fs::path& file, const std::string& text) {
    std::ofstream stream(file, std::ios::trunc | std::ios::binary);
    stream << text;
    stream.close();
    if (!stream) {
        throw pipeline::Error(pipeline::ErrorCode::write_failed, file.string() + ": cannot be written");
    }
}

std::string bytes_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

PlotSeries series_of(const std::string& name, const std::vector<FrocPoint>& points) {
    PlotSeries series{.name = name, .points = {}};
    for (const FrocPoint& point : points) {
        if (!point.sensitivity.known) continue;
        series.points.push_back(
            {point.allowed, point.sensitivity.value, point.sensitivity.low, point.sensitivity.high});
    }
    return series;
}

Plot froc_plot(const EvaluationReport& report, std::vector<FrocPoint> Curves::*froc) {
    Plot plot{.title = "", .x_label = "", .y_label = "sensitivity", .logarithmic = true, .series = {}};
    for (const MethodReport& method : report.methods) {
        PlotSeries series = series_of(method.name, method.curves.*froc);
        if (!series.points.empty()) plot.series.push_back(std::move(series));
    }
    return plot;
}

Plot roc_plot(const EvaluationReport& report) {
    Plot plot{.title = "ROC of images: with calcifications or normal (band: 95 %)",
              .x_label = "false-positive rate",
              .y_label = "sensitivity",
              .diagonal = true,
              .series = {}};
    for (const MethodReport& method : report.methods) {
        const pipeline::Roc& roc = method.curves.images;
        if (!roc.area.known) continue;
        char area[32];
        std::snprintf(area, sizeof area, ", area %.3f", roc.area.value);
        PlotSeries series{.name = method.name + area, .points = {}};
        for (const pipeline::RocPoint& point : roc.points) {
            series.points.push_back({point.false_positive_rate, point.sensitivity.value,
                                     point.sensitivity.low, point.sensitivity.high});
        }
        plot.series.push_back(std::move(series));
    }
    return plot;
}

std::vector<std::pair<const char*, Plot>> plots_of(const EvaluationReport& report) {
    Plot clusters = froc_plot(report, &Curves::clusters);
    clusters.title = "FROC of clusters of 5 or more (band: 95 %)";
    clusters.x_label =
        report.methods.front().five.normal_images > 0 ? "false marks a normal image" : "false marks an image";
    clusters.x_from = 0.01;
    clusters.x_to = 10;
    Plot area = froc_plot(report, &Curves::grains_per_cm2);
    area.title = "FROC of single calcifications (band: 95 %)";
    area.x_label = "false ones a cm2 of breast";
    area.x_from = 0.01;
    area.x_to = 10;
    Plot image = froc_plot(report, &Curves::grains_per_image);
    image.title = area.title;
    image.x_label = "false ones an image";
    image.x_from = 0.1;
    image.x_to = 1000;
    return {{"froc_clusters.png", std::move(clusters)},
            {"froc_calcifications_cm2.png", std::move(area)},
            {"froc_calcifications_image.png", std::move(image)},
            {"roc.png", roc_plot(report)}};
}

/// 001.jpg, 002.jpg ... in `folder`; those of an earlier run are gone.
std::vector<PagePicture> write_cases_shown(std::span<const CaseRow> rows,
                                           std::span<const ImageResult> results, const fs::path& folder,
                                           const MeterOptions& meter) {
    std::vector<PagePicture> pictures;
    std::error_code problem;
    fs::remove_all(folder, problem);
    for (const ShownCase& one : cases_to_show(rows, results)) {
        fs::create_directories(folder, problem);
        char name[16];
        std::snprintf(name, sizeof name, "%03zu.jpg", pictures.size() + 1);
        pipeline::write_case_picture(read_case_image(rows[one.image], meter), results[one.image].outlines,
                                     folder / name);
        pictures.push_back(
            {.section = one.section, .caption = one.caption, .bytes = bytes_of(folder / name)});
    }
    return pictures;
}

}  // namespace

void write_pages(const EvaluationReport& report, std::span<const CaseRow> rows,
                 std::span<const ImageResult> results, const PagesOptions& options) {
    std::error_code problem;
    fs::create_directories(options.out, problem);  // what cannot be written there says so itself
    write_file(options.out / "report.json", report_json(report));
    std::vector<PagePicture> plots;
    for (const auto& [name, plot] : plots_of(report)) {
        fs::remove(options.out / name, problem);
        if (plot.series.empty()) continue;
        pipeline::write_plot_png(plot, options.out / name);
        plots.push_back({.section = "", .caption = plot.title, .bytes = bytes_of(options.out / name)});
    }
    const std::vector<PagePicture> cases =
        write_cases_shown(rows, results, options.out / "cases", options.meter);
    write_file(options.out / "report.html", report_html(report, plots, cases));
}

}  // namespace calcnode::service

#include "service/lab_figures.h"

#include <cstdio>
#include <utility>

namespace calcnode::service {

namespace {

using pipeline::ImageCounts;
using pipeline::SweepStep;

/// Marks of the classical method are chosen by its own threshold: none is left out by its score.
constexpr double kAllMarks = -1e300;
/// Without a model the classical method's strata are read at this many false marks an image.
constexpr double kFalseMarks = 1;

double seconds_an_image(std::span<const ImageResult> results, double Durations::*part) {
    double sum = 0;
    for (const ImageResult& result : results)
        sum += result.seconds.*part;
    return results.empty() ? 0 : sum / static_cast<double>(results.size());
}

std::string text(const char* format, double value) {
    char result[64];
    std::snprintf(result, sizeof result, format, value);
    return result;
}

MethodReport model_report(std::span<const ImageResult> results, const FiguresOptions& options,
                          MethodImages& images) {
    std::vector<ImageCounts> three;
    for (const ImageResult& result : results) {
        images.images.push_back(result.model.five);
        three.push_back(result.model.three);
    }
    images.threshold = options.threshold;
    const pipeline::SummaryOptions at{.threshold = options.threshold};
    return {.name = options.model_name,
            .operating_point =
                text("score >= %.3f", options.threshold) + (options.own_threshold ? " (the model's)" : ""),
            .strata_point = text("score >= %.3f", options.threshold),
            .threshold = options.threshold,
            .seconds_per_image = seconds_an_image(results, &Durations::model),
            .five = pipeline::summarise(images.images, at),
            .three = pipeline::summarise(three, at),
            .curves = pipeline::curves_of(images.images, at)};
}

std::vector<SweepStep> steps_of(std::span<const ImageResult> results, ImageCounts Counts::*members) {
    std::vector<SweepStep> steps;
    const std::vector<double> thresholds = classical_thresholds();
    for (std::size_t k = 0; k < thresholds.size(); ++k) {
        steps.push_back({.threshold = thresholds[k], .images = {}});
        for (const ImageResult& result : results)
            steps.back().images.push_back(result.classical[k].*members);
    }
    return steps;
}

struct StepFigures {
    double sensitivity = 0;
    double rate = 0;  // false marks an image
};

StepFigures figures_of(const SweepStep& step) {
    const pipeline::Summary summary =
        pipeline::summarise_clusters(step.images, {.threshold = kAllMarks, .resamples = 0});
    return {summary.sensitivity.value,
            summary.normal_images > 0 ? summary.false_per_normal.value : summary.false_per_other.value};
}

/// The most sensitive step with at most `allowed` false marks an image; else the one with the fewest.
const SweepStep& step_with(std::span<const SweepStep> steps, double allowed) {
    const SweepStep* best = &steps.front();
    StepFigures best_figures = figures_of(*best);
    for (const SweepStep& step : steps.subspan(1)) {
        const StepFigures figures = figures_of(step);
        const bool fits = figures.rate <= allowed;
        const bool better = best_figures.rate <= allowed
                                ? fits && figures.sensitivity >= best_figures.sensitivity
                                : fits || figures.rate < best_figures.rate;
        if (!better) continue;
        best = &step;
        best_figures = figures;
    }
    return *best;
}

MethodReport classical_report(std::span<const ImageResult> results, double allowed, MethodImages& images) {
    const std::vector<SweepStep> five = steps_of(results, &Counts::five);
    const std::vector<SweepStep> three = steps_of(results, &Counts::three);
    MethodReport report{.name = "classical (HDoG)",
                        .operating_point = text("response >= %.3f", five.front().threshold),
                        .strata_point = "",
                        .threshold = five.front().threshold,
                        .seconds_per_image = seconds_an_image(results, &Durations::classical),
                        .five = pipeline::summarise(five.front().images, {.threshold = kAllMarks}),
                        .three = pipeline::summarise(three.front().images, {.threshold = kAllMarks}),
                        .curves = pipeline::curves_of(five.front().images, {})};
    report.five.froc = pipeline::sweep_froc(five, {});
    report.three.froc = pipeline::sweep_froc(three, {});
    report.curves.clusters = pipeline::sweep_curve(five, {});
    const SweepStep& step = step_with(five, allowed);
    images.images = step.images;
    images.threshold = kAllMarks;
    report.strata_point = text("response >= %.3f", step.threshold);
    return report;
}

std::string or_else(const std::string& one, const std::string& other) {
    return one.empty() ? other : one;
}

Traits traits_of(const CaseRow& row, const ImageResult& result) {
    return {row.tissue,
            text("%.3g mm", result.spacing_mm),
            or_else(row.intent, result.intent),
            or_else(row.device, result.device),
            row.medium,
            row.condition};
}

}  // namespace

EvaluationReport figures_of(std::span<const CaseRow> rows, std::span<const ImageResult> results,
                            const FiguresOptions& options) {
    EvaluationReport report;
    report.cases = options.cases;
    std::vector<MethodImages> images;
    double allowed = kFalseMarks;
    if (options.model) {
        report.methods.push_back(model_report(results, options, images.emplace_back()));
        const pipeline::Summary& model = report.methods.back().five;
        allowed = model.normal_images > 0 ? model.false_per_normal.value : model.false_per_other.value;
    }
    if (options.classical)
        report.methods.push_back(classical_report(results, allowed, images.emplace_back()));
    std::vector<Traits> traits;
    for (std::size_t i = 0; i < rows.size(); ++i)
        traits.push_back(traits_of(rows[i], results[i]));
    report.strata = strata_of(traits, images);
    for (const ImageResult& result : results)
        report.failures.insert(report.failures.end(), result.failures.begin(), result.failures.end());
    report.seconds_read = seconds_an_image(results, &Durations::read);
    report.seconds_count = seconds_an_image(results, &Durations::count);
    return report;
}

}  // namespace calcnode::service

#include "service/lab_figures.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>

#include "service/lab_patches.h"

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
                        .operating_point = text("response >= %.1f spreads", five.front().threshold),
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
    report.strata_point = text("response >= %.1f spreads", step.threshold);
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

/// The areas under the ROC over parts of the images; each method's images are in the order of the rows.
std::vector<SubsetReport> subset_reports(std::span<const CaseRow> rows,
                                         const std::vector<std::vector<ImageCounts>>& methods) {
    std::vector<SubsetReport> reports;
    for (const Subset& subset : subsets_of(rows)) {
        SubsetReport report{.name = subset.name, .images = static_cast<int>(subset.rows.size())};
        for (const std::vector<ImageCounts>& images : methods) {
            std::vector<ImageCounts> chosen;
            for (const std::size_t i : subset.rows)
                chosen.push_back(images[i]);
            const pipeline::Summary summary = pipeline::summarise(chosen, {});
            report.normal_images = summary.normal_images;
            report.areas.push_back(summary.area_under_roc);
        }
        reports.push_back(std::move(report));
    }
    return reports;
}

pipeline::DetailsSummary details_of(std::span<const ImageResult> results) {
    std::vector<ImageCounts> images;
    std::vector<pipeline::ImageDetails> details;
    for (const ImageResult& result : results) {
        images.push_back(result.model.five);
        details.push_back(result.details);
    }
    return pipeline::summarise_details(images, details, {});
}

/// How many outlines of a kind, and the extreme score among them.
struct Outlined {
    int number = 0;
    double greatest = 0;
    double least = 1e300;
};

Outlined outlined(const ImageResult& result, pipeline::OutlineKind kind) {
    Outlined all;
    for (const pipeline::CaseOutline& outline : result.outlines) {
        if (outline.kind != kind) continue;
        ++all.number;
        all.greatest = std::max(all.greatest, outline.score);
        all.least = std::min(all.least, outline.score);
    }
    return all;
}

/// The images with the greatest of `worth`, which is 0 for those that do not belong here.
std::vector<std::size_t> best_of(std::span<const ImageResult> results,
                                 const std::function<double(const ImageResult&)>& worth) {
    constexpr std::size_t kMost = 5;
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (const double value = worth(results[i]); value > 0) order.emplace_back(-value, i);
    }
    std::sort(order.begin(), order.end());
    std::vector<std::size_t> best;
    for (std::size_t k = 0; k < std::min(kMost, order.size()); ++k)
        best.push_back(order[k].second);
    return best;
}

std::string caption_of(const CaseRow& row, const ImageResult& result) {
    using pipeline::OutlineKind;
    const int found = outlined(result, OutlineKind::true_found).number;
    const int missed = outlined(result, OutlineKind::true_missed).number;
    std::string caption = row.image.string() + ": ";
    if (found + missed > 0)
        caption += std::to_string(found) + " of " + std::to_string(found + missed) + " clusters found, ";
    caption += std::to_string(outlined(result, OutlineKind::mark_false).number) + " false marks";
    if (result.model.five.grains > 0) caption += text(", Dice %.2f", result.model.five.dice);
    return caption;
}

}  // namespace

std::vector<ShownCase> cases_to_show(std::span<const CaseRow> rows, std::span<const ImageResult> results) {
    using pipeline::OutlineKind;
    const auto missed = [](const ImageResult& result) {
        return static_cast<double>(outlined(result, OutlineKind::true_missed).number);
    };
    const auto false_alarm = [](const ImageResult& result) {
        return result.model.five.normal ? outlined(result, OutlineKind::mark_false).greatest : 0;
    };
    const auto fine = [](const ImageResult& result) {
        const Outlined found = outlined(result, OutlineKind::mark_right);
        const bool clean = outlined(result, OutlineKind::true_missed).number == 0 &&
                           outlined(result, OutlineKind::mark_false).number == 0;
        if (!clean || outlined(result, OutlineKind::true_found).number == 0 || found.number == 0) return 0.0;
        return found.least + result.model.five.dice;
    };
    std::vector<ShownCase> shown;
    const auto show = [&](const char* section, const std::function<double(const ImageResult&)>& worth) {
        for (const std::size_t i : best_of(results, worth))
            shown.push_back({.image = i, .section = section, .caption = caption_of(rows[i], results[i])});
    };
    show("Worst: clusters missed", missed);
    show("Worst: false marks on normal images, highest scores", false_alarm);
    show("Best: every cluster found, nothing else marked", fine);
    return shown;
}

EvaluationReport figures_of(std::span<const CaseRow> rows, std::span<const ImageResult> results,
                            const FiguresOptions& options) {
    EvaluationReport report;
    report.cases = options.cases;
    std::vector<MethodImages> images;
    std::vector<std::vector<ImageCounts>> scored;  // with the images' own scores
    double allowed = kFalseMarks;
    if (options.model) {
        report.methods.push_back(model_report(results, options, images.emplace_back()));
        scored.push_back(images.back().images);
        report.details = details_of(results);
        const pipeline::Summary& model = report.methods.back().five;
        allowed = model.normal_images > 0 ? model.false_per_normal.value : model.false_per_other.value;
    }
    if (options.classical) {
        report.methods.push_back(classical_report(results, allowed, images.emplace_back()));
        auto& last = scored.emplace_back();
        for (const ImageResult& result : results)
            last.push_back(result.classical.front().five);
    }
    report.subsets = subset_reports(rows, scored);
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

#include "service/lab_evaluate.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "pipeline/analyser.h"
#include "pipeline/error.h"
#include "pipeline/evaluation_model.h"
#include "pipeline/phantom_likeness.h"
#include "service/lab_cases.h"
#include "service/lab_figures.h"
#include "service/lab_meter.h"
#include "service/lab_pages.h"
#include "service/lab_patches.h"
#include "service/lab_report.h"
#include "service/progress_bar.h"

namespace calcnode::service {

namespace {

MeterOptions meter_options(const LabEvaluateOptions& options) {
    return {.cases = options.cases,
            .model = options.model,
            .threshold = options.threshold,
            .classical = options.classical,
            .whole_image = options.whole_image,
            .pieces = !options.beside.empty()};
}

/// Measures all rows, several at once; results[i] is of rows[i], whoever measured it.
class Measuring {
  public:
    Measuring(const LabEvaluateOptions& options, const std::vector<CaseRow>& rows)
        : options_(options),
          rows_(rows),
          results_(rows.size()),
          problems_(rows.size()),
          bar_("evaluate", static_cast<std::int64_t>(rows.size()), options.progress) {}

    /// Throws what the first row that is wrong threw.
    std::vector<ImageResult> run(int jobs) {
        std::vector<Meter> meters;  // opened here: what a model lacks is said before any work
        for (int job = 0; job < jobs; ++job) {
            meters.emplace_back(meter_options(options_));
        }
        {
            std::vector<std::jthread> threads;
            for (const Meter& meter : meters)
                threads.emplace_back([this, &meter] { work(meter); });
        }
        for (const std::exception_ptr& problem : problems_) {
            if (problem) std::rethrow_exception(problem);
        }
        return std::move(results_);
    }

  private:
    void work(const Meter& meter) {
        // Rows are taken in their order: when one is wrong, all before it are measured to their end.
        while (!stop_) {
            const std::size_t i = next_++;
            if (i >= rows_.size()) return;
            try {
                results_[i] = meter.measure(rows_[i]);
            } catch (const pipeline::Error& error) {
                problems_[i] = std::make_exception_ptr(pipeline::Error(
                    error.code(),
                    options_.cases.string() + ":" + std::to_string(rows_[i].line) + ": " + error.what()));
                stop_ = true;
            } catch (...) {
                problems_[i] = std::current_exception();
                stop_ = true;
            }
            const std::lock_guard lock(mutex_);
            bar_.update(++done_, rows_[i].image.string());
        }
    }

    const LabEvaluateOptions& options_;
    const std::vector<CaseRow>& rows_;
    std::vector<ImageResult> results_;
    std::vector<std::exception_ptr> problems_;
    std::atomic<std::size_t> next_{0};
    std::atomic<bool> stop_{false};
    std::mutex mutex_;  // guards the next two
    ProgressBar bar_;
    std::int64_t done_ = 0;
};

/// How like real crops the normal images are.
std::optional<pipeline::Likeness> likeness_of(std::span<const ImageResult> results,
                                              const LabEvaluateOptions& options) {
    if (options.beside.empty()) return std::nullopt;
    constexpr int kMost = 64;
    const auto real = pipeline::read_pieces(options.beside, options.beside_spacing_mm, {.count = kMost});
    std::vector<pipeline::TexturePiece> pieces;
    for (const ImageResult& result : results) {
        if (pieces.size() < kMost) pieces.insert(pieces.end(), result.pieces.begin(), result.pieces.end());
    }
    if (pieces.empty()) {
        throw pipeline::Error(pipeline::ErrorCode::bad_argument,
                              "--beside: no normal image has room for a piece of 12.8 mm");
    }
    return pipeline::likeness(pieces, real);
}

FiguresOptions figures_options(const LabEvaluateOptions& options) {
    FiguresOptions figures{.cases = options.cases.filename().string(),
                           .model = !options.model.empty(),
                           .model_name = "",
                           .threshold = options.threshold,
                           .own_threshold = options.threshold < 0,
                           .classical = options.classical};
    if (!figures.model) return figures;
    const pipeline::ModelOperatingPoint point = pipeline::operating_point_of(options.model);
    figures.model_name = point.model;
    if (figures.own_threshold) figures.threshold = point.cluster_threshold;
    return figures;
}

}  // namespace

int run_lab_evaluate(const LabEvaluateOptions& options) {
    if (options.model.empty() && !options.classical) {
        throw pipeline::Error(pipeline::ErrorCode::bad_argument,
                              "--no-model and --no-classical leave nothing to measure");
    }
    const std::vector<CaseRow> rows = is_patches(options.cases)
                                          ? read_patches(options.cases, options.spacing_mm)
                                          : read_cases(options.cases);
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    const int jobs = std::min(options.jobs > 0 ? options.jobs : cores, static_cast<int>(rows.size()));
    pipeline::set_threads((options.threads > 0 ? options.threads : cores) / jobs);
    const FiguresOptions figures = figures_options(options);
    const std::vector<ImageResult> results = Measuring(options, rows).run(jobs);
    for (const ImageResult& result : results) {
        for (const std::string& warning : result.warnings)
            std::fprintf(stderr, "%s:%s\n", options.cases.c_str(), warning.c_str());
    }
    EvaluationReport report = figures_of(rows, results, figures);
    report.likeness = likeness_of(results, options);
    std::fputs(report_text(report).c_str(), stdout);
    if (!options.out.empty())
        write_pages(report, rows, results, {.out = options.out, .meter = meter_options(options)});
    return report.failures.empty() ? 0 : 1;
}

}  // namespace calcnode::service

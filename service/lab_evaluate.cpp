#include "service/lab_evaluate.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <fstream>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "pipeline/analyser.h"
#include "pipeline/error.h"
#include "pipeline/evaluation_model.h"
#include "service/lab_cases.h"
#include "service/lab_figures.h"
#include "service/lab_meter.h"
#include "service/lab_report.h"
#include "service/progress_bar.h"

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

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
            meters.emplace_back(MeterOptions{.cases = options_.cases,
                                             .model = options_.model,
                                             .threshold = options_.threshold,
                                             .classical = options_.classical,
                                             .whole_image = options_.whole_image});
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

void write_file(const fs::path& file, const std::string& text) {
    std::ofstream stream(file, std::ios::trunc);
    stream << text;
    stream.close();
    if (!stream) {
        throw pipeline::Error(pipeline::ErrorCode::write_failed, file.string() + ": cannot be written");
    }
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
    const std::vector<CaseRow> rows = read_cases(options.cases);
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    const int jobs = std::min(options.jobs > 0 ? options.jobs : cores, static_cast<int>(rows.size()));
    pipeline::set_threads((options.threads > 0 ? options.threads : cores) / jobs);
    const FiguresOptions figures = figures_options(options);
    const std::vector<ImageResult> results = Measuring(options, rows).run(jobs);
    for (const ImageResult& result : results) {
        for (const std::string& warning : result.warnings)
            std::fprintf(stderr, "%s:%s\n", options.cases.c_str(), warning.c_str());
    }
    const EvaluationReport report = figures_of(rows, results, figures);
    std::fputs(report_text(report).c_str(), stdout);
    if (!options.out.empty()) {
        std::error_code problem;
        fs::create_directories(options.out, problem);
        write_file(options.out / "report.json", report_json(report));
    }
    return report.failures.empty() ? 0 : 1;
}

}  // namespace calcnode::service

#include "service/lab_evaluate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <system_error>
#include <thread>

#include "dicom/error.h"
#include "dicom/mammogram_reader.h"
#include "pipeline/analyser.h"
#include "pipeline/error.h"
#include "pipeline/evaluation.h"
#include "pipeline/evaluation_model.h"
#include "pipeline/evaluation_picture.h"
#include "pipeline/hdog.h"
#include "service/lab_cases.h"
#include "service/lab_report.h"
#include "service/progress_bar.h"

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

using pipeline::ImageCounts;
using pipeline::ImageFindings;
using pipeline::Mammogram;
using pipeline::SweepStep;
using pipeline::Truth;

constexpr int kFive = 5;
constexpr int kThree = 3;

pipeline::Error in_row(const fs::path& file, const CaseRow& row, const std::string& what) {
    return {pipeline::ErrorCode::bad_argument, file.string() + ":" + std::to_string(row.line) + ": " + what};
}

Mammogram read_image(const fs::path& folder, const CaseRow& row) {
    const fs::path file = folder / row.image;
    if (file.extension() == ".dcm") return dicom::read_mammogram(file);
    pipeline::GreyPicture picture = pipeline::read_grey_png(file);
    Mammogram mammogram;
    mammogram.pixels = std::move(picture.pixels);
    mammogram.bits_stored = picture.bits;
    mammogram.row_spacing_mm = mammogram.column_spacing_mm = row.spacing_mm;
    return mammogram;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// One image of the cases, read.
struct Case {
    const CaseRow& row;
    Mammogram mammogram;
    Truth truth;
};

ImageCounts counted(const Case& subject, const ImageFindings& findings, int members) {
    ImageCounts counts = pipeline::count_image(subject.mammogram, findings, subject.truth, members);
    counts.patient = subject.row.patient;
    return counts;
}

/// The cascade: analysed once with every cluster, counted at the operating point.
class CascadeMeasurement {
  public:
    CascadeMeasurement(const fs::path& model, double threshold)
        : point_(pipeline::operating_point_of(model)),
          analyser_(pipeline::Analyser::open(model, {.cluster_threshold = 0})),
          own_(threshold < 0),
          threshold_(own_ ? point_.cluster_threshold : threshold) {}

    void measure(const Case& subject) {
        const auto start = std::chrono::steady_clock::now();
        const ImageFindings all = analyser_.analyse(subject.mammogram);
        seconds_ += seconds_since(start);
        add(subject, all);
    }
    void add(const Case& subject, const ImageFindings& all) {
        const ImageFindings reported =
            pipeline::at_operating_point(all, threshold_, point_.lone_calcification_threshold);
        for (const auto& [members, list] : {std::pair{kFive, &five_}, std::pair{kThree, &three_}}) {
            ImageCounts counts = counted(subject, reported, members);
            counts.marks =
                counted(subject, all, members).marks;  // the FROC needs those below the threshold too
            list->push_back(std::move(counts));
        }
    }
    MethodReport report() const {
        char point[64];
        std::snprintf(point, sizeof point, "score >= %.3f%s", threshold_, own_ ? " (the model's)" : "");
        return {.name = point_.model,
                .operating_point = point,
                .threshold = threshold_,
                .seconds_per_image = seconds_ / std::max<std::size_t>(1, five_.size()),
                .five = pipeline::summarise(five_, {.threshold = threshold_}),
                .three = pipeline::summarise(three_, {.threshold = threshold_})};
    }

  private:
    pipeline::ModelOperatingPoint point_;
    pipeline::Analyser analyser_;
    bool own_;
    double threshold_;
    double seconds_ = 0;
    std::vector<ImageCounts> five_;
    std::vector<ImageCounts> three_;
};

/// HDoG: its clusters change with the response threshold, so the FROC sweeps over that.
class ClassicalMeasurement {
  public:
    ClassicalMeasurement() {
        constexpr int kSteps = 24;
        for (int i = 0; i < kSteps; ++i) {
            const double threshold =
                pipeline::kHdogThreshold * std::pow(50.0, static_cast<double>(i) / (kSteps - 1));
            five_.push_back({.threshold = threshold, .images = {}});
            three_.push_back({.threshold = threshold, .images = {}});
        }
    }

    void measure(const Case& subject) {
        const auto start = std::chrono::steady_clock::now();
        const pipeline::HdogBlobs blobs = pipeline::find_hdog_blobs(subject.mammogram);
        seconds_ += seconds_since(start);
        for (const auto& [members, steps] : {std::pair{kFive, &five_}, std::pair{kThree, &three_}}) {
            for (SweepStep& step : *steps) {
                const ImageFindings findings =
                    pipeline::hdog_findings(blobs, subject.mammogram, step.threshold, members);
                step.images.push_back(counted(subject, findings, members));
            }
        }
    }
    void add(const Case& subject, const ImageFindings& none) {
        for (SweepStep& step : five_)
            step.images.push_back(counted(subject, none, kFive));
        for (SweepStep& step : three_)
            step.images.push_back(counted(subject, none, kThree));
    }
    MethodReport report() const {
        const auto summary = [](const std::vector<SweepStep>& steps) {
            pipeline::Summary result = pipeline::summarise(steps.front().images, {});
            result.froc = pipeline::sweep_froc(steps, {});
            return result;
        };
        char point[64];
        std::snprintf(point, sizeof point, "response >= %.3f", pipeline::kHdogThreshold);
        return {.name = "classical (HDoG)",
                .operating_point = point,
                .threshold = pipeline::kHdogThreshold,
                .seconds_per_image = seconds_ / std::max<std::size_t>(1, five_.front().images.size()),
                .five = summary(five_),
                .three = summary(three_)};
    }

  private:
    double seconds_ = 0;
    std::vector<SweepStep> five_;
    std::vector<SweepStep> three_;
};

/// Runs `work`; an image that cannot be used is noted, and gives false.
template <typename Work>
bool attempt(const CaseRow& row, std::vector<std::string>& failures, Work work) {
    try {
        work();
        return true;
    } catch (const pipeline::Error& error) {
        if (error.code() == pipeline::ErrorCode::bad_argument) throw;  // the cases are wrong, not the image
        failures.push_back(row.image.string() + ": " + error.what());
    } catch (const dicom::Error& error) {
        failures.push_back(row.image.string() + ": " + error.what());
    }
    return false;
}

class Evaluation {
  public:
    explicit Evaluation(const LabEvaluateOptions& options) : options_(options) {
        if (!options.model.empty()) cascade_.emplace(options.model, options.threshold);
        if (options.classical) classical_.emplace();
    }

    void measure(const CaseRow& row) {
        const fs::path folder = options_.cases.parent_path();
        Case subject{row, {}, {}};
        try {
            subject.truth = read_truth(row, folder);
        } catch (const pipeline::Error& error) {
            throw in_row(options_.cases, row, error.what());
        }
        const bool read = attempt(row, failures_, [&] { subject.mammogram = read_image(folder, row); });
        if (!read && !subject.truth.mask.empty()) {  // nothing was found in it, whatever it shows
            subject.mammogram.pixels = {subject.truth.mask.rows, subject.truth.mask.columns};
        }
        if (!read) subject.mammogram.row_spacing_mm = subject.mammogram.column_spacing_mm = row.spacing_mm;
        check_spacing(subject, read);
        if (cascade_) run(subject, read, *cascade_);
        if (classical_) run(subject, read, *classical_);
    }

    EvaluationReport report() const {
        EvaluationReport report{
            .cases = options_.cases.filename().string(), .methods = {}, .failures = failures_};
        if (cascade_) report.methods.push_back(cascade_->report());
        if (classical_) report.methods.push_back(classical_->report());
        return report;
    }

  private:
    template <typename Method>
    void run(const Case& subject, bool read, Method& method) {
        try {
            if (!read || !attempt(subject.row, failures_, [&] { method.measure(subject); }))
                method.add(subject, {});
        } catch (const pipeline::Error& error) {
            throw in_row(options_.cases, subject.row, error.what());
        }
    }
    void check_spacing(const Case& subject, bool read) const {
        const double own = subject.mammogram.column_spacing_mm;
        if (!read || std::abs(own - subject.row.spacing_mm) <= 0.02 * own) return;
        std::fprintf(stderr, "%s:%d: spacing_mm is %g but %s itself says %g, which is used\n",
                     options_.cases.c_str(), subject.row.line, subject.row.spacing_mm,
                     subject.row.image.c_str(), own);
    }

    const LabEvaluateOptions& options_;
    std::optional<CascadeMeasurement> cascade_;
    std::optional<ClassicalMeasurement> classical_;
    std::vector<std::string> failures_;
};

void write_json(const EvaluationReport& report, const fs::path& folder) {
    std::error_code problem;
    fs::create_directories(folder, problem);
    std::ofstream stream(folder / "evaluation.json", std::ios::trunc);
    stream << report_json(report);
    stream.close();
    if (!stream) {
        throw pipeline::Error(pipeline::ErrorCode::write_failed,
                              (folder / "evaluation.json").string() + ": cannot be written");
    }
}

}  // namespace

int run_lab_evaluate(const LabEvaluateOptions& options) {
    if (options.model.empty() && !options.classical) {
        throw pipeline::Error(pipeline::ErrorCode::bad_argument,
                              "--no-model and --no-classical leave nothing to measure");
    }
    const std::vector<CaseRow> rows = read_cases(options.cases);
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    pipeline::set_threads(options.threads > 0 ? options.threads : cores);
    Evaluation evaluation(options);
    {
        ProgressBar bar("evaluate", static_cast<std::int64_t>(rows.size()), options.progress);
        std::int64_t done = 0;
        for (const CaseRow& row : rows) {
            evaluation.measure(row);
            bar.update(++done, row.image.string());
        }
    }
    const EvaluationReport report = evaluation.report();
    std::fputs(report_text(report).c_str(), stdout);
    if (!options.out.empty()) write_json(report, options.out);
    return report.failures.empty() ? 0 : 1;
}

}  // namespace calcnode::service

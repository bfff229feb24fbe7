#include "service/lab_meter.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "dicom/error.h"
#include "dicom/mammogram_reader.h"
#include "pipeline/error.h"
#include "pipeline/evaluation_counter.h"
#include "pipeline/evaluation_picture.h"
#include "pipeline/hdog.h"

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

using pipeline::ImageCounts;
using pipeline::ImageFindings;
using pipeline::Mammogram;

constexpr int kFive = 5;
constexpr int kThree = 3;

/// Adds the time that passes to a number of seconds.
class Stopwatch {
  public:
    explicit Stopwatch(double& seconds) : seconds_(seconds), start_(std::chrono::steady_clock::now()) {}
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;
    ~Stopwatch() {
        seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

  private:
    double& seconds_;
    std::chrono::steady_clock::time_point start_;
};

Mammogram read_image(const fs::path& file, const CaseRow& row, bool whole_image) {
    if (file.extension() == ".dcm") return dicom::read_mammogram(file);
    pipeline::GreyPicture picture = pipeline::read_grey_png(file);
    Mammogram mammogram;
    mammogram.pixels = std::move(picture.pixels);
    mammogram.bits_stored = picture.bits;
    mammogram.row_spacing_mm = mammogram.column_spacing_mm = row.spacing_mm;
    mammogram.whole_image = whole_image;
    return mammogram;
}

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

/// Beside what the row says stands what the image says; that is used.
void describe(const CaseRow& row, const Mammogram& mammogram, ImageResult& result) {
    result.spacing_mm = mammogram.column_spacing_mm;
    const bool is_dicom = row.image.extension() == ".dcm";
    if (is_dicom) {
        result.device = mammogram.device.manufacturer + " " + mammogram.device.model;
        result.intent = mammogram.intent == pipeline::Intent::processing ? "processing" : "presentation";
    }
    if (std::abs(result.spacing_mm - row.spacing_mm) <= 0.02 * result.spacing_mm) return;
    char text[96];
    std::snprintf(text, sizeof text, "spacing_mm is %g but the image itself says %g, which is used",
                  row.spacing_mm, result.spacing_mm);
    result.warnings.push_back(std::to_string(row.line) + ": " + row.image.string() + ": " + text);
}

}  // namespace

struct Meter::Subject {
    const CaseRow& row;
    Mammogram mammogram;
    pipeline::Truth truth;
    bool read = false;
    std::optional<pipeline::TruthCounter> counter;

    ImageCounts count(const ImageFindings& findings, const pipeline::RegionTable& table, int members) const {
        ImageCounts counts = counter->count(findings, table, members);
        counts.patient = row.patient;
        return counts;
    }
    Counts count(const ImageFindings& findings, const pipeline::RegionTable& table) const {
        return {.five = count(findings, table, kFive), .three = count(findings, table, kThree)};
    }
};

std::vector<double> classical_thresholds() {
    constexpr int kSteps = 24;
    std::vector<double> thresholds;
    for (int i = 0; i < kSteps; ++i)
        thresholds.push_back(pipeline::kHdogThreshold *
                             std::pow(50.0, static_cast<double>(i) / (kSteps - 1)));
    return thresholds;
}

Meter::Meter(const MeterOptions& options) : options_(options) {
    if (options.model.empty()) return;
    point_ = pipeline::operating_point_of(options.model);
    if (options.threshold >= 0) point_.cluster_threshold = options.threshold;
    analyser_ =
        pipeline::Analyser::open(options.model, {.cluster_threshold = 0, .lone_calcification_threshold = 0});
}

ImageResult Meter::measure(const CaseRow& row) const {
    const fs::path folder = options_.cases.parent_path();
    ImageResult result;
    Subject subject{.row = row, .mammogram = {}, .truth = read_truth(row, folder), .counter = {}};
    {
        const Stopwatch watch(result.seconds.read);
        subject.read = attempt(row, result.failures, [&] {
            subject.mammogram = read_image(folder / row.image, row, options_.whole_image);
        });
    }
    if (subject.read) {
        describe(row, subject.mammogram, result);
    } else {  // nothing was found in it, whatever it shows
        subject.mammogram.pixels = {subject.truth.mask.rows, subject.truth.mask.columns};
        subject.mammogram.row_spacing_mm = subject.mammogram.column_spacing_mm = row.spacing_mm;
        result.spacing_mm = row.spacing_mm;
    }
    subject.counter.emplace(subject.mammogram, subject.truth);
    if (analyser_) run_model(subject, result);
    if (options_.classical) run_classical(subject, result);
    return result;
}

void Meter::run_model(const Subject& subject, ImageResult& result) const {
    ImageFindings all;
    if (subject.read) {
        const Stopwatch watch(result.seconds.model);
        attempt(subject.row, result.failures, [&] { all = analyser_->analyse(subject.mammogram); });
    }
    const Stopwatch watch(result.seconds.count);
    const ImageFindings reported =
        pipeline::at_operating_point(all, point_.cluster_threshold, point_.lone_calcification_threshold);
    const auto table_of = [&](const ImageFindings& findings) {
        return subject.counter->table(findings.labels, findings.calcifications.size());
    };
    const pipeline::RegionTable every = table_of(all);
    Counts with_all = subject.count(all, every);
    result.model = subject.count(reported, table_of(reported));
    for (const auto& [counts, more] :
         {std::pair{&result.model.five, &with_all.five}, std::pair{&result.model.three, &with_all.three}}) {
        counts->marks = std::move(more->marks);
        counts->score = more->score;
    }
    result.model.five.grain_marks = subject.counter->grain_marks(all, every);
}

void Meter::run_classical(const Subject& subject, ImageResult& result) const {
    pipeline::HdogBlobs blobs;
    if (subject.read) {
        const Stopwatch watch(result.seconds.classical);
        attempt(subject.row, result.failures, [&] { blobs = pipeline::find_hdog_blobs(subject.mammogram); });
    }
    const Stopwatch watch(result.seconds.count);
    const pipeline::RegionTable table = subject.counter->table(blobs.labels, blobs.blobs.size());
    for (const double threshold : classical_thresholds()) {
        const auto marks = [&](int members) {
            return pipeline::hdog_marks(blobs, subject.mammogram, threshold, members);
        };
        result.classical.push_back({.five = subject.count(marks(kFive), table, kFive),
                                    .three = subject.count(marks(kThree), table, kThree)});
    }
    Counts& first = result.classical.front();
    first.five.score = pipeline::hdog_image_score(blobs, subject.mammogram, kFive);
    first.three.score = pipeline::hdog_image_score(blobs, subject.mammogram, kThree);
    ImageFindings every;
    every.calcifications = std::move(blobs.blobs);
    first.five.grain_marks = subject.counter->grain_marks(every, table);
}

}  // namespace calcnode::service

#include "service/lab_meter.h"

#include <algorithm>
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
#include "pipeline/phantom.h"
#include "service/lab_truth_details.h"

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

/// What is most worth a look comes first.
Outlines outlines_of(const ImageFindings& findings, const std::vector<pipeline::Mark>& marks,
                     const std::vector<pipeline::TrueGroup>& groups) {
    using pipeline::OutlineKind;
    Outlines outlines;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        if (!groups[g].counts) continue;
        const bool hit = std::any_of(marks.begin(), marks.end(), [&](const pipeline::Mark& mark) {
            return mark.group == static_cast<int>(g);
        });
        outlines.push_back(
            {.kind = hit ? OutlineKind::true_found : OutlineKind::true_missed, .outline = groups[g].outline});
    }
    for (const pipeline::Mark& mark : marks) {
        const bool wrong = !mark.hit && !mark.ignored;
        outlines.push_back({.kind = wrong ? OutlineKind::mark_false : OutlineKind::mark_right,
                            .outline = findings.clusters[static_cast<std::size_t>(mark.cluster)].outline,
                            .score = mark.score});
    }
    constexpr int kOrder[] = {2, 0, 3, 1};  // by OutlineKind
    std::stable_sort(outlines.begin(), outlines.end(), [&](const auto& a, const auto& b) {
        return kOrder[static_cast<int>(a.kind)] < kOrder[static_cast<int>(b.kind)];
    });
    return outlines;
}

/// A piece of the inner breast without anything that is known to lie there.
std::vector<pipeline::TexturePiece> piece_of(const Mammogram& mammogram, const TruthDetails& details) {
    pipeline::Phantom scene;
    scene.mammogram = mammogram;
    const auto& pixels = mammogram.pixels;
    scene.truth = {pixels.rows, pixels.columns};
    scene.distractors = {pixels.rows, pixels.columns};
    for (std::size_t i = 0; i < details.kinds.pixels.size() && i < pixels.pixels.size(); ++i)
        scene.distractors.pixels[i] = details.kinds.pixels[i] != 0;
    return pipeline::cut_pieces(scene, {.count = 1});
}

}  // namespace

struct Meter::Subject {
    const CaseRow& row;
    Mammogram mammogram;
    pipeline::Truth truth;
    TruthDetails details;
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

Mammogram read_case_image(const CaseRow& row, const MeterOptions& options) {
    const fs::path file = options.cases.parent_path() / row.image;
    if (file.extension() == ".dcm") return dicom::read_mammogram(file);
    pipeline::GreyPicture picture = pipeline::read_grey_png(file);
    Mammogram mammogram;
    mammogram.pixels = std::move(picture.pixels);
    mammogram.bits_stored = picture.bits;
    mammogram.row_spacing_mm = mammogram.column_spacing_mm = row.spacing_mm;
    mammogram.whole_image = options.whole_image;
    return mammogram;
}

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
    Subject subject{.row = row,
                    .mammogram = {},
                    .truth = read_truth(row, folder),
                    .details = read_truth_details(row, folder),
                    .counter = {}};
    {
        const Stopwatch watch(result.seconds.read);
        subject.read =
            attempt(row, result.failures, [&] { subject.mammogram = read_case_image(row, options_); });
    }
    if (subject.read) {
        describe(row, subject.mammogram, result);
    } else {  // nothing was found in it, whatever it shows
        subject.mammogram.pixels = {subject.truth.mask.rows, subject.truth.mask.columns};
        subject.mammogram.row_spacing_mm = subject.mammogram.column_spacing_mm = row.spacing_mm;
        result.spacing_mm = row.spacing_mm;
    }
    subject.counter.emplace(subject.mammogram, subject.truth);
    if (options_.pieces && subject.read && subject.truth.is_normal())
        result.pieces = piece_of(subject.mammogram, subject.details);
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
    describe_model(subject, reported, result);
    for (const auto& [counts, more] :
         {std::pair{&result.model.five, &with_all.five}, std::pair{&result.model.three, &with_all.three}}) {
        counts->marks = std::move(more->marks);
        counts->score = more->score;
    }
    result.model.five.grain_marks = subject.counter->grain_marks(all, every);
}

/// Before the marks of weaker candidates join those that are reported.
void Meter::describe_model(const Subject& subject, const ImageFindings& reported, ImageResult& result) const {
    const std::vector<pipeline::Mark>& marks = result.model.three.marks;
    const std::vector<pipeline::TrueGroup> groups = subject.counter->groups(kThree);
    result.outlines = outlines_of(reported, marks, groups);
    const TruthDetails& truth = subject.details;
    if (!truth.known) return;
    result.details.known = true;
    result.details.clusters = pipeline::cluster_details(reported, marks, groups, truth.clusters);
    if (truth.kinds.pixels.size() == reported.labels.pixels.size() && !truth.kinds.empty()) {
        result.details.false_marks =
            pipeline::kinds_of_false_marks(subject.mammogram, reported, marks, truth.kinds);
    }
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

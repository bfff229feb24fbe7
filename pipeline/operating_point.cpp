#include "pipeline/operating_point.h"

#include <algorithm>
#include <array>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "pipeline/analyser.h"
#include "pipeline/cascade.h"
#include "pipeline/dense.h"
#include "pipeline/evaluation.h"
#include "pipeline/network_fields.h"
#include "pipeline/phantom.h"
#include "pipeline/threads.h"
#include "pipeline/training_patches.h"
#include "pipeline/training_stage.h"

namespace calcnode::pipeline {
namespace {

constexpr int kMostValidationUnits = 16;
constexpr int kCentresPerClass = 12;  // in each picture
constexpr double kLowestDetectorThreshold = 0.02;
constexpr double kHighestDetectorThreshold = 0.3;

int validation_units(const Manifest& manifest) {
    return std::clamp(manifest.exams / 12, 2, kMostValidationUnits);
}

std::vector<TrainingView> held_out_unit(int number, const BackgroundLibrary& backgrounds,
                                        const Manifest& manifest) {
    return draw_unit(manifest.seed * 7919 + static_cast<std::uint64_t>(number), backgrounds,
                     manifest.spacing_mm, true);
}

cv::Mat detector_map(const Network& detector, const TrainingView& view, const NetworkEntry& entry) {
    return run_dense(detector, view.normalised, view.mask, {256, kDetectorHalo, entry.stride, analysis_threads()});
}

/// The Detector's best answer in the cells under each grain.
void collect_grain_answers(const cv::Mat& cells, const TrainingView& view, int stride,
                           std::vector<double>& answers) {
    cv::Mat labels, stats, centroids;
    const int count =
        cv::connectedComponentsWithStats(view.labels == kGrain, labels, stats, centroids, 8, CV_32S);
    for (int k = 1; k < count; ++k) {
        const cv::Rect box(stats.at<int>(k, 0), stats.at<int>(k, 1), stats.at<int>(k, 2),
                           stats.at<int>(k, 3));
        const cv::Rect under(box.x / stride, box.y / stride, (box.br().x - 1) / stride - box.x / stride + 1,
                             (box.br().y - 1) / stride - box.y / stride + 1);
        double best = 0;
        cv::minMaxLoc(cells(under), nullptr, &best);
        answers.push_back(best);
    }
}

struct Tally {
    int right = 0;
    int all = 0;
    void add(bool is_right) {
        right += is_right ? 1 : 0;
        ++all;
    }
    double part() const { return all == 0 ? 0 : static_cast<double>(right) / all; }
};

/// Random centres of each class, at most kCentresPerClass of a class.
std::array<std::vector<cv::Point>, 4> centres_by_class(const TrainingView& view, Random& random) {
    std::array<std::vector<cv::Point>, 4> centres;
    std::vector<cv::Point> grains;
    if (cv::countNonZero(view.labels == kGrain) > 0) cv::findNonZero(view.labels == kGrain, grains);
    const auto any = [&](int below) { return random.integer(0, below - 1); };
    for (int attempt = 0; attempt < 40 * kCentresPerClass; ++attempt) {
        cv::Point at(any(view.labels.cols), any(view.labels.rows));
        if (attempt % 2 == 0 && !grains.empty()) {
            const int reach = attempt % 8 == 0 ? 0 : 24;
            at = grains[static_cast<std::size_t>(any(static_cast<int>(grains.size())))];
            at += cv::Point(random.integer(-reach, reach), random.integer(-reach, reach));
        }
        if (!cv::Rect({0, 0}, view.labels.size()).contains(at)) continue;
        if (view.labels.at<unsigned char>(at) == kIgnore) continue;
        std::vector<cv::Point>& of_class = centres[static_cast<std::size_t>(patch_class(view.labels, at))];
        if (static_cast<int>(of_class.size()) < kCentresPerClass) of_class.push_back(at);
    }
    return centres;
}

PhantomOptions validation_phantom(std::uint64_t seed, int number) {
    PhantomOptions options;
    options.rows = 2304;
    options.columns = 1792;
    options.seed = seed * 15485863 + static_cast<std::uint64_t>(number);
    options.clusters = number % 2 == 0 ? 1 + number / 2 % 2 : 0;
    options.laterality = number % 4 < 2 ? Laterality::left : Laterality::right;
    options.view = number % 3 == 0 ? View::mlo : View::cc;
    return options;
}

}  // namespace

double choose_detector_threshold(const Network& detector, const BackgroundLibrary& backgrounds,
                                 const Manifest& manifest) {
    std::vector<double> answers;
    for (int unit = 0; unit < validation_units(manifest); ++unit) {
        for (const TrainingView& view : held_out_unit(unit, backgrounds, manifest)) {
            const cv::Mat cells = detector_map(detector, view, manifest.detector);
            collect_grain_answers(cells, view, manifest.detector.stride, answers);
        }
    }
    if (answers.empty()) return kLowestDetectorThreshold;
    const auto place = answers.begin() + static_cast<std::ptrdiff_t>((1 - kDetectorSensitivity) *
                                                                     static_cast<double>(answers.size()));
    std::nth_element(answers.begin(), place, answers.end());
    return std::clamp(*place, kLowestDetectorThreshold, kHighestDetectorThreshold);
}

PatchAccuracy measure_patches(const std::filesystem::path& folder, const BackgroundLibrary& backgrounds,
                              const Manifest& manifest) {
    const Network detector = Network::load(folder / manifest.detector.file);
    const Network segmentator = Network::load(folder / manifest.segmentator.file);
    Tally detected, segmented;
    Random random(manifest.seed, 21);
    for (int unit = 0; unit < validation_units(manifest); ++unit) {
        for (const TrainingView& view : held_out_unit(unit, backgrounds, manifest)) {
            const cv::Mat cells = detector_map(detector, view, manifest.detector);
            const cv::Mat pixels =
                run_dense(segmentator, view.normalised, view.mask, {256, kSegmentatorHalo, 1, analysis_threads()});
            const auto centres = centres_by_class(view, random);
            for (std::size_t k = 0; k < centres.size(); ++k) {
                const bool is_grain = static_cast<PatchClass>(k) == PatchClass::centre;
                for (const cv::Point& at : centres[k]) {
                    // A cell beside a grain (C2) is neither right nor wrong for the Detector.
                    if (static_cast<PatchClass>(k) != PatchClass::close) {
                        detected.add((cells.at<float>(at / manifest.detector.stride) >= 0.5F) == is_grain);
                    }
                    segmented.add((pixels.at<float>(at) >= manifest.segmentator.threshold) == is_grain);
                }
            }
        }
    }
    return {detected.part(), segmented.part()};
}

OperatingPoint choose_operating_point(const std::filesystem::path& folder, std::uint64_t seed, int images) {
    const Analyser analyser = Analyser::open(folder, {.cluster_threshold = 0.0});
    std::vector<ImageCounts> counts;
    for (int number = 0; number < images; ++number) {
        const Phantom phantom = make_phantom(validation_phantom(seed, number));
        Truth truth;
        truth.mask = phantom.truth;
        counts.push_back(count_image(phantom.mammogram, analyser.analyse(phantom.mammogram), truth, 3));
        counts.back().patient = std::to_string(number);
    }
    const Summary all = summarise(counts, {.threshold = 0, .resamples = 2, .seed = seed});
    OperatingPoint point;
    for (const FrocPoint& froc : all.froc) {
        if (froc.allowed == kAllowedFalsePositives) point.cluster_threshold = froc.threshold;
    }
    const Summary there =
        summarise(counts, {.threshold = point.cluster_threshold, .resamples = 2, .seed = seed});
    point.sensitivity = there.sensitivity.value;
    point.false_positives_per_image = there.false_per_normal.value;
    return point;
}

}  // namespace calcnode::pipeline

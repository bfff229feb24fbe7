#include "pipeline/operating_point.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
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
constexpr int kCentresPerClass = 24;  // in each picture
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

/// Answers at the centres of patches, by class. Half the weight is the positive class C1's, the negative ones share
/// the other half: C3 and C4 for the Detector (a cell beside a grain, C2, is neither right nor wrong), C2 to C4 for the
/// Segmentator.
struct PatchTally {
    std::array<Tally, 4> detected, segmented;

    void add(const std::array<std::vector<cv::Point>, 4>& centres, const cv::Mat& cells, const cv::Mat& pixels,
             const Manifest& manifest) {
        for (std::size_t k = 0; k < centres.size(); ++k) {
            const bool is_grain = static_cast<PatchClass>(k) == PatchClass::centre;
            for (const cv::Point& at : centres[k]) {
                detected[k].add((cells.at<float>(at / manifest.detector.stride) >= 0.5F) == is_grain);
                segmented[k].add((pixels.at<float>(at) >= 0.5F) == is_grain);
            }
        }
    }
    double detector() const {
        return 0.5 * detected[0].part() + 0.25 * (detected[2].part() + detected[3].part());
    }
    double segmentator() const {
        return 0.5 * segmented[0].part() +
               (segmented[1].part() + segmented[2].part() + segmented[3].part()) / 6;
    }
};

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

/// The lowest threshold at which normal images have at most `allowed` marks each, on the average.
double threshold_for(const std::vector<ImageCounts>& counts, double allowed) {
    std::vector<double> marks;
    int normal = 0;
    for (const ImageCounts& image : counts) {
        if (!image.normal) continue;
        ++normal;
        for (const Mark& mark : image.marks)
            marks.push_back(mark.score);
    }
    std::sort(marks.begin(), marks.end(), std::greater<>());
    const auto may_stay = static_cast<std::size_t>(allowed * normal);
    return marks.size() <= may_stay ? 0 : std::nextafter(marks[may_stay], 1.0);
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
    PatchTally plain, degraded;
    Random random(manifest.seed, 21);
    const auto measure = [&](const TrainingView& view, PatchTally& tally) {
        const cv::Mat cells = detector_map(detector, view, manifest.detector);
        const cv::Mat pixels =
            run_dense(segmentator, view.normalised, view.mask, {256, kSegmentatorHalo, 1, analysis_threads()});
        tally.add(centres_by_class(view, kCentresPerClass, random), cells, pixels, manifest);
    };
    for (int unit = 0; unit < validation_units(manifest); ++unit) {
        Random drawing(manifest.seed * 32452843 + static_cast<std::uint64_t>(unit), 22);
        measure(prepared(draw_phantom(drawing), manifest.spacing_mm), plain);
        for (const TrainingView& view : held_out_unit(unit, backgrounds, manifest))
            measure(view, degraded);
    }
    return {plain.detector(), plain.segmentator(), degraded.detector(), degraded.segmentator()};
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
    OperatingPoint point;
    point.cluster_threshold = threshold_for(counts, kAllowedFalsePositives);
    const Summary there =
        summarise(counts, {.threshold = point.cluster_threshold, .resamples = 2, .seed = seed});
    point.sensitivity = there.sensitivity.value;
    point.false_positives_per_image = there.false_per_normal.value;
    return point;
}

}  // namespace calcnode::pipeline

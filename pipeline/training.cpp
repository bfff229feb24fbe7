#include "pipeline/training.h"

#include <algorithm>
#include <system_error>

#include "pipeline/analyser.h"
#include "pipeline/error.h"
#include "pipeline/network_fields.h"
#include "pipeline/operating_point.h"
#include "pipeline/training_curve.h"
#include "pipeline/training_stage.h"

namespace calcnode::pipeline {
namespace {

constexpr int kMostValidationPhantoms = 60;

void check(const TrainingOptions& options) {
    if (options.steps < 1 || options.exams < 2 || options.threads < 1) {
        throw Error(ErrorCode::bad_argument, "training needs at least 1 step, 2 exams and 1 thread");
    }
    if (!(options.spacing_mm >= 0.04 && options.spacing_mm <= 0.2)) {
        throw Error(ErrorCode::bad_argument, "working spacing is not 0.04 to 0.2 mm");
    }
    if (options.output.empty()) throw Error(ErrorCode::bad_argument, "no output folder");
}

Manifest manifest_for(const TrainingOptions& options) {
    Manifest manifest;
    manifest.name = options.name;
    manifest.version = options.version;
    manifest.spacing_mm = options.spacing_mm;
    manifest.detector = {"detector.pt", "", kDetectorField, kDetectorStride, 0.1, kNetworkAlignment};
    manifest.segmentator = {"segmentator.pt", "", kSegmentatorField, 1, 0.5, kNetworkAlignment};
    manifest.seed = options.seed;
    manifest.exams = options.exams;
    manifest.steps = options.steps;
    manifest.training_data = {"phantoms made by calcnode-lab (no patient data)"};
    for (const TrainingBackground& background : options.backgrounds) {
        manifest.training_data.push_back("background for synthetic grains: " + background.attribution);
    }
    return manifest;
}

/// A short trial run is not to spend most of its time on being measured.
int validation_phantoms(const TrainingOptions& options) {
    return std::clamp(options.exams / 4, 4, kMostValidationPhantoms);
}

/// One training run: holds what its steps share.
struct Run {
    const TrainingOptions& options;
    const TrainingCallback& progress;
    BackgroundLibrary backgrounds;
    std::filesystem::path checkpoint;

    StageOptions stage_options(Stage stage, double detector_threshold) const {
        StageOptions stage_options;
        stage_options.stage = stage;
        stage_options.seed = options.seed;
        stage_options.exams = options.exams / 2;
        stage_options.steps = options.steps;
        stage_options.threads = options.threads;
        stage_options.spacing_mm = options.spacing_mm;
        stage_options.detector_threshold = detector_threshold;
        stage_options.checkpoint = checkpoint;
        stage_options.curve = options.output / "training.csv";
        return stage_options;
    }

    /// False when the callback stopped it. A stage that a checkpoint says is done takes no step.
    bool train(Stage stage, double detector_threshold, const Network* detector) const {
        const bool first = stage == Stage::detector;
        NetworkTrainer trainer(stage, options.seed, options.steps);
        if (options.resume) trainer.resume(checkpoint / (first ? "detector" : "segmentator"));
        const std::int64_t before = first ? 0 : options.steps;
        const std::string name = first ? "detector" : "segmentator";
        const auto report = [&](int done, double loss) {
            return !progress || progress({before + done, 2LL * options.steps, loss, name});
        };
        if (!run_stage(trainer, stage_options(stage, detector_threshold), backgrounds, detector, report))
            return false;
        trainer.save(options.output / (name + ".pt"));
        return true;
    }

    /// The Detector of an earlier run instead of the first stage.
    void take_detector(const Manifest& manifest) const {
        std::error_code failed;
        std::filesystem::copy_file(options.detector, options.output / manifest.detector.file,
                                   std::filesystem::copy_options::overwrite_existing, failed);
        if (failed)
            throw Error(ErrorCode::bad_argument, "cannot take the Detector " + options.detector.string() + ": " +
                                                     failed.message());
    }

    void say(const std::string& message) const {
        if (progress) progress({2LL * options.steps, 2LL * options.steps, 0, message});
    }
};

}  // namespace

TrainingReport train(const TrainingOptions& options, const TrainingCallback& progress) {
    check(options);
    set_threads(options.threads);
    const Run run{options, progress, BackgroundLibrary(options.backgrounds), options.output / "checkpoint"};
    std::error_code failed;
    std::filesystem::create_directories(run.checkpoint, failed);
    if (failed) throw Error(ErrorCode::write_failed, "cannot make " + run.checkpoint.string());

    if (!options.resume) std::filesystem::remove(options.output / "training.csv", failed);
    Manifest manifest = manifest_for(options);
    TrainingReport report;
    if (!options.detector.empty()) {
        run.take_detector(manifest);
    } else if (!run.train(Stage::detector, 0, nullptr)) {
        return report;
    }
    {
        const Network detector = Network::load(options.output / manifest.detector.file);
        manifest.detector.threshold = choose_detector_threshold(detector, run.backgrounds, manifest);
        if (!run.train(Stage::segmentator, manifest.detector.threshold, &detector)) return report;
    }
    draw_curve(read_curve(options.output / "training.csv"), options.output / "training.png");
    run.say("operating point");
    write_manifest(options.output, manifest);
    const PatchAccuracy patches = measure_patches(options.output, run.backgrounds, manifest);
    const OperatingPoint point =
        choose_operating_point(options.output, options.seed, validation_phantoms(options));
    manifest.cluster_threshold = point.cluster_threshold;
    write_manifest(options.output, manifest);
    std::filesystem::remove_all(run.checkpoint, failed);

    report.finished = true;
    report.detector_accuracy = patches.detector;
    report.segmentator_accuracy = patches.segmentator;
    report.detector_accuracy_degraded = patches.detector_degraded;
    report.segmentator_accuracy_degraded = patches.segmentator_degraded;
    report.cluster_sensitivity = point.sensitivity;
    report.false_positives_per_image = point.false_positives_per_image;
    report.cluster_threshold = point.cluster_threshold;
    return report;
}

}  // namespace calcnode::pipeline

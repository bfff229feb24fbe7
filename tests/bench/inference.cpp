// How fast is the analysis, next to what oneDNN alone does in the same run, and next to the same networks run
// patch by patch. One phantom, processor time on one core (a busy machine moves wall-clock time, not this),
// and wall-clock time with all cores. Exit status 1 when a promised ratio is missed. See README.md.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <opencv2/core.hpp>

#include "pipeline/analyser.h"
#include "pipeline/cascade.h"
#include "pipeline/phantom.h"
#include "tests/bench/onednn_alone.h"
#include "tests/bench/script_networks.h"

namespace {

using namespace calcnode;
namespace fs = std::filesystem;

constexpr double kLeastPatchRatio = 1000;
constexpr double kLeastConvolutionRate = 0.6;
constexpr double kMostEndToEnd = 2;

struct Options {
    fs::path model;
    pipeline::Compute compute;
    int runs = 5;
    pipeline::PhantomOptions phantom{.seed = 7, .view = pipeline::View::mlo};
};

/// The least of several tries, in seconds.
struct Best {
    double seconds = std::numeric_limits<double>::infinity();

    template <class Clock, class Work>
    void run(const Clock& clock, const Work& work) {
        const double start = clock();
        work();
        seconds = std::min(seconds, clock() - start);
    }
};

double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Measured {
    Best working_image, cascade, image, image_wall;
    std::map<bench::Layer, double> rates;
    int cores = 1;
};

/// Everything in turn, several times, so that all of it meets the same weather.
Measured measure(const Options& options, const pipeline::Mammogram& mammogram,
                 const bench::LayerCounts& counts) {
    Measured measured;
    measured.cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const pipeline::Analyser analyser = pipeline::Analyser::open(options.model, {.compute = options.compute});
    const pipeline::Manifest manifest = pipeline::read_model_folder(options.model).manifest;
    const pipeline::Cascade cascade(options.model, manifest, options.compute);
    const bench::Precision precision = options.compute.precision == pipeline::Precision::bfloat16
                                           ? bench::Precision::bfloat16
                                           : bench::Precision::float32;
    for (int run = 0; run < options.runs; ++run) {
        pipeline::set_threads(1);
        for (const auto& [layer, pixels] : counts)
            measured.rates[layer] = std::max(measured.rates[layer], bench::rate_alone(layer, precision));
        pipeline::set_threads(1);
        pipeline::WorkingImage work;
        measured.working_image.run(bench::process_seconds, [&] {
            work = pipeline::make_working_image(mammogram, manifest.spacing_mm);
        });
        measured.cascade.run(bench::process_seconds, [&] { cascade.run(work, 1); });
        measured.image.run(bench::process_seconds, [&] { analyser.analyse(mammogram); });
        pipeline::set_threads(measured.cores);
        measured.image_wall.run(wall_seconds, [&] { analyser.analyse(mammogram); });
    }
    return measured;
}

struct Stages {
    bench::LayerCounts detector, segmentator;
    double breast_pixels = 0, suspect_pixels = 0;
};

Stages count_stages(const Options& options, const pipeline::Mammogram& mammogram) {
    pipeline::set_threads(1);
    const pipeline::Manifest manifest = pipeline::read_model_folder(options.model).manifest;
    const pipeline::Cascade cascade(options.model, manifest, options.compute);
    const pipeline::WorkingImage work = pipeline::make_working_image(mammogram, manifest.spacing_mm);
    Stages stages;
    cv::Mat suspects;
    stages.detector = bench::count_convolutions([&] { suspects = cascade.suspects(work, 1); });
    stages.segmentator = bench::count_convolutions([&] { cascade.run(work, 1); });
    for (const auto& [layer, pixels] : stages.detector) {
        if ((stages.segmentator[layer] -= pixels) == 0) stages.segmentator.erase(layer);
    }
    stages.breast_pixels = cv::countNonZero(work.mask);
    stages.suspect_pixels = cv::countNonZero(suspects);
    return stages;
}

/// Seconds that the counted convolutions take at the rates that oneDNN alone reaches.
double seconds_alone(const bench::LayerCounts& counts, const Measured& measured) {
    double seconds = 0;
    for (const auto& [layer, pixels] : counts)
        seconds += bench::operations(layer, pixels, 1) / measured.rates.at(layer);
    return seconds;
}

/// Seconds that the breast takes when each pixel's own patch goes through the networks: the Detector
/// everywhere, the Segmentator where the Detector suspects something.
double seconds_by_patches(const Options& options, const Stages& stages) {
    const pipeline::Manifest manifest = pipeline::read_model_folder(options.model).manifest;
    const auto patch = [&](const pipeline::NetworkEntry& entry) {
        const bench::ScriptNetwork network(options.model / entry.file);
        double best = std::numeric_limits<double>::infinity();
        for (const int batch : {1, 8, 32, 128})
            best = std::min(best, network.seconds_a_patch(entry.receptive_field_px, batch));
        return best;
    };
    return patch(manifest.detector) * stages.breast_pixels +
           patch(manifest.segmentator) * stages.suspect_pixels;
}

bool report(const char* what, double value, bool good) {
    std::printf("%-64s %9.2f  %s\n", what, value, good ? "kept" : "MISSED");
    return good;
}

int run(const Options& options) {
    const pipeline::Mammogram mammogram = pipeline::make_phantom(options.phantom).mammogram;
    const Stages stages = count_stages(options, mammogram);
    bench::LayerCounts all = stages.detector;
    for (const auto& [layer, pixels] : stages.segmentator)
        all[layer] += pixels;
    const Measured measured = measure(options, mammogram, all);
    const double alone = seconds_alone(all, measured), patches = seconds_by_patches(options, stages);

    std::printf("phantom %d x %d at %.3f mm, model %s, %s, %d cores, best of %d\n", options.phantom.rows,
                options.phantom.columns, options.phantom.spacing_mm, options.model.filename().c_str(),
                pipeline::to_string(options.compute).c_str(), measured.cores, options.runs);
    std::printf("breast %.2f million working pixels, suspect %.3f million\n", stages.breast_pixels / 1e6,
                stages.suspect_pixels / 1e6);
    std::printf("convolutions: Detector %.1f, Segmentator %.1f GFLOP\n",
                bench::operations(stages.detector) / 1e9, bench::operations(stages.segmentator) / 1e9);
    for (const auto& [layer, rate] : measured.rates)
        std::printf("  oneDNN alone, %2d -> %2d channels, %d x %d, stride %d: %6.1f GFLOP/s on one core\n",
                    static_cast<int>(layer.inputs), static_cast<int>(layer.outputs),
                    static_cast<int>(layer.side), static_cast<int>(layer.side),
                    static_cast<int>(layer.stride), rate / 1e9);
    std::printf(
        "processor seconds, one thread: convolutions at oneDNN's rate %.3f; cascade %.3f; working image "
        "%.3f; "
        "pixels to findings %.3f\nwall seconds, %d threads: pixels to findings %.3f\n",
        alone, measured.cascade.seconds, measured.working_image.seconds, measured.image.seconds,
        measured.cores, measured.image_wall.seconds);
    bool good = true;
    const double by_patch = patches / measured.cascade.seconds;
    const double rate = alone / measured.cascade.seconds, whole = measured.image.seconds / alone;
    good = report("patch by patch / cascade (at least 1000)", by_patch, by_patch >= kLeastPatchRatio) && good;
    good =
        report("rate of the cascade / oneDNN alone (at least 0.60)", rate, rate >= kLeastConvolutionRate) &&
        good;
    good = report("pixels to findings / its convolutions at that rate (at most 2)", whole,
                  whole <= kMostEndToEnd) &&
           good;
    const double wall = measured.image_wall.seconds * measured.cores / alone;
    std::printf("%-64s %9.2f  (wall clock: idle machine only)\n", "the same with all cores", wall);
    return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"The speed of the analysis as ratios within one run"};
    Options options;
    options.model = fs::read_symlink("/proc/self/exe").parent_path().parent_path() /
                    "share/calcnode/models/valvano-cascade";
    app.add_option("--model", options.model, "Model folder");
    app.add_option("--runs", options.runs, "The best of so many")->check(CLI::Range(1, 100));
    app.add_option("--seed", options.phantom.seed, "The phantom's");
    app.add_option("--rows", options.phantom.rows, "The phantom's");
    app.add_option("--columns", options.phantom.columns, "The phantom's");
    app.add_option("--spacing", options.phantom.spacing_mm, "The phantom's, in mm");
    bool bfloat16 = false;
    app.add_flag("--bfloat16", bfloat16, "Our networks and oneDNN in bfloat16, the patches in float32");
    CLI11_PARSE(app, argc, argv);
    if (bfloat16) options.compute.precision = pipeline::Precision::bfloat16;
    return run(options);
}

// What the result objects of an exam cost, next to its analysis in the same run: processor time, and memory
// at the highest. Four views with twenty clusters and 500 grains between them. Exit status 1 when a promise
// is missed. See README.md.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "dicom/library.h"
#include "dicom/mammogram_reader.h"
#include "dicom/phantom_writer.h"
#include "dicom/result_writers.h"
#include "pipeline/analyser.h"
#include "pipeline/phantom.h"

namespace {

using namespace calcnode;
namespace fs = std::filesystem;

constexpr double kMostTimeRatio = 0.03;
constexpr double kMostMegabytes = 100;
constexpr int kClustersAnImage = 5;
constexpr int kGrainsACluster = 25;
constexpr int kViews = 4;

struct Options {
    fs::path model;
    int runs = 3;
};

struct Cost {
    double seconds = 0;    // of processor time, the best of the runs
    double megabytes = 0;  // resident at the highest, beyond what was resident before
    int objects = 0;
};

double processor_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// A line of /proc/self/status in MB.
double memory_megabytes(const std::string& field) {
    std::ifstream file("/proc/self/status");
    std::string line;
    while (std::getline(file, line)) {
        if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) / 1024;
    }
    throw std::runtime_error("/proc/self/status has no " + field);
}

std::vector<fs::path> write_exam(const fs::path& folder) {
    std::vector<fs::path> files;
    for (int view = 0; view < kViews; ++view) {
        const pipeline::PhantomOptions options{
            .seed = 7,
            .laterality = view < 2 ? pipeline::Laterality::right : pipeline::Laterality::left,
            .view = view % 2 == 0 ? pipeline::View::cc : pipeline::View::mlo};
        files.push_back(folder / (std::to_string(view) + ".dcm"));
        dicom::write_phantom(pipeline::make_phantom(options), {.seed = 7, .instance_number = view + 1},
                             files.back());
    }
    return files;
}

/// A grain of 3 x 3 pixels at this place.
void add_grain(pipeline::ImageFindings& findings, int row, int column, int cluster) {
    const double x = column;
    const double y = row;
    findings.calcifications.push_back({.centroid = {x + 1.5, y + 1.5},
                                       .outline = {{x, y}, {x + 3, y}, {x + 3, y + 3}, {x, y + 3}, {x, y}},
                                       .score = 0.9,
                                       .area_mm2 = 0.05,
                                       .perimeter_mm = 0.8,
                                       .circularity = 1,
                                       .major_axis_mm = 0.25,
                                       .minor_axis_mm = 0.25,
                                       .contrast = 0.2,
                                       .nearest_neighbour_mm = 1.4,
                                       .distance_to_cluster_centroid_mm = 2,
                                       .cluster = cluster});
    const auto number = static_cast<std::uint16_t>(findings.calcifications.size());
    for (int down = 0; down < 3; ++down) {
        for (int across = 0; across < 3; ++across)
            findings.labels.at(row + down, column + across) = number;
    }
}

/// A square of grains, 20 pixels apart.
void add_cluster(pipeline::ImageFindings& findings, int row, int column) {
    const int index = static_cast<int>(findings.clusters.size());
    pipeline::Cluster cluster{.score = 0.9 - 0.1 * index,
                              .distribution = pipeline::Distribution::grouped,
                              .hull_area_mm2 = 34,
                              .long_axis_mm = 8};
    for (int grain = 0; grain < kGrainsACluster; ++grain) {
        cluster.members.push_back(static_cast<int>(findings.calcifications.size()));
        add_grain(findings, row + 20 * (grain / 5), column + 20 * (grain % 5), index);
    }
    const double left = column;
    const double top = row;
    cluster.centroid = {left + 41.5, top + 41.5};
    cluster.outline = {{left, top}, {left + 83, top}, {left + 83, top + 83}, {left, top + 83}, {left, top}};
    findings.clusters.push_back(cluster);
}

dicom::ImageResult made_result(const fs::path& file) {
    const pipeline::Mammogram mammogram = dicom::read_mammogram(file);
    pipeline::ImageFindings findings{.sop_instance_uid = mammogram.sop_instance_uid,
                                     .status = pipeline::ImageStatus::analysed};
    findings.labels = pipeline::Image<std::uint16_t>(mammogram.pixels.rows, mammogram.pixels.columns);
    for (int cluster = 0; cluster < kClustersAnImage; ++cluster)
        add_cluster(findings, 600 + 300 * cluster, 800);
    return {.source = file,
            .findings = findings,
            .row_spacing_mm = mammogram.row_spacing_mm,
            .column_spacing_mm = mammogram.column_spacing_mm};
}

Cost cost_of_writing(const std::vector<fs::path>& files, const fs::path& folder, int runs) {
    std::vector<dicom::ImageResult> images;
    for (const fs::path& file : files)
        images.push_back(made_result(file));
    dicom::ResultOptions options;
    options.model = {.name = "bench", .version = "1", .digest = "00"};
    Cost cost{.seconds = 1e9};
    const double before = memory_megabytes("VmRSS");
    std::ofstream("/proc/self/clear_refs") << "5";  // VmHWM begins again
    for (int run = 0; run < runs; ++run) {
        const fs::path results = folder / std::to_string(run);
        fs::create_directory(results);
        const double start = processor_seconds();
        cost.objects = static_cast<int>(dicom::write_results(images, options, results).size());
        cost.seconds = std::min(cost.seconds, processor_seconds() - start);
    }
    cost.megabytes = memory_megabytes("VmHWM") - before;
    return cost;
}

Cost cost_of_analysis(const std::vector<fs::path>& files, const Options& options) {
    pipeline::set_threads(1);
    const pipeline::Analyser analyser = pipeline::Analyser::open(options.model);
    Cost cost{.seconds = 1e9};
    for (int run = 0; run < options.runs; ++run) {
        const double start = processor_seconds();
        for (const fs::path& file : files)
            analyser.analyse(dicom::read_mammogram(file));
        cost.seconds = std::min(cost.seconds, processor_seconds() - start);
    }
    return cost;
}

/// Does the work in a process of its own, so that what it leaves in memory is not counted elsewhere.
template <class Work>
Cost apart(const Work& work) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    const pid_t child = fork();
    if (child == 0) {
        try {
            const Cost cost = work();
            _exit(write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s\n", error.what());
            _exit(1);
        }
    }
    close(ends[1]);
    Cost cost;
    const bool whole = read(ends[0], &cost, sizeof cost) == sizeof cost;
    close(ends[0]);
    waitpid(child, nullptr, 0);
    if (!whole) throw std::runtime_error("a part of the bench failed");
    return cost;
}

int run(const Options& options) {
    std::string name = (fs::temp_directory_path() / "calcnode-bench.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder " + name);
    const fs::path folder = name;
    dicom::initialise_library();
    const std::vector<fs::path> files = write_exam(folder);
    const Cost writing = apart([&] { return cost_of_writing(files, folder, options.runs); });
    const Cost analysis = apart([&] { return cost_of_analysis(files, options); });
    fs::remove_all(folder);
    const double ratio = writing.seconds / analysis.seconds;
    std::printf("objects                        %d\n", writing.objects);
    std::printf("analysis, processor time       %.2f s\n", analysis.seconds);
    std::printf("writing, processor time        %.3f s = %.1f %% of it (at most %.0f %%)\n", writing.seconds,
                100 * ratio, 100 * kMostTimeRatio);
    std::printf("writing, memory at the highest %.0f MB (at most %.0f MB)\n", writing.megabytes,
                kMostMegabytes);
    return ratio <= kMostTimeRatio && writing.megabytes <= kMostMegabytes ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"What the result objects of an exam cost, next to its analysis"};
    options.model = fs::read_symlink("/proc/self/exe").parent_path().parent_path() /
                    "share/calcnode/models/valvano-cascade";
    app.add_option("--model", options.model, "Model folder");
    app.add_option("--runs", options.runs, "Of which the best counts")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        return run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_results: %s\n", error.what());
        return 2;
    }
}

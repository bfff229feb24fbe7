// Does memory grow? Analyses small phantoms of several sizes, one after the other, and compares the resident
// memory after a warm-up with that at the end. Exit status 1 when it has grown by 5 % or more. See README.md.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "pipeline/analyser.h"
#include "pipeline/phantom.h"

namespace {

using namespace calcnode;
namespace fs = std::filesystem;

constexpr double kMostGrowth = 0.05;

struct Options {
    fs::path model;
    int images = 1000;
    int warm_up = 100;
    int threads = 2;
};

double resident_mb() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        double kilobytes = 0;
        if (word == "VmRSS:" && status >> kilobytes) return kilobytes / 1024;
    }
    return 0;
}

/// Different sizes and spacings, so that tiles of many shapes are met.
std::vector<pipeline::Mammogram> exam() {
    std::vector<pipeline::Mammogram> images;
    for (int k = 0; k < 20; ++k) {
        const double spacing = k % 3 == 0 ? 0.2 : 0.1;
        const double side = 50 + 2.5 * k;  // mm
        images.push_back(pipeline::make_phantom({.rows = static_cast<int>(1.25 * side / spacing),
                                                 .columns = static_cast<int>(side / spacing),
                                                 .spacing_mm = spacing,
                                                 .seed = 100U + static_cast<std::uint64_t>(k),
                                                 .clusters = k % 2})
                             .mammogram);
    }
    return images;
}

int run(const Options& options) {
    pipeline::set_threads(options.threads);
    const std::vector<pipeline::Mammogram> images = exam();
    const pipeline::Analyser analyser = pipeline::Analyser::open(options.model);
    double warm = 0;
    std::size_t grains = 0;
    for (int k = 1; k <= options.images; ++k) {
        grains += analyser.analyse(images[static_cast<std::size_t>(k) % images.size()]).calcifications.size();
        if (k == options.warm_up) warm = resident_mb();
        if (k % 100 == 0) std::printf("%5d images: %.1f MB resident\n", k, resident_mb());
        std::fflush(stdout);
    }
    const double growth = resident_mb() / warm - 1;
    std::printf("%d images, %zu grains, %d threads: grown by %.2f %% since image %d (less than 5 %%): %s\n",
                options.images, grains, options.threads, 100 * growth, options.warm_up,
                growth < kMostGrowth ? "kept" : "MISSED");
    return growth < kMostGrowth ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Resident memory over many images"};
    Options options;
    options.model = fs::read_symlink("/proc/self/exe").parent_path().parent_path() /
                    "share/calcnode/models/valvano-cascade";
    app.add_option("--model", options.model, "Model folder");
    app.add_option("--images", options.images, "How many in all")->check(CLI::Range(2, 1000000));
    app.add_option("--warm-up", options.warm_up, "The first so many do not count")
        ->check(CLI::Range(1, 1000000));
    app.add_option("--threads", options.threads, "Threads")->check(CLI::Range(1, 64));
    CLI11_PARSE(app, argc, argv);
    return run(options);
}

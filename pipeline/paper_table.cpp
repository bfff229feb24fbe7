#include "pipeline/paper_table.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <exception>
#include <mutex>
#include <thread>

#include "pipeline/error.h"
#include "pipeline/patch_classifier.h"
#include "pipeline/training_image.h"
#include "pipeline/training_patches.h"

namespace calcnode::pipeline {
namespace {

constexpr int kLargestSide = 49;
constexpr std::size_t kMostPerPhantom = 90;  // positive patches

struct PatchSets {
    std::vector<LabelledPatch> detector, segmentator;
};

cv::Mat cut(const TrainingView& view, const cv::Point& centre) {
    constexpr int kHalf = kLargestSide / 2;
    const cv::Rect place(centre.x - kHalf, centre.y - kHalf, kLargestSide, kLargestSide);
    if ((place & cv::Rect({0, 0}, view.normalised.size())) != place) return {};
    return view.normalised(place).clone();
}

/// `count` patches in turn from each of `classes`.
void add_negatives(const TrainingView& view, const std::array<std::vector<cv::Point>, 4>& centres,
                   const std::vector<PatchClass>& classes, std::size_t count, std::vector<LabelledPatch>& out) {
    std::array<std::size_t, 4> next{};
    std::size_t added = 0;
    for (std::size_t turn = 0; added < count && turn < count * classes.size() * 2; ++turn) {
        const auto k = static_cast<std::size_t>(classes[turn % classes.size()]);
        if (next[k] == centres[k].size()) continue;
        const cv::Mat pixels = cut(view, centres[k][next[k]++]);
        if (pixels.empty()) continue;
        out.push_back({pixels, false});
        ++added;
    }
}

/// As many positive as negative patches of one phantom for each network.
void add_phantom(std::uint64_t seed, double spacing_mm, PatchSets& sets) {
    Random random(seed, 41);
    const TrainingView view = prepared(draw_phantom(random), spacing_mm);
    const auto centres = centres_by_class(view, static_cast<int>(kMostPerPhantom), random);
    std::vector<LabelledPatch> positive;
    for (const cv::Point& at : centres[static_cast<std::size_t>(PatchClass::centre)]) {
        const cv::Mat pixels = cut(view, at);
        if (!pixels.empty()) positive.push_back({pixels, true});
    }
    for (std::vector<LabelledPatch>* set : {&sets.detector, &sets.segmentator})
        set->insert(set->end(), positive.begin(), positive.end());
    add_negatives(view, centres, {PatchClass::periphery, PatchClass::none}, positive.size(), sets.detector);
    add_negatives(view, centres, {PatchClass::close, PatchClass::periphery, PatchClass::none}, positive.size(),
                  sets.segmentator);
}

/// Phantoms first..first+count-1 of a stream of seeds that no other part of training uses.
PatchSets make_sets(const PaperTableOptions& options, int first, int count, const std::function<void()>& made) {
    PatchSets sets;
    for (int k = first; k < first + count; ++k) {
        add_phantom(options.seed * 179424673 + static_cast<std::uint64_t>(k), options.spacing_mm, sets);
        made();
    }
    return sets;
}

/// Trains and measures one network.
double measure(const PatchClassifierOptions& options, const std::vector<LabelledPatch>& train,
               const std::vector<LabelledPatch>& held_out) {
    PatchClassifier network(options);
    network.train(train);
    return network.accuracy(held_out);
}

}  // namespace

PaperTable make_paper_table(const PaperTableOptions& options,
                            const std::function<void(int, int, const std::string&)>& progress) {
    if (options.phantoms < 1 || options.held_out_phantoms < 1 || options.threads < 1)
        throw Error(ErrorCode::bad_argument, "the paper's table needs at least 1 phantom of each kind and 1 thread");
    PaperTable table;
    for (const int side : {29, 39, 49}) {
        for (const Padding padding : {Padding::same, Padding::valid})
            table.rows.push_back({.side = side, .padding = padding});
    }
    const int networks = 2 * static_cast<int>(table.rows.size());
    const int total = options.phantoms + options.held_out_phantoms + networks;
    int done = 0;
    std::mutex mutex;
    const auto step = [&](const std::string& what) {
        const std::lock_guard lock(mutex);
        ++done;
        if (progress) progress(done, total, what);
    };
    const PatchSets train = make_sets(options, 0, options.phantoms, [&] { step("phantoms"); });
    const PatchSets held_out =
        make_sets(options, options.phantoms, options.held_out_phantoms, [&] { step("phantoms"); });
    table.detector_patches = train.detector.size();
    table.segmentator_patches = train.segmentator.size();
    table.held_out_detector_patches = held_out.detector.size();
    table.held_out_segmentator_patches = held_out.segmentator.size();

    std::atomic<int> next{0};
    std::exception_ptr failure;
    const auto work = [&] {
        try {
            // The largest first: the threads then end together.
            for (int k = next++; k < networks; k = next++) {
                PaperTableRow& row = table.rows[table.rows.size() - 1 - static_cast<std::size_t>(k / 2)];
                const PatchClassifierOptions network{row.side, row.padding, options.seed, 6};
                const bool detector = k % 2 == 0;
                (detector ? row.detector : row.segmentator) =
                    detector ? measure(network, train.detector, held_out.detector)
                             : measure(network, train.segmentator, held_out.segmentator);
                step(std::to_string(row.side) + " pixels");
            }
        } catch (...) {
            next = networks;
            const std::lock_guard lock(mutex);
            if (!failure) failure = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int k = 0; k < options.threads; ++k)
            threads.emplace_back(work);
    }
    if (failure) std::rethrow_exception(failure);
    return table;
}

std::string paper_table_markdown(const PaperTable& table) {
    std::string text = "| patch | convolution | Detector | Segmentator |\n| --- | --- | --- | --- |\n";
    char line[128];
    for (const PaperTableRow& row : table.rows) {
        std::snprintf(line, sizeof line, "| %d x %d | %s | %.2f %% | %.2f %% |\n", row.side, row.side,
                      row.padding == Padding::same ? "same" : "valid", 100 * row.detector, 100 * row.segmentator);
        text += line;
    }
    std::snprintf(line, sizeof line, "\nTrained on %zu and %zu patches, measured on %zu and %zu.\n",
                  table.detector_patches, table.segmentator_patches, table.held_out_detector_patches,
                  table.held_out_segmentator_patches);
    return text + line;
}

}  // namespace calcnode::pipeline

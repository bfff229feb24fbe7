#include "pipeline/training_stage.h"

#include <algorithm>
#include <deque>
#include <future>
#include <optional>
#include <utility>

#include <opencv2/imgproc.hpp>

#include "pipeline/dense.h"
#include "pipeline/grain_insertion.h"
#include "pipeline/network_fields.h"
#include "pipeline/training_curve.h"

namespace calcnode::pipeline {
namespace {

constexpr int kBatch = 16;
constexpr int kUnitsBeforeFirstStep = 12;
constexpr std::size_t kRingPatches = 5000;
constexpr double kPieceAreaMm2 = 1200;  // from each background folder, a unit
constexpr int kCheckpointEvery = 500;
constexpr int kValidationUnits = 5;
constexpr int kValidations = 30;  // over all steps
constexpr int kPatience = 20;     // validations without a better one end the stage

/// Makes units ahead of their use, in order.
class UnitSource {
  public:
    UnitSource(const StageOptions& options, const BackgroundLibrary& backgrounds, int first)
        : options_(options), backgrounds_(backgrounds), next_(first) {}

    std::vector<TrainingView> next() {
        while (static_cast<int>(ahead_.size()) <= options_.threads) {
            const std::uint64_t stream = options_.stage == Stage::detector ? 0 : 1;
            const std::uint64_t seed =
                (options_.seed * 2 + stream) * 1000003 + static_cast<std::uint64_t>(next_++);
            ahead_.push_back(std::async(std::launch::async, [this, seed] {
                return draw_unit(seed, backgrounds_, options_.spacing_mm, false);
            }));
        }
        std::vector<TrainingView> unit = ahead_.front().get();
        ahead_.pop_front();
        return unit;
    }

  private:
    const StageOptions& options_;
    const BackgroundLibrary& backgrounds_;
    int next_ = 0;
    std::deque<std::future<std::vector<TrainingView>>> ahead_;
};

/// A piece that is hardly larger than a patch is taken once: its patches would all be the same.
PatchWishes wishes_for(const TrainingView& view) {
    const int side = std::max(view.labels.cols, view.labels.rows);
    if (side <= kPatchSide + kPatchSide / 4) return {0, 0, 1};
    return view.labels.total() > 500000 ? PatchWishes{5, 24, 0} : PatchWishes{2, 6, 0};
}

/// Patches of units that are never trained on; the same for every run of this seed.
std::vector<Patch> validation_patches(const StageOptions& options, const BackgroundLibrary& backgrounds) {
    std::vector<Patch> patches;
    for (int unit = 0; unit < kValidationUnits; ++unit) {
        const std::uint64_t seed = options.seed * 6700417 + static_cast<std::uint64_t>(unit);
        Random random(seed, 13);
        for (const TrainingView& view : draw_unit(seed, backgrounds, options.spacing_mm, true)) {
            for (Patch& patch : cut_patches(view, {}, wishes_for(view), random))
                patches.push_back(std::move(patch));
        }
    }
    return patches;
}

/// Watches a stage: validation losses, the curve, when to stop.
class Watch {
  public:
    Watch(const StageOptions& options, const BackgroundLibrary& backgrounds)
        : options_(options), patches_(validation_patches(options, backgrounds)) {
        for (const Patch& patch : patches_)
            list_.push_back(&patch);
        if (!options.curve.empty()) points_ = read_curve(options.curve);
    }

    /// False when nothing has become better for long enough.
    bool go_on(NetworkTrainer& trainer, double running) {
        const int step = trainer.steps_done();
        const int every = std::max(1, options_.steps / kValidations);
        if (step % every != 0) return true;
        const double loss = trainer.loss_on(list_);
        std::erase_if(points_, [&](const CurvePoint& point) { return point.stage == name() && point.step >= step; });
        points_.push_back({name(), step, running, loss});
        if (!options_.curve.empty()) write_curve(points_, options_.curve);
        if (loss < trainer.remembered_loss()) {
            trainer.remember(loss);
            worse_ = 0;
        } else {
            ++worse_;
        }
        return worse_ < kPatience;
    }

  private:
    std::string name() const { return options_.stage == Stage::detector ? "detector" : "segmentator"; }

    const StageOptions& options_;
    std::vector<Patch> patches_;
    std::vector<const Patch*> list_;
    std::vector<CurvePoint> points_;
    int worse_ = 0;
};

cv::Mat enlarged(const cv::Mat& coarse, cv::Size size) {
    cv::Mat full;
    cv::resize(coarse, full, coarse.size() * kDetectorStride, 0, 0, cv::INTER_NEAREST);
    return full(cv::Rect({0, 0}, size)).clone();
}

/// Halos narrower than the field: where the network is wrong need not be known to the last bit.
DenseOptions mining_options(int stride, int threads) {
    return {256, 16, stride, threads};
}

/// How wrong the networks are at each pixel. Only mistakes on healthy tissue count for the detector; for the
/// segmentator those inside the detector's suspects, missed grains too.
cv::Mat mistakes_of(const Network& network, const TrainingView& view, const StageOptions& options,
                    const Network* detector) {
    const cv::Size size = view.normalised.size();
    const DenseOptions coarse = mining_options(kDetectorStride, options.threads);
    if (detector == nullptr) {
        cv::Mat mistakes = enlarged(run_dense(network, view.normalised, view.mask, coarse), size);
        mistakes.setTo(0, view.labels != kNothing);
        return mistakes;
    }
    const cv::Mat suspicion = run_dense(*detector, view.normalised, view.mask, coarse);
    const cv::Mat suspect = enlarged(suspicion, size) >= options.detector_threshold;
    cv::Mat mistakes = run_dense(network, view.normalised, suspect, mining_options(1, options.threads));
    cv::Mat missed;
    cv::bitwise_and(suspect, view.labels == kGrain, missed);
    mistakes.setTo(0, suspect == 0);
    cv::Mat(1 - mistakes).copyTo(mistakes, missed);
    mistakes.setTo(0, view.labels == kIgnore);
    return mistakes;
}

}  // namespace

std::vector<TrainingView> draw_unit(std::uint64_t seed, const BackgroundLibrary& backgrounds,
                                    double spacing_mm, bool held_out) {
    Random random(seed, held_out ? 2 : 1);
    std::vector<TrainingView> views;
    TrainingImage phantom = draw_phantom(random);
    if (random.chance(0.3))
        insert_grains(phantom, {.clusters_per_100_cm2 = 1.5, .lonely_per_100_cm2 = 3}, random);
    views.push_back(augmented(phantom, spacing_mm, random));
    for (std::size_t folder = 0; folder < backgrounds.folders(); ++folder) {
        for (double area = 0; area < kPieceAreaMm2;) {
            TrainingImage piece = backgrounds.draw(folder, held_out, random);
            area += static_cast<double>(piece.picture.total()) * piece.spacing_mm * piece.spacing_mm;
            insert_grains(piece, {}, random);
            views.push_back(augmented(piece, spacing_mm, random));
        }
    }
    return views;
}

bool run_stage(NetworkTrainer& trainer, const StageOptions& options, const BackgroundLibrary& backgrounds,
               const Network* detector, const StageCallback& progress) {
    Random random(options.seed, options.stage == Stage::detector ? 11 : 12);
    const auto units_due = [&](int step) {
        return std::max(
            std::min(kUnitsBeforeFirstStep, options.exams),
            static_cast<int>(static_cast<std::int64_t>(step + 1) * options.exams / options.steps));
    };
    // After a resume the ring is filled again from the units just before the one that comes next.
    int units = std::max(0, units_due(trainer.steps_done()) - kUnitsBeforeFirstStep);
    UnitSource source(options, backgrounds, units);
    PatchRing ring(kRingPatches);
    const std::filesystem::path stem =
        options.checkpoint / (options.stage == Stage::detector ? "detector" : "segmentator");
    Watch watch(options, backgrounds);
    double running = 0;
    bool better = true;
    while (better && trainer.steps_done() < options.steps) {
        const int step = trainer.steps_done();
        for (; units < units_due(step); ++units) {
            std::optional<Network> now;
            if (step > 0) {
                trainer.save(stem.string() + ".now.pt");
                now = Network::load(stem.string() + ".now.pt");
            }
            for (const TrainingView& view : source.next()) {
                const PatchWishes wishes = wishes_for(view);
                const bool mine = now && wishes.hard > 0;
                const cv::Mat mistakes = mine ? mistakes_of(*now, view, options, detector) : cv::Mat();
                ring.add(cut_patches(view, mistakes, wishes, random));
            }
        }
        std::vector<const Patch*> batch;
        for (int k = 0; k < kBatch; ++k)
            batch.push_back(&ring.any(random));
        const double loss = trainer.step(batch);
        running = step == 0 || running == 0 ? loss : 0.98 * running + 0.02 * loss;
        better = watch.go_on(trainer, running);
        const bool go_on = !progress || progress(step + 1, running);
        if (!go_on || (step + 1) % kCheckpointEvery == 0) trainer.checkpoint(stem);
        if (!go_on) return false;
    }
    trainer.finish();
    trainer.checkpoint(stem);
    return true;
}

}  // namespace calcnode::pipeline

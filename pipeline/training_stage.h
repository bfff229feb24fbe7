// One stage of training: draws pictures, cuts patches (also where the networks are wrong), feeds the trainer.
// Internal to training; one thread (pictures are made ahead on threads of its own).
#pragma once

#include <functional>

#include "pipeline/network.h"
#include "pipeline/training.h"
#include "pipeline/training_networks.h"

namespace calcnode::pipeline {

struct StageOptions {
    Stage stage = Stage::detector;
    std::uint64_t seed = 1;
    int exams = 150;
    int steps = 3000;
    int threads = 2;
    double spacing_mm = 0.1;
    double detector_threshold = 0.1;   // segmentator: learns only where the detector reaches this
    std::filesystem::path checkpoint;  // folder
    std::filesystem::path curve;       // the run's losses (training_curve.h); empty: not kept
};

/// Called after each step with the steps done and the running loss; false stops.
using StageCallback = std::function<bool(int done, double loss)>;

/// Trains until options.steps, or until the loss on held-out patches has not fallen for two thirds of them; ends with the
/// weights that were best there. `detector` is the finished first network when the stage is the segmentator's,
/// else null. Returns false when the callback stopped it; the checkpoint is then written.
bool run_stage(NetworkTrainer& trainer, const StageOptions& options, const BackgroundLibrary& backgrounds,
               const Network* detector, const StageCallback& progress);

/// The pictures of one unit: a phantom and as much area from each background folder. Same number, same
/// pictures.
std::vector<TrainingView> draw_unit(std::uint64_t seed, const BackgroundLibrary& backgrounds,
                                    double spacing_mm, bool held_out);

}  // namespace calcnode::pipeline

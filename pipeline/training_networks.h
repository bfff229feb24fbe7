// One network in training: its weights, its optimiser, its loss. LibTorch stays behind this header. One
// thread.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "pipeline/training_patches.h"

namespace calcnode::pipeline {

enum class Stage { detector, segmentator };

class NetworkTrainer {
  public:
    /// `steps`: the optimiser steps to come in all; the learning rate falls over them.
    NetworkTrainer(Stage stage, std::uint64_t seed, int steps);
    ~NetworkTrainer();
    NetworkTrainer(const NetworkTrainer&) = delete;
    NetworkTrainer& operator=(const NetworkTrainer&) = delete;

    /// One optimiser step on these patches; returns the loss. Throws Error training_failed when it is not
    /// finite.
    double step(const std::vector<const Patch*>& batch);
    int steps_done() const;

    /// The mean loss on these patches; no step is taken.
    double loss_on(const std::vector<const Patch*>& patches);
    /// Keeps the weights as they are now, with the loss that they reached; checkpoints keep them too.
    void remember(double loss);
    /// The loss of the weights that are kept; infinite when none are.
    double remembered_loss() const;
    /// Ends the stage: goes back to the weights that are kept, if there are any; all steps count as done.
    void finish();

    /// Writes the network as it is now, frozen, ready for Network::load. Throws Error write_failed.
    void save(const std::filesystem::path& file) const;
    /// All that resume() needs: weights, optimiser, step count, in files that begin with `stem`.
    void checkpoint(const std::filesystem::path& stem) const;
    /// False when there is no checkpoint. Throws Error training_failed when it cannot be read.
    bool resume(const std::filesystem::path& stem);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calcnode::pipeline

// What the bench needs from LibTorch itself: which convolutions a piece of work runs, and the networks as
// they were before anything was made fast.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include "tests/bench/onednn_alone.h"

namespace calcnode::bench {

/// Output pixels that each convolution layer computed.
using LayerCounts = std::map<Layer, std::int64_t>;

/// Runs `work` and counts every convolution that LibTorch ran meanwhile, on any thread.
LayerCounts count_convolutions(const std::function<void()>& work);

/// Operations in all.
double operations(const LayerCounts& counts);

/// A TorchScript file, run by LibTorch's interpreter as it stands.
class ScriptNetwork {
  public:
    explicit ScriptNetwork(const std::filesystem::path& file);
    ~ScriptNetwork();
    /// Processor time on one core, in seconds a patch of side x side, for patches in batches of `batch`: the
    /// best of several repetitions.
    double seconds_a_patch(int side, int batch) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calcnode::bench

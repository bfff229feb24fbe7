#include "tests/bench/script_networks.h"

#include <algorithm>
#include <limits>
#include <mutex>

#include <ATen/record_function.h>
#include <omp.h>
#include <torch/script.h>

namespace calcnode::bench {
namespace {

// LibTorch's callbacks are plain functions.
std::mutex counts_mutex;
LayerCounts* current_counts = nullptr;

std::unique_ptr<at::ObserverContext> on_convolution(const at::RecordFunction& function) {
    if (std::string(function.name()) != "aten::convolution") return nullptr;
    // input, weight, bias, stride, padding, ...
    const auto inputs = function.inputs();
    const at::Tensor &picture = inputs[0].toTensor(), &weight = inputs[1].toTensor();
    const Layer layer{weight.size(1), weight.size(0), weight.size(2), inputs[3].toIntVector()[0],
                      inputs[4].toIntVector()[0]};
    std::int64_t pixels = picture.size(0);
    for (const int axis : {2, 3}) {
        pixels *= (picture.size(axis) + 2 * layer.padding - layer.side) / layer.stride + 1;
    }
    const std::lock_guard lock(counts_mutex);
    if (current_counts != nullptr) (*current_counts)[layer] += pixels;
    return nullptr;
}

}  // namespace

LayerCounts count_convolutions(const std::function<void()>& work) {
    LayerCounts counts;
    current_counts = &counts;
    const auto handle = at::addGlobalCallback(at::RecordFunctionCallback(on_convolution).needsInputs(true));
    work();
    at::removeCallback(handle);
    current_counts = nullptr;
    return counts;
}

double operations(const LayerCounts& counts) {
    double sum = 0;
    for (const auto& [layer, pixels] : counts)
        sum += operations(layer, pixels, 1);
    return sum;
}

struct ScriptNetwork::Impl {
    mutable torch::jit::Module module;
};

ScriptNetwork::ScriptNetwork(const std::filesystem::path& file) : impl_(std::make_unique<Impl>()) {
    impl_->module = torch::jit::load(file.string());
    impl_->module.eval();
}

ScriptNetwork::~ScriptNetwork() = default;

double ScriptNetwork::seconds_a_patch(int side, int batch) const {
    omp_set_num_threads(1);
    const c10::InferenceMode inference;
    const torch::jit::GraphOptimizerEnabledGuard interpret_only(false);
    const at::Tensor patches = torch::randn({batch, 1, side, side});
    const int often = std::max(1, 32 / batch);
    double best = std::numeric_limits<double>::infinity();
    for (int repetition = 0; repetition < 6; ++repetition) {
        const double start = thread_seconds();
        for (int k = 0; k < often; ++k)
            impl_->module.forward({patches});
        best = std::min(best, (thread_seconds() - start) / (often * batch));
    }
    return best;
}

}  // namespace calcnode::bench

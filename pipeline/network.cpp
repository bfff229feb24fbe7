#include "pipeline/network.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <omp.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/script.h>

#include "pipeline/error.h"

namespace calcnode::pipeline {
namespace {

/// Convolutions share out their sums by thread count, so a tile always runs on one core: then results do not
/// depend on how many cores there are. OpenMP's count belongs to the calling thread; reading LibTorch's first
/// keeps LibTorch from setting it again.
class OneCore {
  public:
    OneCore() : before_(at::get_num_threads()) { omp_set_num_threads(1); }
    ~OneCore() { omp_set_num_threads(before_); }
    OneCore(const OneCore&) = delete;
    OneCore& operator=(const OneCore&) = delete;

  private:
    int before_;
};

at::TensorOptions options_of(const Compute& compute) {
    return at::TensorOptions()
        .dtype(compute.precision == Precision::bfloat16 ? at::kBFloat16 : at::kFloat)
        .device(compute.device == ComputeDevice::cuda ? at::kCUDA : at::kCPU);
}

/// A weight as it is run. Channels innermost: oneDNN then takes pictures and weights as they are, and needs
/// no copy in its own layout.
at::Tensor ready(const at::Tensor& weight, const Compute& compute) {
    return weight.to(options_of(compute), false, true,
                     weight.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Preserve);
}

bool is_convolution(const torch::jit::Value* value) {
    const c10::Symbol kind = value->node()->kind();
    return kind == c10::aten::conv2d || kind == c10::aten::_convolution || kind == c10::aten::convolution;
}

/// Rewrites a frozen network's own lines; one that is written differently just stays as it is.
void make_fast(torch::jit::Graph& graph, const Compute& compute) {
    std::vector<torch::jit::Node*> replaced;
    for (torch::jit::Node* node : graph.nodes()) {
        if (node->kind() == c10::aten::relu && is_convolution(node->input(0)) &&
            node->input(0)->uses().size() == 1) {
            // Nobody else sees the sum: it may be overwritten.
            node->output()->replaceAllUsesWith(
                node->replaceWithNewSymbol(c10::Symbol::fromQualString("aten::relu_"))->output());
            replaced.push_back(node);
        } else if (node->kind() == c10::prim::Constant && node->output()->type()->cast<c10::TensorType>()) {
            const auto value = torch::jit::toIValue(node->output());
            if (!value || !value->isTensor() || value->toTensor().scalar_type() != at::kFloat) continue;
            const torch::jit::WithInsertPoint here(node);
            node->output()->replaceAllUsesWith(
                torch::jit::insertConstant(graph, ready(value->toTensor(), compute)));
        }
    }
    for (torch::jit::Node* node : replaced)
        node->destroy();
}

torch::jit::Module load_module(const std::filesystem::path& file, const Compute& compute) {
    torch::jit::Module module = torch::jit::load(file.string());
    module.eval();
    module = torch::jit::freeze(module);
    make_fast(*module.get_method("forward").graph(), compute);
    return module;
}

bool multiplies_bfloat16(ComputeDevice device) {
#ifdef __x86_64__
    return device == ComputeDevice::cuda || __builtin_cpu_supports("avx512bf16") != 0;
#else
    return device == ComputeDevice::cuda;
#endif
}

}  // namespace

Compute compute_here(const Compute& wanted) {
    Compute here = wanted;
    const bool has_cuda = at::hasCUDA();
    if (here.device == ComputeDevice::automatic)
        here.device = has_cuda ? ComputeDevice::cuda : ComputeDevice::cpu;
    if (here.device == ComputeDevice::cuda && !has_cuda) {
        throw Error(ErrorCode::device_unavailable,
                    "analysis.device is cuda, but LibTorch offers no CUDA device here; use auto or cpu");
    }
    if (here.precision == Precision::automatic)
        here.precision = multiplies_bfloat16(here.device) ? Precision::bfloat16 : Precision::float32;
    if (here.precision == Precision::bfloat16 && !multiplies_bfloat16(here.device)) {
        throw Error(
            ErrorCode::device_unavailable,
            "analysis.precision is bfloat16, but this processor has no AVX512-BF16; use auto or float32");
    }
    return here;
}

std::string to_string(const Compute& compute) {
    const std::string precision = compute.precision == Precision::bfloat16  ? "bfloat16"
                                  : compute.precision == Precision::float32 ? "float32"
                                                                            : "automatic";
    const std::string device = compute.device == ComputeDevice::cuda  ? "cuda"
                               : compute.device == ComputeDevice::cpu ? "cpu"
                                                                      : "automatic";
    return precision + " on " + device;
}

struct Network::Impl {
    mutable torch::jit::Module module;
    Compute compute;
};

Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Network Network::load(const std::filesystem::path& file, const Compute& wanted) {
    if (!std::filesystem::is_regular_file(file)) {
        throw Error(ErrorCode::model_not_found, "no model file " + file.string());
    }
    try {
        auto impl = std::make_unique<Impl>();
        impl->compute = compute_here(wanted);
        impl->module = load_module(file, impl->compute);
        return Network(std::move(impl));
    } catch (const c10::Error& error) {
        throw Error(ErrorCode::model_damaged, file.string() + ": " + error.what_without_backtrace());
    }
}

Network Network::for_another_thread() const {
    auto impl = std::make_unique<Impl>();
    impl->module = impl_->module.copy();
    impl->compute = impl_->compute;
    return Network(std::move(impl));
}

cv::Mat Network::run(const cv::Mat& picture) const {
    const cv::Mat whole = picture.isContinuous() ? picture : picture.clone();
    const OneCore one_core;
    const c10::InferenceMode inference;
    const torch::jit::GraphOptimizerEnabledGuard interpret_only(false);
    try {
        // One channel: the strides alone say that channels are innermost.
        const at::Tensor input =
            torch::from_blob(whole.data, {1, 1, whole.rows, whole.cols},
                             {static_cast<std::int64_t>(whole.rows) * whole.cols, 1, whole.cols, 1},
                             torch::kFloat32)
                .to(options_of(impl_->compute));
        const at::Tensor logits = impl_->module.forward({input}).toTensor().to(at::kCPU, at::kFloat);
        const at::Tensor output = torch::sigmoid(logits).contiguous();
        if (output.dim() != 4 || output.scalar_type() != torch::kFloat32) {
            throw Error(ErrorCode::model_damaged, "network gives no picture");
        }
        const cv::Mat result(static_cast<int>(output.size(2)), static_cast<int>(output.size(3)), CV_32F,
                             output.data_ptr<float>());
        return result.clone();
    } catch (const c10::Error& error) {
        throw Error(ErrorCode::model_damaged,
                    std::string("network does not run: ") + error.what_without_backtrace());
    }
}

}  // namespace calcnode::pipeline

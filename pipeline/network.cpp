#include "pipeline/network.h"

#include <utility>

#include <ATen/Parallel.h>
#include <omp.h>
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

}  // namespace

struct Network::Impl {
    mutable torch::jit::Module module;
};

Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Network Network::load(const std::filesystem::path& file) {
    if (!std::filesystem::is_regular_file(file)) {
        throw Error(ErrorCode::model_not_found, "no model file " + file.string());
    }
    try {
        auto impl = std::make_unique<Impl>();
        impl->module = torch::jit::load(file.string());
        impl->module.eval();
        return Network(std::move(impl));
    } catch (const c10::Error& error) {
        throw Error(ErrorCode::model_damaged, file.string() + ": " + error.what_without_backtrace());
    }
}

Network Network::for_another_thread() const {
    auto impl = std::make_unique<Impl>();
    impl->module = impl_->module.copy();
    return Network(std::move(impl));
}

cv::Mat Network::run(const cv::Mat& picture) const {
    const cv::Mat whole = picture.isContinuous() ? picture : picture.clone();
    const OneCore one_core;
    const c10::InferenceMode inference;
    const torch::jit::GraphOptimizerEnabledGuard interpret_only(false);
    try {
        const at::Tensor input =
            torch::from_blob(whole.data, {1, 1, whole.rows, whole.cols}, torch::kFloat32);
        const at::Tensor output = torch::sigmoid(impl_->module.forward({input}).toTensor()).contiguous();
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

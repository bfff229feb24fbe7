#include "pipeline/training_networks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <fstream>
#include <iomanip>
#include <limits>
#include <numbers>
#include <thread>
#include <utility>

#include <omp.h>
#include <torch/script.h>
#include <torch/torch.h>

#include "pipeline/error.h"
#include "pipeline/network_script.h"

namespace calcnode::pipeline {
namespace {

constexpr double kFirstRate = 2e-3;
constexpr double kLastRate = 2e-5;
constexpr int kWarmUp = 50;
constexpr double kLongestGradient = 1.0;
constexpr double kDetectorPositiveWeight = 3;  // a missed suspect cell is lost for good, a false one is not
constexpr double kSegmentatorPositiveWeight = 1;

std::vector<at::Tensor> parameters_of(const torch::jit::Module& module) {
    std::vector<at::Tensor> list;
    for (const at::Tensor& parameter : module.parameters())
        list.push_back(parameter);
    return list;
}

struct Batch {
    at::Tensor pictures;  // float
    at::Tensor labels;    // bytes
};

Batch stacked(const std::vector<const Patch*>& patches) {
    const auto count = static_cast<std::int64_t>(patches.size());
    Batch batch{at::empty({count, 1, kPatchSide, kPatchSide}, at::kFloat),
                at::empty({count, 1, kPatchSide, kPatchSide}, at::kByte)};
    constexpr std::size_t kPixels = kPatchSide * kPatchSide;
    for (std::size_t k = 0; k < patches.size(); ++k) {
        std::memcpy(batch.pictures.data_ptr<float>() + k * kPixels, patches[k]->normalised.data,
                    kPixels * sizeof(float));
        std::memcpy(batch.labels.data_ptr<unsigned char>() + k * kPixels, patches[k]->labels.data, kPixels);
    }
    return batch;
}

at::Tensor inner(const at::Tensor& planes, int margin) {
    return planes.slice(2, margin, planes.size(2) - margin).slice(3, margin, planes.size(3) - margin);
}

at::Tensor weighted_entropy(const at::Tensor& logits, const at::Tensor& target, const at::Tensor& weight,
                            double positive_weight) {
    const at::Tensor each = at::binary_cross_entropy_with_logits(
        logits, target, {}, at::full({1}, positive_weight), at::Reduction::None);
    return (each * weight).sum() / weight.sum().clamp_min(1);
}

/// A cell is suspect when a grain is in it or one pixel beside it; cells that only touch a grain's
/// surroundings do not count.
at::Tensor detector_loss(const at::Tensor& logits, const at::Tensor& labels) {
    const at::Tensor grain = labels.eq(kGrain).to(at::kFloat), unclear = labels.ne(kNothing).to(at::kFloat);
    const int s = kDetectorStride;
    const at::Tensor target = at::max_pool2d(grain, {s + 2, s + 2}, {s, s}, {1, 1});
    const at::Tensor touched = at::max_pool2d(unclear, {s + 4, s + 4}, {s, s}, {2, 2});
    const at::Tensor weight = at::max(target, 1 - touched);
    const int margin = kPatchMargin / s;
    return weighted_entropy(inner(logits, margin), inner(target, margin), inner(weight, margin),
                            kDetectorPositiveWeight);
}

at::Tensor segmentator_loss(const at::Tensor& logits, const at::Tensor& labels) {
    const at::Tensor guess = inner(logits, kPatchMargin), truth = inner(labels, kPatchMargin);
    const at::Tensor target = truth.eq(kGrain).to(at::kFloat), weight = truth.ne(kIgnore).to(at::kFloat);
    const at::Tensor entropy = weighted_entropy(guess, target, weight, kSegmentatorPositiveWeight);
    const at::Tensor chance = at::sigmoid(guess) * weight;
    const at::Tensor dice = 1 - (2 * (chance * target).sum() + 1) / (chance.sum() + target.sum() + 1);
    return entropy * 10 + dice * 0.5;
}

}  // namespace

/// The batch is always cut into this many parts, one core each: two threads of OpenMP that wait for each
/// other at every layer come to a halt on a busy machine, and the sums would depend on the number of cores.
constexpr std::size_t kShards = 2;

/// Where the processor multiplies bfloat16 itself, forward and backward take half the time in it; the weights
/// that the optimiser moves, and the network that is written, stay float32.
at::ScalarType number_type() {
    return __builtin_cpu_supports("avx512bf16") ? at::kBFloat16 : at::kFloat;
}

struct Shard {
    torch::jit::Module module;  // its own copy of the weights, and their gradients
    double loss = 0;
    std::exception_ptr failure;

    void run(Stage stage, const Batch& batch, bool backwards) {
        try {
            const at::AutoGradMode mode(backwards);
            at::get_num_threads();  // LibTorch sets OpenMP's count once a thread, here
            omp_set_num_threads(1);
            const torch::jit::GraphOptimizerEnabledGuard interpret_only(false);
            const at::Tensor pictures = batch.pictures.to(number_type());
            const at::Tensor logits = module.forward({pictures}).toTensor().to(at::kFloat);
            const at::Tensor result = stage == Stage::detector ? detector_loss(logits, batch.labels)
                                                               : segmentator_loss(logits, batch.labels);
            loss = result.item<double>();
            if (backwards) result.backward();
        } catch (...) {
            failure = std::current_exception();
        }
    }
};

struct NetworkTrainer::Impl {
    Stage stage = Stage::detector;
    torch::jit::Module module;
    std::vector<Shard> shards;
    std::unique_ptr<torch::optim::Adam> adam;
    int done = 0;
    int total = 0;
    std::vector<at::Tensor> kept;
    double kept_loss = std::numeric_limits<double>::infinity();

    /// Each shard's part of the patches forward (and backward); the mean of their losses.
    double run_shards(const std::vector<const Patch*>& patches, bool backwards) {
        const std::size_t part = patches.size() / kShards;
        std::vector<std::jthread> workers;
        for (std::size_t k = 0; k < kShards; ++k) {
            const auto first = patches.begin() + static_cast<std::ptrdiff_t>(k * part);
            const auto last = k + 1 == kShards ? patches.end() : first + static_cast<std::ptrdiff_t>(part);
            workers.emplace_back([this, k, backwards, batch = stacked({first, last})] {
                shards[k].run(stage, batch, backwards);
            });
        }
        workers.clear();
        double value = 0;
        for (const Shard& shard : shards) {
            if (shard.failure) std::rethrow_exception(shard.failure);
            value += shard.loss / kShards;
        }
        return value;
    }

    void share_weights() {
        const at::NoGradGuard no_gradient;
        const std::vector<at::Tensor> own = parameters_of(module);
        for (Shard& shard : shards) {
            const std::vector<at::Tensor> copies = parameters_of(shard.module);
            for (std::size_t p = 0; p < own.size(); ++p)
                copies[p].copy_(own[p]);
        }
    }

    double rate() const {
        const double progress = static_cast<double>(done) / std::max(1, total);
        const double falling =
            kLastRate + (kFirstRate - kLastRate) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
        return done < kWarmUp ? falling * (done + 1) / kWarmUp : falling;
    }
};

NetworkTrainer::NetworkTrainer(Stage stage, std::uint64_t seed, int steps) : impl_(std::make_unique<Impl>()) {
    impl_->stage = stage;
    impl_->module = stage == Stage::detector ? make_detector(seed) : make_segmentator(seed + 1);
    impl_->total = steps;
    impl_->module.train();
    for (at::Tensor parameter : parameters_of(impl_->module))
        parameter.set_requires_grad(true);
    for (std::size_t k = 0; k < kShards; ++k) {
        Shard shard{impl_->module.deepcopy(), 0, {}};
        shard.module.to(number_type());
        for (at::Tensor parameter : parameters_of(shard.module))
            parameter.detach_().set_requires_grad(true);
        impl_->shards.push_back(std::move(shard));
    }
    impl_->adam = std::make_unique<torch::optim::Adam>(parameters_of(impl_->module),
                                                       torch::optim::AdamOptions(kFirstRate));
}

NetworkTrainer::~NetworkTrainer() = default;

int NetworkTrainer::steps_done() const {
    return impl_->done;
}

double NetworkTrainer::step(const std::vector<const Patch*>& patches) {
    const std::vector<at::Tensor> own = parameters_of(impl_->module);
    const double value = impl_->run_shards(patches, true);
    if (!std::isfinite(value)) throw Error(ErrorCode::training_failed, "the loss is not finite");
    for (std::size_t p = 0; p < own.size(); ++p) {
        at::Tensor sum = at::zeros_like(own[p]);
        for (Shard& shard : impl_->shards) {
            at::Tensor weight = parameters_of(shard.module)[p];
            sum += weight.grad().to(at::kFloat) / static_cast<double>(kShards);
            weight.mutable_grad() = at::Tensor();
        }
        at::Tensor parameter = own[p];
        parameter.mutable_grad() = sum;
    }
    torch::nn::utils::clip_grad_norm_(own, kLongestGradient);
    static_cast<torch::optim::AdamOptions&>(impl_->adam->param_groups()[0].options()).lr(impl_->rate());
    impl_->adam->step();
    impl_->share_weights();
    ++impl_->done;
    return value;
}

double NetworkTrainer::loss_on(const std::vector<const Patch*>& patches) {
    constexpr std::size_t kAtOnce = 16;
    double sum = 0;
    for (std::size_t first = 0; first < patches.size(); first += kAtOnce) {
        const std::size_t count = std::min(kAtOnce, patches.size() - first);
        const auto from = patches.begin() + static_cast<std::ptrdiff_t>(first);
        sum += impl_->run_shards({from, from + static_cast<std::ptrdiff_t>(count)}, false) *
               static_cast<double>(count);
    }
    return patches.empty() ? 0 : sum / static_cast<double>(patches.size());
}

void NetworkTrainer::remember(double loss) {
    impl_->kept.clear();
    for (const at::Tensor& parameter : parameters_of(impl_->module))
        impl_->kept.push_back(parameter.detach().clone());
    impl_->kept_loss = loss;
}

double NetworkTrainer::remembered_loss() const {
    return impl_->kept_loss;
}

void NetworkTrainer::finish() {
    impl_->done = impl_->total;
    const at::NoGradGuard no_gradient;
    const std::vector<at::Tensor> own = parameters_of(impl_->module);
    for (std::size_t p = 0; p < impl_->kept.size(); ++p)
        own[p].copy_(impl_->kept[p]);
    impl_->share_weights();
}

void NetworkTrainer::save(const std::filesystem::path& file) const {
    try {
        torch::jit::Module copy = impl_->module.deepcopy();
        for (at::Tensor parameter : parameters_of(copy))
            parameter.set_requires_grad(false);
        copy.eval();
        torch::jit::freeze(copy).save(file.string());
    } catch (const c10::Error& error) {
        throw Error(ErrorCode::write_failed, file.string() + ": " + error.what_without_backtrace());
    }
}

void NetworkTrainer::checkpoint(const std::filesystem::path& stem) const {
    try {
        torch::save(parameters_of(impl_->module), stem.string() + ".weights");
        torch::save(*impl_->adam, stem.string() + ".adam");
        if (!impl_->kept.empty()) torch::save(impl_->kept, stem.string() + ".best");
    } catch (const c10::Error& error) {
        throw Error(ErrorCode::write_failed, stem.string() + ": " + error.what_without_backtrace());
    }
    std::ofstream steps(stem.string() + ".steps");
    steps << impl_->done << '\n' << std::setprecision(17) << impl_->kept_loss << '\n';
    if (!steps.flush()) throw Error(ErrorCode::write_failed, "cannot write " + stem.string() + ".steps");
}

bool NetworkTrainer::resume(const std::filesystem::path& stem) {
    std::ifstream steps(stem.string() + ".steps");
    int done = 0;
    if (!(steps >> done)) return false;
    try {
        std::vector<at::Tensor> weights;
        torch::load(weights, stem.string() + ".weights");
        const std::vector<at::Tensor> own = parameters_of(impl_->module);
        if (weights.size() != own.size())
            throw Error(ErrorCode::training_failed, "checkpoint of another network");
        const at::NoGradGuard no_gradient;
        for (std::size_t k = 0; k < own.size(); ++k)
            own[k].copy_(weights[k]);
        torch::load(*impl_->adam, stem.string() + ".adam");
        std::string kept_loss;  // "inf" is no number to a stream
        if (steps >> kept_loss && std::filesystem::exists(stem.string() + ".best")) {
            torch::load(impl_->kept, stem.string() + ".best");
            impl_->kept_loss = std::stod(kept_loss);
        }
    } catch (const c10::Error& error) {
        throw Error(ErrorCode::training_failed, stem.string() + ": " + error.what_without_backtrace());
    }
    impl_->share_weights();
    impl_->done = done;
    return true;
}

}  // namespace calcnode::pipeline

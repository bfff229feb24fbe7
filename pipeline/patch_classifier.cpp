#include "pipeline/patch_classifier.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include <omp.h>
#include <opencv2/core.hpp>
#include <torch/torch.h>

#include "pipeline/error.h"
#include "pipeline/phantom_random.h"

namespace calcnode::pipeline {
namespace {

constexpr int kBatch = 64;
constexpr double kFirstRate = 1.5e-3;
constexpr int kChannels[] = {16, 32, 64};
constexpr int kDense = 64;

/// The convolutions of each block; the last has one, so that 29 pixels suffice without padding.
constexpr int kConvolutions[] = {2, 2, 1};

int side_after(int side, Padding padding) {
    for (const int count : kConvolutions) {
        if (padding == Padding::valid) side -= 2 * count;
        side /= 2;
    }
    return side;
}

torch::nn::Sequential make_network(const PatchClassifierOptions& options) {
    namespace nn = torch::nn;
    nn::Sequential net;
    int inputs = 1;
    for (int block = 0; block < 3; ++block) {
        for (int k = 0; k < kConvolutions[block]; ++k) {
            net->push_back(nn::Conv2d(nn::Conv2dOptions(inputs, kChannels[block], 3)
                                          .padding(options.padding == Padding::same ? 1 : 0)));
            net->push_back(nn::ReLU());
            inputs = kChannels[block];
        }
        net->push_back(nn::MaxPool2d(2));
    }
    const int side = side_after(options.side, options.padding);
    net->push_back(nn::Flatten());
    net->push_back(nn::Linear(inputs * side * side, kDense));
    net->push_back(nn::ReLU());
    net->push_back(nn::Linear(kDense, 1));
    return net;
}

/// Everything random in a network's start comes from `seed`, whatever other threads do.
void initialise(torch::nn::Sequential& net, std::uint64_t seed) {
    const torch::NoGradGuard no_gradient;
    at::Generator generator = at::detail::createCPUGenerator(seed);
    for (torch::Tensor& parameter : net->parameters()) {
        if (parameter.dim() < 2) {
            parameter.zero_();
            continue;
        }
        const double inputs = static_cast<double>(parameter.numel()) / static_cast<double>(parameter.size(0));
        parameter.normal_(0, std::sqrt(2.0 / inputs), generator);
    }
}

cv::Mat turned(const cv::Mat& patch, phantom::Random& random) {
    cv::Mat result = patch;
    if (random.chance(0.5)) cv::transpose(result, result);
    const int flip = random.integer(-1, 2);
    if (flip < 2) cv::flip(result, result, flip);
    return result;
}

}  // namespace

struct PatchClassifier::Impl {
    PatchClassifierOptions options;
    torch::nn::Sequential net;

    torch::Tensor middle(const cv::Mat& patch) const {
        const int margin = (patch.cols - options.side) / 2;
        const cv::Mat part = patch(cv::Rect(margin, margin, options.side, options.side)).clone();
        return torch::from_blob(part.data, {1, options.side, options.side}, torch::kFloat32).clone();
    }
};

PatchClassifier::PatchClassifier(const PatchClassifierOptions& options)
    : impl_(std::make_unique<Impl>(Impl{options, make_network(options)})) {
    if (options.side < 29) throw Error(ErrorCode::bad_argument, "patch side is less than 29 pixels");
    initialise(impl_->net, options.seed);
}

PatchClassifier::~PatchClassifier() = default;

void PatchClassifier::train(const std::vector<LabelledPatch>& patches) {
    at::get_num_threads();  // LibTorch sets OpenMP's count once a thread, here
    omp_set_num_threads(1);
    torch::optim::Adam adam(impl_->net->parameters(), torch::optim::AdamOptions(kFirstRate));
    phantom::Random random(impl_->options.seed, 31);
    std::vector<std::size_t> order(patches.size());
    std::iota(order.begin(), order.end(), 0);
    const std::size_t steps = impl_->options.epochs * ((patches.size() + kBatch - 1) / kBatch);
    std::size_t step = 0;
    impl_->net->train();
    for (int epoch = 0; epoch < impl_->options.epochs; ++epoch) {
        for (std::size_t k = order.size(); k > 1; --k)
            std::swap(order[k - 1], order[static_cast<std::size_t>(random.integer(0, static_cast<int>(k) - 1))]);
        for (std::size_t first = 0; first < order.size(); first += kBatch, ++step) {
            std::vector<torch::Tensor> pixels, answers;
            for (std::size_t k = first; k < std::min(order.size(), first + kBatch); ++k) {
                const LabelledPatch& patch = patches[order[k]];
                pixels.push_back(impl_->middle(turned(patch.pixels, random)));
                answers.push_back(torch::full({1}, patch.positive ? 1.0F : 0.0F));
            }
            const double progress = static_cast<double>(step) / static_cast<double>(steps);
            static_cast<torch::optim::AdamOptions&>(adam.param_groups()[0].options())
                .lr(kFirstRate * 0.5 * (1 + std::cos(std::numbers::pi * progress)));
            adam.zero_grad();
            const torch::Tensor loss = torch::binary_cross_entropy_with_logits(
                impl_->net->forward(torch::stack(pixels)), torch::stack(answers));
            if (!std::isfinite(loss.item<double>()))
                throw Error(ErrorCode::training_failed, "the loss is not finite");
            loss.backward();
            adam.step();
        }
    }
}

double PatchClassifier::accuracy(const std::vector<LabelledPatch>& patches) const {
    if (patches.empty()) throw Error(ErrorCode::bad_argument, "no patches to measure");
    at::get_num_threads();
    omp_set_num_threads(1);
    const torch::NoGradGuard no_gradient;
    impl_->net->eval();
    std::size_t right = 0;
    for (std::size_t first = 0; first < patches.size(); first += kBatch) {
        std::vector<torch::Tensor> pixels;
        const std::size_t last = std::min(patches.size(), first + kBatch);
        for (std::size_t k = first; k < last; ++k)
            pixels.push_back(impl_->middle(patches[k].pixels));
        const torch::Tensor logits = impl_->net->forward(torch::stack(pixels)).contiguous();
        for (std::size_t k = first; k < last; ++k)
            right += (logits.data_ptr<float>()[k - first] > 0) == patches[k].positive ? 1 : 0;
    }
    return static_cast<double>(right) / static_cast<double>(patches.size());
}

}  // namespace calcnode::pipeline

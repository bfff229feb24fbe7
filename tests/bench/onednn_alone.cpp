#include "tests/bench/onednn_alone.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_map>
#include <vector>

#include <dnnl.hpp>
#include <omp.h>
#include <time.h>

namespace calcnode::bench {
namespace {

constexpr std::int64_t kCacheBytes = 512 << 10;
constexpr std::int64_t kLargestSide = 128;

double seconds(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::int64_t out_size(const Layer& layer, std::int64_t size) {
    return (size + 2 * layer.padding - layer.side) / layer.stride + 1;
}

std::int64_t side_in_cache(const Layer& layer) {
    std::int64_t side = kLargestSide;
    const auto bytes = [&] {
        const std::int64_t out = out_size(layer, side);
        return 4 * (layer.inputs * side * side + layer.outputs * out * out);
    };
    while (bytes() > kCacheBytes && side > 16)
        side /= 2;
    return side;
}

dnnl::memory filled(const dnnl::memory::desc& description, const dnnl::engine& engine) {
    dnnl::memory memory(description, engine);
    std::memset(memory.get_data_handle(), 0x3c,
                description.get_size());  // 0x3c3c: small numbers in both formats
    return memory;
}

}  // namespace

double thread_seconds() {
    return seconds(CLOCK_THREAD_CPUTIME_ID);
}

double process_seconds() {
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double operations(const Layer& layer, std::int64_t rows, std::int64_t columns) {
    return 2.0 * static_cast<double>(layer.inputs * layer.outputs * layer.side * layer.side) *
           static_cast<double>(rows * columns);
}

double rate_alone(const Layer& layer, Precision precision) {
    using dnnl::memory;
    omp_set_num_threads(1);
    dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    dnnl::stream stream(engine);
    const auto type = precision == Precision::bfloat16 ? memory::data_type::bf16 : memory::data_type::f32;
    const std::int64_t side = side_in_cache(layer), out = out_size(layer, side);
    const auto any = [&](const memory::dims& dims) {
        return memory::desc(dims, type, memory::format_tag::any);
    };
    const memory::desc bias({layer.outputs}, memory::data_type::f32, memory::format_tag::x);
    const memory::dims step{layer.stride, layer.stride}, pad{layer.padding, layer.padding};
    const dnnl::convolution_forward::desc description(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        any({1, layer.inputs, side, side}), any({layer.outputs, layer.inputs, layer.side, layer.side}), bias,
        any({1, layer.outputs, out, out}), step, pad, pad);
    const dnnl::convolution_forward::primitive_desc chosen(description, engine);
    dnnl::convolution_forward convolution(chosen);
    const std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, filled(chosen.src_desc(), engine)},
                                                    {DNNL_ARG_WEIGHTS, filled(chosen.weights_desc(), engine)},
                                                    {DNNL_ARG_BIAS, filled(bias, engine)},
                                                    {DNNL_ARG_DST, filled(chosen.dst_desc(), engine)}};
    const double work = operations(layer, out, out);
    const int often = std::max(3, static_cast<int>(2e8 / work));
    double best = std::numeric_limits<double>::infinity();
    for (int repetition = 0; repetition < 8; ++repetition) {
        const double start = thread_seconds();
        for (int k = 0; k < often; ++k)
            convolution.execute(stream, arguments);
        stream.wait();
        best = std::min(best, (thread_seconds() - start) / often);
    }
    return work / best;
}

}  // namespace calcnode::bench

// How fast oneDNN runs a convolution when nothing else is in its way: weights reordered beforehand, the
// layouts it likes best, buffers that stay in the second-level cache, one core. The yardstick of
// inference.cpp.
#pragma once

#include <compare>
#include <cstdint>

namespace calcnode::bench {

/// A convolution without its picture's size.
struct Layer {
    std::int64_t inputs = 1;
    std::int64_t outputs = 1;
    std::int64_t side = 3;
    std::int64_t stride = 1;
    std::int64_t padding = 1;
    auto operator<=>(const Layer&) const = default;
};

enum class Precision { float32, bfloat16 };

/// Floating point operations (a multiplication and an addition are two) for an output of rows x columns.
double operations(const Layer& layer, std::int64_t rows, std::int64_t columns);

/// Operations a second of processor time on the calling thread, the best of several repetitions; the picture
/// is the largest square of a power of two, at most 128 pixels, whose input and output take no more than half
/// a megabyte.
double rate_alone(const Layer& layer, Precision precision);

/// Processor time of the calling thread, and of the whole process, in seconds.
double thread_seconds();
double process_seconds();

}  // namespace calcnode::bench

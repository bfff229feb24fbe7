// The phantom's source of chance: a seeded generator for one named stream, so that a change in one part of
// the phantom does not shift the draws of another. Private to pipeline/phantom*; value type; one thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>

namespace calcnode::pipeline::phantom {

class Random {
  public:
    Random(std::uint64_t seed, std::uint64_t stream) {
        std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                               static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
        engine_.seed(sequence);
    }
    double uniform(double low, double high) {
        return std::uniform_real_distribution<double>(low, high)(engine_);
    }
    double log_uniform(double low, double high) { return std::exp(uniform(std::log(low), std::log(high))); }
    double normal(double mean, double sd) { return std::normal_distribution<double>(mean, sd)(engine_); }
    int integer(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine_); }
    bool chance(double probability) { return uniform(0, 1) < probability; }
    std::uint64_t next() { return engine_(); }

  private:
    std::mt19937_64 engine_;
};

}  // namespace calcnode::pipeline::phantom

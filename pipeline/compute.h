// With which numbers and on which device the networks run. Values; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace calcnode::pipeline {

/// automatic: bfloat16 where the processor (or the CUDA device) multiplies it, else float32.
enum class Precision : std::uint8_t { automatic, float32, bfloat16 };

/// automatic: a CUDA device when LibTorch offers one, else the processor.
enum class ComputeDevice : std::uint8_t { automatic, cpu, cuda };

struct Compute {
    Precision precision = Precision::float32;
    ComputeDevice device = ComputeDevice::cpu;
};

/// What `wanted` means on this machine: nothing is automatic any more.
/// Throws Error device_unavailable when it asks for what is not there.
Compute compute_here(const Compute& wanted);

/// "float32 on cpu"
std::string to_string(const Compute& compute);

}  // namespace calcnode::pipeline

// What the architecture in network_script.cpp sees and gives; for code that must not include LibTorch.
// Constants.
#pragma once

namespace calcnode::pipeline {

inline constexpr int kDetectorStride = 4;
inline constexpr int kDetectorField = 49;     // pixels a side
inline constexpr int kSegmentatorField = 49;  // likewise

}  // namespace calcnode::pipeline

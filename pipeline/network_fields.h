// What the architecture in network_script.cpp sees and gives; for code that must not include LibTorch.
// Constants.
#pragma once

namespace calcnode::pipeline {

inline constexpr int kDetectorStride = 4;
inline constexpr int kDetectorField = 81;     // pixels a side
inline constexpr int kSegmentatorField = 97;  // likewise
/// Both networks halve the picture three times: tiles and halos begin on multiples of this.
inline constexpr int kNetworkAlignment = 8;
inline constexpr int kDetectorHalo = 40;     // half the field, on whole multiples
inline constexpr int kSegmentatorHalo = 48;  // likewise

/// What a convolution sees beyond the picture: zeros (same size out), or nothing (smaller out).
enum class Padding { same, valid };

}  // namespace calcnode::pipeline

// An iterative walk over a stored DICOM file that proves its structure before DCMTK's recursive parser sees
// it (10,000 nested sequences crash DCMTK 3.6.7). Constant memory; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace calcnode::dicom {

struct ScanLimits {
    int depth = 64;                             // nested sequences
    std::uint64_t elements = 1'000'000;         // in the whole data set, items included
    std::uint64_t inflated_bytes = 1ull << 30;  // for deflated data sets
    std::uint64_t header_bytes = 64ull << 20;   // all values before Pixel Data together
};

struct ScanResult {
    std::string transfer_syntax_uid;
    std::uint64_t pixel_data_bytes = 0;  // length of (7FE0,0010): native, or the sum of its fragments
    bool has_pixel_data = false;
    int depth = 0;  // the deepest nesting found
};

/// Checks: preamble and meta header, every element's VR and length within its parent and the file, item and
/// delimiter order, depth, counts; inflates deflated data sets with a cap. Throws Error not_dicom,
/// malformed_dataset (says tag and offset), too_large, unsupported_syntax or file_error.
ScanResult scan_dataset(const std::filesystem::path& file, const ScanLimits& limits = {});

}  // namespace calcnode::dicom

// The transfer syntaxes that calcnode takes in, in order of preference: exactly those that the reader decodes.
#pragma once

#include <span>
#include <string_view>

namespace calcnode::dicom {

/// Explicit LE, JPEG Lossless SV1, JPEG-LS, JPEG 2000 lossless, RLE, JPEG Lossless P14, Implicit LE, Deflated,
/// Explicit BE, then the lossy ones. For MG storage classes.
std::span<const char* const> input_transfer_syntaxes();

/// Uncompressed syntaxes, for classes that are stored and routed but never decoded, and for Verification.
std::span<const char* const> uncompressed_transfer_syntaxes();

bool is_input_transfer_syntax(std::string_view uid);

}  // namespace calcnode::dicom

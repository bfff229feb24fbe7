#include "dicom/transfer_syntax.h"

#include <algorithm>

#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

// Lossless first, and of those the cheap to decode first; Implicit LE after them because it loses the VRs.
constexpr const char* kInput[] = {
    kExplicitLittleEndian,
    kJpegLosslessSv1,
    kJpegLsLossless,
    kJpeg2000Lossless,
    kRleLossless,
    kJpegLossless,
    kImplicitLittleEndian,
    kDeflatedLittleEndian,
    kExplicitBigEndian,
    kJpegBaseline,
    kJpegExtended,
    kJpegLsNearLossless,
    kJpeg2000,
};

constexpr const char* kUncompressed[] = {kExplicitLittleEndian, kImplicitLittleEndian, kExplicitBigEndian};

}  // namespace

std::span<const char* const> input_transfer_syntaxes() {
    return kInput;
}

std::span<const char* const> uncompressed_transfer_syntaxes() {
    return kUncompressed;
}

bool is_input_transfer_syntax(std::string_view uid) {
    return std::find(std::begin(kInput), std::end(kInput), uid) != std::end(kInput);
}

}  // namespace calcnode::dicom

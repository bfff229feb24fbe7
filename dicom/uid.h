// UIDs: the ones of the standard that we name, the deterministic ones that we make. Pure functions.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace calcnode::dicom {

// PS3.6 Annex A
inline constexpr const char* kVerification = "1.2.840.10008.1.1";
inline constexpr const char* kMammographyForPresentation = "1.2.840.10008.5.1.4.1.1.1.2";
inline constexpr const char* kMammographyForProcessing = "1.2.840.10008.5.1.4.1.1.1.2.1";
inline constexpr const char* kSegmentationStorage = "1.2.840.10008.5.1.4.1.1.66.4";
inline constexpr const char* kMammographyCadSr = "1.2.840.10008.5.1.4.1.1.88.50";
inline constexpr const char* kComprehensive3dSr = "1.2.840.10008.5.1.4.1.1.88.34";

inline constexpr const char* kImplicitLittleEndian = "1.2.840.10008.1.2";
inline constexpr const char* kExplicitLittleEndian = "1.2.840.10008.1.2.1";
inline constexpr const char* kDeflatedLittleEndian = "1.2.840.10008.1.2.1.99";
inline constexpr const char* kExplicitBigEndian = "1.2.840.10008.1.2.2";
inline constexpr const char* kJpegBaseline = "1.2.840.10008.1.2.4.50";
inline constexpr const char* kJpegExtended = "1.2.840.10008.1.2.4.51";
inline constexpr const char* kJpegLossless = "1.2.840.10008.1.2.4.57";
inline constexpr const char* kJpegLosslessSv1 = "1.2.840.10008.1.2.4.70";
inline constexpr const char* kJpegLsLossless = "1.2.840.10008.1.2.4.80";
inline constexpr const char* kJpegLsNearLossless = "1.2.840.10008.1.2.4.81";
inline constexpr const char* kJpeg2000Lossless = "1.2.840.10008.1.2.4.90";
inline constexpr const char* kJpeg2000 = "1.2.840.10008.1.2.4.91";
inline constexpr const char* kRleLossless = "1.2.840.10008.1.2.5";

/// PS3.5 section 9.1: 1..64 characters, components of digits without leading zeros, no empty component.
bool is_legal_uid(std::string_view uid);

/// 2.25.<UUIDv5 as a decimal> (PS3.5 B.2; RFC 9562 5.5) in calcnode's own name space: the same parts give
/// the same UID on every machine. Parts are length-prefixed, so that ("ab","c") and ("a","bc") differ.
std::string deterministic_uid(std::initializer_list<std::string_view> parts);

/// UUIDv5 of `name` in the name space `name_space` (16 bytes), as 2.25.<decimal>. For tests against RFC vectors.
std::string uuid5_uid(const unsigned char (&name_space)[16], std::string_view name);

}  // namespace calcnode::dicom

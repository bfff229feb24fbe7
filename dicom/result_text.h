// Values of result objects as text that fits its value representation (PS3.5 Table 6.2-1). Pure functions;
// internal to dicom/.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace calcnode::dicom {

inline constexpr std::size_t kLongString = 64;   // LO
inline constexpr std::size_t kShortString = 16;  // SH, CS, DS
inline constexpr std::size_t kFreeText = 1024;   // ST; also what we allow ourselves in a TEXT content item

/// The repertoire that an object's character set leaves for text of our own.
enum class Repertoire { ascii, utf8 };

/// Number of characters; nothing when `text` is not valid UTF-8.
std::optional<std::size_t> utf8_length(std::string_view text);

bool is_ascii(std::string_view text);

/// At most `longest` characters of `text`, without control characters and backslashes; what the repertoire
/// does not hold (and invalid UTF-8) becomes '?'.
std::string fit_text(std::string_view text, std::size_t longest, Repertoire repertoire);

/// To six decimals, as in findings.json: what two objects say of one measurement is one number.
double rounded(double value);

/// rounded(value) as a decimal string of at most 16 characters, the same on every machine; numbers that are
/// too long for that with nine significant digits. Throws Error invalid_result when the number is not finite.
std::string decimal(double value);

/// `text` if it is a DA (YYYYMMDD) or TM (HH[MM[SS[.F]]]) value of today's DICOM; empty otherwise.
std::string legal_date(std::string_view text);
std::string legal_time(std::string_view text);

}  // namespace calcnode::dicom

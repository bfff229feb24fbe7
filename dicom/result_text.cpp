#include "dicom/result_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_number_between(std::string_view digits, int lowest, int highest) {
    int value = 0;
    for (const char c : digits) {
        if (!is_digit(c)) return false;
        value = value * 10 + (c - '0');
    }
    return value >= lowest && value <= highest;
}

/// Bytes of the character that starts at `text`; 0 when it is none (RFC 3629, section 4).
std::size_t character_bytes(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : lead >= 0xE0 && lead <= 0xEF ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool surrogate_or_beyond = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
    return overlong || surrogate_or_beyond ? 0 : length;
}

std::string without_padding(std::string text) {
    const std::size_t last = text.find_last_not_of(' ');
    text.resize(last == std::string::npos ? 0 : last + 1);
    text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
    return text;
}

}  // namespace

std::optional<std::size_t> utf8_length(std::string_view text) {
    std::size_t characters = 0;
    while (!text.empty()) {
        const std::size_t bytes = character_bytes(text);
        if (bytes == 0) return std::nullopt;
        text.remove_prefix(bytes);
        ++characters;
    }
    return characters;
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string fit_text(std::string_view text, std::size_t longest, Repertoire repertoire) {
    std::string result;
    for (std::size_t characters = 0; !text.empty() && characters < longest; ++characters) {
        const std::size_t bytes = character_bytes(text);
        const char first = text.front();
        if (bytes == 1) {
            const bool control = static_cast<unsigned char>(first) < 0x20 || first == 0x7F;
            result += control ? ' ' : first == '\\' ? '/' : first;
        } else if (bytes == 0 || repertoire == Repertoire::ascii) {
            result += '?';
        } else {
            result += text.substr(0, bytes);
        }
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return without_padding(std::move(result));
}

double rounded(double value) {
    constexpr double kLargest = 1e9;  // beyond, a double has no sixth decimal worth rounding
    if (!(std::abs(value) < kLargest)) return value;
    return std::round(value * 1e6) / 1e6 + 0.0;  // no negative zero
}

std::string decimal(double value) {
    if (!std::isfinite(value)) throw Error(ErrorCode::invalid_result, "a measurement is not a finite number");
    constexpr int kSignificantDigits = 9;  // with sign, point and exponent: 16 characters
    char text[kShortString];
    char* const last = text + sizeof text;
    std::to_chars_result result = std::to_chars(text, last, rounded(value), std::chars_format::fixed);
    if (result.ec != std::errc{})
        result = std::to_chars(text, last, value, std::chars_format::general, kSignificantDigits);
    if (result.ec != std::errc{}) throw Error(ErrorCode::invalid_result, "a measurement fits no DS");
    return {text, result.ptr};
}

std::string legal_date(std::string_view text) {
    const bool legal = text.size() == 8 && is_number_between(text.substr(0, 4), 1, 9999) &&
                       is_number_between(text.substr(4, 2), 1, 12) &&
                       is_number_between(text.substr(6, 2), 1, 31);
    return legal ? std::string(text) : std::string();
}

std::string legal_time(std::string_view text) {
    const std::string_view clock = text.substr(0, text.find('.'));
    const std::string_view fraction = text.substr(std::min(clock.size() + 1, text.size()));
    const bool whole = clock.size() == 2 || clock.size() == 4 || clock.size() == 6;
    if (!whole || !is_number_between(clock.substr(0, 2), 0, 23)) return {};
    if (clock.size() > 2 && !is_number_between(clock.substr(2, 2), 0, 59)) return {};
    if (clock.size() > 4 && !is_number_between(clock.substr(4, 2), 0, 60)) return {};
    const bool has_point = text.size() > clock.size();
    if (has_point && (clock.size() != 6 || fraction.empty() || fraction.size() > 6 ||
                      !is_number_between(fraction, 0, 999999))) {
        return {};
    }
    return std::string(text);
}

}  // namespace calcnode::dicom

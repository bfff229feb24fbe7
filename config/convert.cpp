#include "config/convert.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace calcnode::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 5> kSizes{
    {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"", 1}}};
constexpr std::array<Unit, 5> kDurations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

/// The number before a unit of `units`, times the unit. Nothing when it is not of that form.
template <std::size_t N>
std::optional<std::uint64_t> number_with_unit(const std::string& text, const std::array<Unit, N>& units) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view name(rest, static_cast<std::size_t>(end - rest));
    for (const Unit& unit : units) {
        if (unit.name != name) continue;
        if (number > std::numeric_limits<std::uint64_t>::max() / unit.factor) return std::nullopt;
        return number * unit.factor;
    }
    return std::nullopt;
}

template <std::size_t N>
std::string with_unit(std::uint64_t amount, const std::array<Unit, N>& units) {
    for (const Unit& unit : units) {
        if (amount > 0 && amount % unit.factor == 0)
            return std::to_string(amount / unit.factor) + std::string(unit.name);
    }
    return std::string(1, '0').append(units.back().name);
}

}  // namespace

Parsed<std::int64_t> parse_whole(const std::string& text, std::int64_t lowest, std::int64_t highest) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error == std::errc::invalid_argument || rest != end)
        return {.mistake = "\"" + text + "\" is not a whole number"};
    if (error == std::errc::result_out_of_range || number < lowest || number > highest)
        return {.mistake = text + " is not " + std::to_string(lowest) + ".." + std::to_string(highest)};
    return {.value = number};
}

Parsed<double> parse_real(const std::string& text) {
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || rest != end || !std::isfinite(number))
        return {.mistake = "\"" + text + "\" is not a number"};
    return {.value = number};
}

Parsed<bool> parse_bool(const std::string& text) {
    if (text == "true") return {.value = true};
    if (text == "false") return {.value = false};
    return {.mistake = "\"" + text + "\" is not true or false"};
}

Parsed<std::uint64_t> parse_size(const std::string& text, std::uint64_t lowest, std::uint64_t highest) {
    const auto bytes = number_with_unit(text, kSizes);
    if (!bytes)
        return {.mistake = "\"" + text + "\" is not a size such as 64KiB, 512MiB, 4GiB or a number of bytes"};
    if (*bytes < lowest || *bytes > highest)
        return {.mistake = text + " is not " + size_to_text(lowest) + ".." + size_to_text(highest)};
    return {.value = bytes};
}

Parsed<std::chrono::milliseconds> parse_duration(const std::string& text, std::chrono::milliseconds shortest,
                                                 std::chrono::milliseconds longest) {
    const auto amount = number_with_unit(text, kDurations);
    if (!amount) return {.mistake = "\"" + text + "\" is not a duration such as 500ms, 5s, 10m, 2h or 1d"};
    if (*amount < static_cast<std::uint64_t>(shortest.count()) ||
        *amount > static_cast<std::uint64_t>(longest.count()))
        return {.mistake = text + " is not " + to_text(shortest) + ".." + to_text(longest)};
    return {.value = std::chrono::milliseconds(static_cast<std::int64_t>(*amount))};
}

std::string to_text(std::chrono::milliseconds duration) {
    return with_unit(static_cast<std::uint64_t>(duration.count()), kDurations);
}

std::string size_to_text(std::uint64_t bytes) {
    return with_unit(bytes, kSizes);
}

Parsed<std::string> parse_fingerprint(const std::string& text) {
    constexpr std::size_t kDigits = 64;
    std::string digits;
    for (const char c : text) {
        const bool upper = c >= 'A' && c <= 'F';
        if (c != ':') digits += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    const bool whole =
        digits.size() == kDigits && digits.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!whole) return {.mistake = "\"" + text + "\" is not a SHA-256 fingerprint (64 hexadecimal digits)"};
    return {.value = std::move(digits)};
}

}  // namespace calcnode::config

// Text of a configuration value -> typed value, or what is wrong with it. Pure functions; internal to
// config/.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace calcnode::config {

template <class T>
struct Parsed {
    std::optional<T> value{};
    std::string mistake{};  // when there is no value
};

Parsed<std::int64_t> parse_whole(const std::string& text, std::int64_t lowest, std::int64_t highest);
Parsed<double> parse_real(const std::string& text);
Parsed<bool> parse_bool(const std::string& text);

/// "64KiB", "512MiB", "4GiB", "1TiB"; a bare number counts bytes.
Parsed<std::uint64_t> parse_size(const std::string& text, std::uint64_t lowest, std::uint64_t highest);

/// "500ms", "5s", "10m", "2h", "1d": a whole number and its unit, which must not be left out.
Parsed<std::chrono::milliseconds> parse_duration(const std::string& text, std::chrono::milliseconds shortest,
                                                 std::chrono::milliseconds longest);

/// In the largest unit that needs no fraction: "90s", "1h", "64KiB".
std::string to_text(std::chrono::milliseconds duration);
std::string size_to_text(std::uint64_t bytes);

/// A SHA-256 fingerprint: 64 hexadecimal digits, in any case, with colons or without (as openssl prints it);
/// becomes lower case without colons.
Parsed<std::string> parse_fingerprint(const std::string& text);

}  // namespace calcnode::config

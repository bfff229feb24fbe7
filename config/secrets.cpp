#include "config/secrets.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "config/convert.h"

namespace calcnode::config {
namespace {

constexpr std::uintmax_t kLargestSecret = 64 * 1024;
constexpr std::string_view kOpening = "${";

Parsed<std::string> from_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr)
        return {.mistake =
                    "the environment variable " + name + " is not set; set it where calcnode is started"};
    return {.value = value};
}

Parsed<std::string> from_file(const std::string& path) {
    const std::string advice = "; the file must be there and readable for the user that runs calcnode";
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return {.mistake = path + " is not a file" + advice};
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in) return {.mistake = path + " cannot be read: " + std::strerror(errno) + advice};
    std::string text(kLargestSecret + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLargestSecret) return {.mistake = path + " is larger than 64 KiB: no secret is"};
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    return {.value = text};
}

Parsed<std::string> look_up(const std::string& reference) {
    if (reference.starts_with("env:") && reference.size() > 4) return from_environment(reference.substr(4));
    if (reference.starts_with("file:/")) return from_file(reference.substr(5));
    return {.mistake = "${" + reference +
                       "} is neither ${env:NAME} nor ${file:/absolute/path}; write $${ for a "
                       "plain ${"};
}

/// RFC 3986 2.1: all but the unreserved characters (2.3).
std::string percent_encoded(const std::string& text) {
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::strchr("-._~", c) != nullptr;
        if (plain && c != '\0') {
            encoded += c;
            continue;
        }
        char code[4];
        std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
        encoded += code;
    }
    return encoded;
}

}  // namespace

std::string resolve_secrets(Value& value) {
    const std::string text = value.text;
    const bool within_url = text.starts_with("postgresql://");
    std::string resolved;
    std::size_t at = 0;
    for (std::size_t next; (next = text.find(kOpening, at)) != std::string::npos;) {
        if (next > 0 && text[next - 1] == '$') {  // $${
            resolved.append(text, at, next - 1 - at).append(kOpening);
            at = next + kOpening.size();
            continue;
        }
        const std::size_t end = text.find('}', next);
        if (end == std::string::npos) return "${ without }; write $${ for a plain ${";
        const std::size_t begin = next + kOpening.size();
        const Parsed<std::string> found = look_up(text.substr(begin, end - begin));
        if (!found.value) return found.mistake;
        resolved.append(text, at, next - at);
        resolved.append(within_url ? percent_encoded(*found.value) : *found.value);
        value.secret = true;
        at = end + 1;
    }
    value.text = resolved.append(text, at);
    return {};
}

std::string without_secret(std::string message, const Value& value) {
    if (!value.secret || value.text.empty()) return message;
    const std::string shown = "(secret)";
    for (std::size_t at = 0; (at = message.find(value.text, at)) != std::string::npos; at += shown.size())
        message.replace(at, value.text.size(), shown);
    return message;
}

}  // namespace calcnode::config

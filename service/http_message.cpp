#include "service/http_message.h"

#include <array>
#include <cstdio>
#include <optional>

#include <openssl/evp.h>

namespace calcnode::service {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_blank) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_digit(text[i + 1]);
        const int low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

bool parse_query(std::string_view text, std::map<std::string, std::string>& query) {
    while (!text.empty()) {
        const std::string_view one = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), one.size() + 1));
        if (one.empty()) continue;
        const std::size_t equals = one.find('=');
        const auto name = decoded(one.substr(0, equals), true);
        const auto value = decoded(equals == std::string_view::npos ? "" : one.substr(equals + 1), true);
        if (!name || !value) return false;
        query[*name] = *value;
    }
    return true;
}

}  // namespace

std::string HttpRequest::header(const std::string& lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? "" : found->second;
}

std::string HttpRequest::parameter(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? "" : found->second;
}

bool parse_target(std::string_view target, HttpRequest& request) {
    const std::string_view fragmentless = target.substr(0, target.find('#'));
    const std::size_t mark = fragmentless.find('?');
    const auto path = decoded(fragmentless.substr(0, mark), false);
    if (!path || path->empty() || path->front() != '/') return false;
    request.path = *path;
    return mark == std::string_view::npos || parse_query(fragmentless.substr(mark + 1), request.query);
}

std::string entity_tag(std::string_view body) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned int length = 0;
    EVP_Digest(body.data(), body.size(), hash.data(), &length, EVP_sha256(), nullptr);
    constexpr int kBytes = 12;
    std::string tag = "\"";
    for (int i = 0; i < kBytes; ++i) {
        std::array<char, 3> two{};
        std::snprintf(two.data(), two.size(), "%02x", hash[static_cast<std::size_t>(i)]);
        tag += two.data();
    }
    return tag + "\"";
}

bool matches_tag(const HttpRequest& request, std::string_view tag) {
    const std::string asked = request.header("if-none-match");
    return asked == "*" || asked.find(tag) != std::string::npos;
}

}  // namespace calcnode::service

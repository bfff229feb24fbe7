#include "config/rules.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <arpa/inet.h>

#include "config/convert.h"

namespace calcnode::config {
namespace {

constexpr std::size_t kAeTitleLength = 16;  // PS3.5 6.2, AE
constexpr std::size_t kUidLength = 64;      // PS3.5 9.1
constexpr std::size_t kLongString = 64;     // PS3.5 6.2, LO
constexpr std::size_t kHostName = 253;      // RFC 1035
// The views that a study can be asked to hold: PS3.16 CID 4014 without specimens.
constexpr std::array<std::string_view, 10> kViews{"CC",   "MLO",  "ML", "LM",  "LMO",
                                                  "XCCL", "XCCM", "FB", "SIO", "ISO"};

std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}

bool is_control(unsigned char c) {
    return c < 0x20 || c == 0x7f;
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::size_t utf8_length(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

bool is_address(int family, const std::string& text) {
    in6_addr space{};
    return inet_pton(family, text.c_str(), &space) == 1;
}

}  // namespace

std::string any_text(const std::string&) {
    return {};
}

std::string not_empty(const std::string& text) {
    return text.empty() ? "must not be empty" : "";
}

std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::string ae_title(const std::string& text) {
    const std::string title = trimmed(text);
    if (title.empty()) return "an AE title must not be empty or blank";
    if (title.size() > kAeTitleLength) return quoted(title) + " has more than 16 characters";
    const auto bad = [](char c) {
        return c == '\\' || is_control(static_cast<unsigned char>(c)) || (c & 0x80) != 0;
    };
    if (std::any_of(title.begin(), title.end(), bad))
        return "an AE title is ASCII without backslash and control characters";
    return {};
}

std::string uid(const std::string& text) {
    const std::string mistake = quoted(text) + " is not a UID (numbers with dots, at most 64 characters)";
    if (text.empty() || text.size() > kUidLength) return mistake;
    std::size_t begin = 0;
    while (true) {
        const std::size_t dot = std::min(text.find('.', begin), text.size());
        const std::string_view part(text.data() + begin, dot - begin);
        const bool digits =
            std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (part.empty() || !digits || (part.size() > 1 && part.front() == '0')) return mistake;
        if (dot == text.size()) return {};
        begin = dot + 1;
    }
}

std::string long_string(const std::string& text) {
    if (utf8_length(text) > kLongString) return "more than 64 characters";
    const auto bad = [](char c) { return c == '\\' || is_control(static_cast<unsigned char>(c)); };
    return std::any_of(text.begin(), text.end(), bad) ? "no backslash and no control characters are allowed"
                                                      : "";
}

std::string required_long_string(const std::string& text) {
    return trimmed(text).empty() ? not_empty("") : long_string(text);
}

std::string ip_address(const std::string& text) {
    if (is_address(AF_INET, text) || is_address(AF_INET6, text)) return {};
    return quoted(text) + " is not a numeric address such as 0.0.0.0, 127.0.0.1 or ::";
}

std::string ip_block(const std::string& text) {
    const std::size_t slash = text.find('/');
    const std::string address = text.substr(0, slash);
    const bool v4 = is_address(AF_INET, address);
    if (!v4 && !is_address(AF_INET6, address))
        return quoted(text) + " is not an address or a block such as 10.1.2.0/24";
    if (slash == std::string::npos) return {};
    const int longest = v4 ? 32 : 128;
    if (parse_whole(text.substr(slash + 1), 0, longest).value) return {};
    return quoted(text) + ": the length of a prefix is 0.." + std::to_string(longest);
}

std::string host(const std::string& text) {
    if (text.empty()) return not_empty(text);
    const auto good = [](char c) { return is_name_character(c) || c == '.' || c == ':' || c == '%'; };
    if (text.size() <= kHostName && std::all_of(text.begin(), text.end(), good)) return {};
    return quoted(text) + " is not a host name or an address";
}

std::string exam_view(const std::string& text) {
    const std::size_t dash = text.find('-');
    const std::string side = text.substr(0, dash);
    const std::string view = dash == std::string::npos ? "" : text.substr(dash + 1);
    if ((side == "L" || side == "R") && std::find(kViews.begin(), kViews.end(), view) != kViews.end())
        return {};
    std::string views;
    for (const std::string_view known : kViews)
        views.append(" ").append(known);
    return quoted(text) + " is not a view such as L-CC: L or R, a dash, and one of" + views;
}

std::string journal_location(const std::string& text) {
    constexpr std::string_view kSqlite = "sqlite://";
    constexpr std::string_view kPostgres = "postgresql://";
    if (text.empty()) return {};
    if (text.starts_with(kSqlite)) {
        const std::string path = text.substr(kSqlite.size());
        const bool file = path.size() > 1 && path.front() == '/' && path.back() != '/';
        return file ? "" : "sqlite:// is followed by an absolute path: sqlite:///var/lib/calcnode/journal.db";
    }
    if (text.starts_with(kPostgres))
        return text.size() > kPostgres.size() ? ""
                                              : "postgresql:// is followed by user:password@host/database";
    return "must begin with sqlite:/// or postgresql://";
}

std::string folder_name(const std::string& text) {
    if (text.empty()) return not_empty(text);
    if (text.find('/') == std::string::npos && text != "." && text != "..") return {};
    return quoted(text) + " is not the name of a folder";
}

std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& known) {
    std::string_view best;
    // A typing mistake, not another word.
    std::size_t best_distance = (word.size() < 4 ? 1 : std::max<std::size_t>(2, word.size() / 3)) + 1;
    for (const std::string_view candidate : known) {
        const std::size_t d = distance(word, candidate);
        if (d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

std::string known_word(const std::string& text, const std::vector<std::string_view>& known) {
    std::string names;
    for (const std::string_view word : known) {
        if (text == word) return {};
        names.append(names.empty() ? "" : ", ").append(word);
    }
    const std::string_view near = nearest_word(text, known);
    const std::string hint = near.empty() ? "" : "; did you mean " + std::string(near) + "?";
    return quoted(text) + " is not one of " + names + hint;
}

std::string plain_name(const std::string& text) {
    if (!text.empty() && std::all_of(text.begin(), text.end(), is_name_character)) return {};
    return quoted(text) + " is not a name of letters, digits, - and _";
}

}  // namespace calcnode::config

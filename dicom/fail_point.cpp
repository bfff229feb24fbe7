#include "dicom/fail_point.h"

#ifdef CALCNODE_FAIL_POINTS

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

namespace calcnode::dicom {

namespace {

constexpr int kForEver = std::numeric_limits<int>::max();
constexpr int kExitBadRule = 4;

struct Rule {
    std::string name;
    std::string subject;  // empty: any
    int first = 1;
    int last = 1;
    std::string action = "kill";
    int passes = 0;
};

constexpr std::array<std::pair<std::string_view, int>, 3> kErrors{
    {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EROFS", EROFS}}};

[[noreturn]] void refuse(std::string_view text) {
    std::fprintf(
        stderr,
        "calcnode: CALCNODE_FAIL_POINTS: cannot read \"%.*s\": NAME[@SUBJECT][:FIRST[-[LAST]]][=ACTION]\n",
        static_cast<int>(text.size()), text.data());
    ::_exit(kExitBadRule);
}

/// What stands behind the last `mark` is cut off `text` and returned; empty when there is none.
std::string cut(std::string_view& text, char mark) {
    const std::size_t at = text.rfind(mark);
    if (at == std::string_view::npos) return {};
    const std::string rest(text.substr(at + 1));
    text = text.substr(0, at);
    return rest;
}

int number(std::string_view text, std::string_view rule) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1) refuse(rule);
    return value;
}

bool is_action(std::string_view action) {
    for (const std::string_view known : {"kill", "abort", "spin", "hang", "hog"})
        if (action == known) return true;
    for (const auto& [name, code] : kErrors)
        if (action == name) return true;
    return false;
}

Rule parse_rule(std::string_view text) {
    const std::string_view whole = text;
    Rule rule;
    if (const std::string action = cut(text, '='); !action.empty()) rule.action = action;
    if (!is_action(rule.action)) refuse(whole);
    if (const std::string passes = cut(text, ':'); !passes.empty()) {
        const std::size_t dash = passes.find('-');
        rule.first = rule.last = number(std::string_view(passes).substr(0, dash), whole);
        if (dash != std::string::npos) {
            const std::string_view last = std::string_view(passes).substr(dash + 1);
            rule.last = last.empty() ? kForEver : number(last, whole);
        }
    }
    rule.subject = cut(text, '@');
    rule.name = text;
    if (rule.name.empty()) refuse(whole);
    return rule;
}

std::vector<Rule> parse_rules() {
    const char* text = std::getenv("CALCNODE_FAIL_POINTS");
    std::vector<Rule> rules;
    for (std::string_view rest = text == nullptr ? "" : text; !rest.empty();) {
        const std::size_t end = rest.find(';');
        rules.push_back(parse_rule(rest.substr(0, end)));
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    return rules;
}

/// True when no process has acted upon this name yet.
bool is_first(const std::string& name) {
    const char* folder = std::getenv("CALCNODE_FAIL_POINT_MARKS");
    if (folder == nullptr) return true;
    const int fd =
        ::open((std::string(folder) + "/" + name).c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) ::close(fd);
    return fd >= 0;
}

[[noreturn]] void hog() {
    constexpr std::size_t kPiece = std::size_t{1} << 24;
    for (std::vector<std::vector<char>> pieces;;)
        pieces.emplace_back(kPiece);  // bad_alloc goes on to the caller, as it would from any allocation
}

bool act(const Rule& rule) {
    for (const auto& [name, code] : kErrors) {
        if (rule.action != name) continue;
        errno = code;
        return true;
    }
    if (rule.action == "abort") std::abort();
    if (rule.action == "hog") hog();
    if (rule.action == "kill") ::kill(::getpid(), SIGKILL);
    volatile unsigned long turns = 0;
    for (;;) {
        if (rule.action == "spin")
            turns = turns + 1;
        else
            ::pause();
    }
}

}  // namespace

bool fail_point(std::string_view name, std::string_view subject) {
    static std::mutex mutex;
    static std::vector<Rule> rules = parse_rules();  // a test's build only: see convention 8
    Rule due;
    {
        const std::lock_guard lock(mutex);
        for (Rule& rule : rules) {
            if (rule.name != name || (!rule.subject.empty() && rule.subject != subject)) continue;
            ++rule.passes;
            if (rule.passes >= rule.first && rule.passes <= rule.last && is_first(rule.name)) due = rule;
        }
    }
    return !due.name.empty() && act(due);
}

}  // namespace calcnode::dicom

#endif

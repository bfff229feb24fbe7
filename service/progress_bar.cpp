#include "service/progress_bar.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include <unistd.h>

namespace calcnode::service {

namespace {

using std::chrono::steady_clock;

constexpr int kWidth = 30;
constexpr auto kTerminalInterval = std::chrono::milliseconds(100);
constexpr auto kFileInterval = std::chrono::seconds(5);

std::string clock_text(double seconds) {
    const long whole = std::lround(seconds);
    char text[32];
    if (whole >= 3600) {
        std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    } else {
        std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
    }
    return text;
}

}  // namespace

std::string progress_line(const ProgressState& state) {
    const double share =
        state.total > 0
            ? std::clamp(static_cast<double>(state.done) / static_cast<double>(state.total), 0.0, 1.0)
            : 0.0;
    const int full = static_cast<int>(share * kWidth);
    std::string line = state.title + "  [" + std::string(full, '#') + std::string(kWidth - full, '.') +
                       "]  " + std::to_string(static_cast<int>(share * 100)) + " %  " +
                       std::to_string(state.done) + "/" + std::to_string(state.total) + "  ";
    if (state.done >= state.total) {
        line += clock_text(state.elapsed.count());
    } else if (share > 0) {
        line += clock_text(state.elapsed.count() * (1 - share) / share) + " left";
    }
    if (!state.note.empty()) line += "  " + state.note;
    return line;
}

ProgressBar::ProgressBar(std::string title, std::int64_t total, bool forced)
    : terminal_(isatty(STDERR_FILENO) == 1),
      shown_(forced || terminal_),
      start_(steady_clock::now()),
      last_(start_) {
    state_.title = std::move(title);
    state_.total = total;
    if (shown_ && terminal_) show();
}

ProgressBar::~ProgressBar() {
    if (!shown_) return;
    if (pending_) show();
    if (terminal_ && printed_) std::fputc('\n', stderr);
}

void ProgressBar::update(std::int64_t done, std::string_view note) {
    state_.done = done;
    state_.note = note;
    pending_ = true;
    const auto now = steady_clock::now();
    const bool due = terminal_ ? now - last_ >= kTerminalInterval : now - last_ >= kFileInterval;
    if (shown_ && (due || done >= state_.total)) show();
}

void ProgressBar::show() {
    last_ = steady_clock::now();
    state_.elapsed = last_ - start_;
    const std::string line = progress_line(state_);
    // A terminal's line is overwritten, and cleared to its end.
    std::fprintf(stderr, terminal_ ? "\r%s\033[K" : "%s\n", line.c_str());
    std::fflush(stderr);
    pending_ = false;
    printed_ = true;
}

}  // namespace calcnode::service

// How far a long command is, on stderr: bar, share, time left. For the tools that people run (calcnode-lab),
// never for the daemon. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace calcnode::service {

struct ProgressState {
    std::string title;
    std::int64_t done = 0;
    std::int64_t total = 0;
    std::chrono::duration<double> elapsed{};
    std::string note;
};

/// "title  [#####.....]  50 %  12/24  1:05 left  note". Pure. Before anything is done there is no time left
/// to tell.
std::string progress_line(const ProgressState& state);

class ProgressBar {
  public:
    /// Shows itself when stderr is a terminal, or always when `forced`: then as one line every few seconds.
    ProgressBar(std::string title, std::int64_t total, bool forced);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar();  // leaves the last state behind, on a line of its own

    void update(std::int64_t done, std::string_view note = {});
    /// The total may only become known on the way.
    void set_total(std::int64_t total) { state_.total = total; }

  private:
    void show();

    ProgressState state_;
    bool terminal_;
    bool shown_;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point last_;
    bool pending_ = false;
    bool printed_ = false;
};

}  // namespace calcnode::service

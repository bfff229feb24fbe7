// Keeps a job's lease alive from a thread of its own while the worker computes, and ends the process when the
// job takes too long or when we are told to stop: a computation inside LibTorch cannot be interrupted
// otherwise.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "config/config.h"
#include "service/journal.h"

namespace calcnode::service {

class JobLease {
  public:
    /// Starts the thread, on a journal connection of its own. `stop` is set by the signal handler.
    JobLease(const config::Config& config, std::string owner, const std::atomic<bool>& stop);
    ~JobLease();

    /// Between these two the lease of `job` is renewed.
    void begin(const Job& job);
    void end();

    /// True when the lease could not be renewed: another worker may have the job.
    bool lost() const { return lost_; }

  private:
    void run(const std::stop_token& stop_token);
    void look_after(Journal& journal);

    const config::Config& config_;
    std::string owner_;
    const std::atomic<bool>& stop_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<Job> job_;  // guarded by mutex_
    std::chrono::steady_clock::time_point job_started_{};
    std::chrono::steady_clock::time_point renew_at_{};
    std::atomic<bool> lost_{false};
    std::jthread thread_;
};

}  // namespace calcnode::service

// Tells senders the results of what they asked us to commit, on associations that we open (PS3.4 J.3.3), when
// theirs has ended before: one thread with a journal connection of its own.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "config/config.h"
#include "service/journal.h"

namespace calcnode::service {

class CommitmentReporter {
  public:
    /// Starts the thread. `config` must outlive it.
    explicit CommitmentReporter(const config::Config& config);
    ~CommitmentReporter();  // lets the report in flight finish, joins

  private:
    void run(const std::stop_token& stop);
    /// False when nothing was due.
    bool report_next(Journal& journal);
    DeliveryOutcome tell(const CommitmentDuty& duty) const;
    void wait(const std::stop_token& stop, Duration duration);

    const config::Config& config_;
    std::string owner_;
    std::mutex mutex_;
    std::condition_variable_any stopped_;
    std::jthread thread_;
};

}  // namespace calcnode::service

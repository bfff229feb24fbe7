// Asks one destination to commit what was delivered to it (PS3.4 J.3.2): a thread and a journal connection of
// its own, so that waiting for a result delays no delivery.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "config/config.h"
#include "dicom/commitment_scu.h"
#include "service/journal.h"

namespace calcnode::service {

class CommitmentRequester {
  public:
    /// Starts the thread. `config` must outlive it. `name` is a key of config.destinations.
    CommitmentRequester(const config::Config& config, std::string name);
    ~CommitmentRequester();  // ends a wait for a result, lets the request in flight finish, joins

  private:
    void run(const std::stop_token& stop);
    /// False when nothing was due.
    bool ask_next(Journal& journal, const std::stop_token& stop);
    void record(Journal& journal, const OpenCommitment& open, const dicom::CommitmentOutcome& outcome);
    CommitmentLimits limits(int attempt) const;
    void wait(const std::stop_token& stop, Duration duration);

    const config::Config& config_;
    std::string name_;
    const config::DestinationCommitment& rules_;
    dicom::Peer peer_;
    std::string owner_;
    int requests_ = 0;     // made by this object
    int unreachable_ = 0;  // in a row
    std::mutex mutex_;
    std::condition_variable_any stopped_;
    std::jthread thread_;
};

}  // namespace calcnode::service

// Looks at the journal for what worker processes and other machines do, since nobody else could tell: counts
// what ended for the metrics, and tells those who listen that something has changed. A thread and a journal
// connection of its own.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "service/http_server.h"
#include "service/journal.h"
#include "service/metrics.h"
#include "service/spool.h"

namespace calcnode::service {

class JournalWatcher {
  public:
    /// Starts the thread. The references must outlive it.
    JournalWatcher(std::string journal_url, const Spool& spool, Metrics& metrics, HttpServer& server);

  private:
    void run(const std::stop_token& stop);
    void watch(const std::stop_token& stop);
    void tell_changes(Journal& journal);
    void count_ended(Journal& journal);
    void sample(Journal& journal);
    void wait(const std::stop_token& stop);

    std::string journal_url_;
    const Spool& spool_;
    Metrics& metrics_;
    HttpServer& server_;
    JournalMarks seen_;
    // What was counted, by id, with its time: rows may become visible somewhat out of order.
    std::map<std::int64_t, Time> counted_jobs_;
    std::map<std::int64_t, Time> counted_deliveries_;
    Time jobs_from_{};
    Time deliveries_from_{};
    std::mutex mutex_;
    std::condition_variable_any stopped_;
    std::jthread thread_;
};

}  // namespace calcnode::service

// Looks at the journal while somebody listens for events, and tells that something has changed: the rows come
// from worker processes and other machines, so nobody else could. A thread and a journal connection of its
// own.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "service/http_server.h"

namespace calcnode::service {

class ChangeWatcher {
  public:
    /// Starts the thread. `server` must outlive it.
    ChangeWatcher(std::string journal_url, HttpServer& server);

  private:
    void run(const std::stop_token& stop);
    void watch(const std::stop_token& stop);
    void wait(const std::stop_token& stop);

    std::string journal_url_;
    HttpServer& server_;
    std::mutex mutex_;
    std::condition_variable_any stopped_;
    std::jthread thread_;
};

}  // namespace calcnode::service

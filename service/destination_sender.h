// Delivers what is due for one destination: a thread and a journal connection of its own, so that one
// destination's trouble never delays another's.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "config/config.h"
#include "service/audit.h"
#include "service/destination_delivery.h"
#include "service/journal.h"
#include "service/live_config.h"
#include "service/spool.h"

namespace calcnode::service {

class DestinationSender {
  public:
    /// Starts the thread. `spool` and `audit` must outlive it. `name` is a key of config.destinations; while
    /// it is none, after a reload, nothing is sent.
    DestinationSender(LiveConfig config, const Spool& spool, std::string name, Audit& audit);
    ~DestinationSender();  // lets the object in flight finish, joins

  private:
    void run(const std::stop_token& stop);
    void deliver_until_stopped(Journal& journal, const std::stop_token& stop);
    void wait(const std::stop_token& stop, Duration duration);

    LiveConfig config_;
    std::string name_;
    DestinationDelivery delivery_;
    std::mutex mutex_;
    std::condition_variable_any stopped_;
    std::jthread thread_;
};

}  // namespace calcnode::service

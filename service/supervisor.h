// Starts worker processes and starts them again when they die, with a growing pause when they die young. A
// dead worker's job is given back to the journal at once instead of after its lease. Lives on the control
// thread (the workers die with the thread that started them: PR_SET_PDEATHSIG).
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/types.h>

#include "service/journal.h"

namespace calcnode::service {

struct WorkerCommand {
    std::vector<std::string> arguments;  // of `calcnode worker`, configuration options only
    int count = 1;
};

class Supervisor {
  public:
    /// `journal` is the control thread's. Throws std::runtime_error when a process cannot be started.
    Supervisor(boost::asio::io_context& context, WorkerCommand command, Journal& journal);
    ~Supervisor();  // asks the workers to end, waits; kills those that do not within a few seconds

    int running() const { return running_; }  // any thread

  private:
    struct Worker {
        pid_t pid = 0;  // 0: not running, waits for `start_again`
        std::string owner;
        std::chrono::steady_clock::time_point started{};
        std::chrono::steady_clock::time_point start_again{};
        std::chrono::milliseconds pause{};
    };

    void start(Worker& worker);
    void watch_children();
    void reap();
    void schedule_restarts();

    WorkerCommand command_;
    Journal& journal_;
    int started_ = 0;
    std::atomic<int> running_{0};
    std::vector<Worker> workers_;
    boost::asio::signal_set children_;
    boost::asio::steady_timer restart_;
};

}  // namespace calcnode::service

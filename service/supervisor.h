// Starts worker processes and starts them again when they die, with a growing pause when they die young. A
// dead worker's job is given back to the journal at once instead of after its lease, and its death is
// counted. A worker that is stuck with a job, so that it does not even end itself, is killed. Lives on the
// control thread (the workers die with the thread that started them: PR_SET_PDEATHSIG).
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
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
    /// What they read as `--config`, put in front; nothing: no --config. A text and not the file's name: a
    /// file that was edited since, and is perhaps broken, counts only when it has been accepted.
    std::optional<std::string> configuration{};
    std::chrono::seconds
        job_timeout{};  // a worker ends itself then; one that does not is killed a little later
};

class Supervisor {
  public:
    /// `journal` is the control thread's. Throws std::runtime_error when a process cannot be started.
    Supervisor(boost::asio::io_context& context, WorkerCommand command, Journal& journal);
    ~Supervisor();  // asks the workers to end, waits; kills those that do not within a few seconds

    /// Workers give their job back and start again by the new command; as many as it says.
    void replace(WorkerCommand command);

    int running() const { return running_; }  // any thread

  private:
    struct Worker {
        pid_t pid = 0;  // 0: not running, waits for `start_again`
        std::string owner;
        std::chrono::steady_clock::time_point started{};
        std::chrono::steady_clock::time_point start_again{};
        std::chrono::milliseconds pause{};
        bool told_to_end = false;  // by replace(): starts again at once
        bool retired = false;      // by replace(): does not start again
        RunningJob job;            // as the journal says; id 0: none
        std::chrono::steady_clock::time_point job_seen{};
    };

    void start(Worker& worker);
    void watch_children();
    void reap();
    void release_jobs_of_dead();
    void schedule_restarts();
    void schedule_look();
    void look_at_jobs();

    WorkerCommand command_;
    Journal& journal_;
    int started_ = 0;
    std::atomic<int> running_{0};
    std::vector<Worker> workers_;
    std::vector<std::string> dead_;  // owners whose jobs the journal could not give back yet
    boost::asio::signal_set children_;
    boost::asio::steady_timer restart_;
    boost::asio::steady_timer look_;
};

}  // namespace calcnode::service

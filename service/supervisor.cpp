#include "service/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <thread>

#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service/log.h"
#include "service/owner.h"

namespace calcnode::service {

namespace {

using std::chrono::steady_clock;
constexpr std::chrono::milliseconds kShortestPause{200};
constexpr std::chrono::milliseconds kLongestPause{30'000};
constexpr std::chrono::seconds kYoung{10};         // dying before this age makes the pause grow
constexpr std::chrono::seconds kEndPatience{5};    // between SIGTERM and SIGKILL
constexpr std::chrono::seconds kLook{1};           // between two looks at who works on what
constexpr std::chrono::seconds kTimeoutGrace{10};  // over the time-out after which a worker ends itself
constexpr int kFirstInheritedDescriptor = 3;
constexpr int kConfigurationDescriptor = 3;
constexpr const char* kConfigurationPath = "/dev/fd/3";

std::string how_it_ended(int status) {
    if (WIFSIGNALED(status)) return std::string("signal ") + ::strsignal(WTERMSIG(status));
    return "exit status " + std::to_string(WEXITSTATUS(status));
}

/// A file without a name that holds the text, and its end.
class MemoryFile {
  public:
    explicit MemoryFile(const std::string& text)
        : fd_(::memfd_create("calcnode configuration", MFD_CLOEXEC)) {
        const bool whole =
            fd_ >= 0 && ::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        if (whole) return;
        const std::string why = std::strerror(errno);
        if (fd_ >= 0) ::close(fd_);
        throw std::runtime_error("cannot hand the configuration to a worker: " + why);
    }
    ~MemoryFile() { ::close(fd_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    int descriptor() const { return fd_; }

  private:
    int fd_;
};

// posix_spawn, not fork: this process has threads. Sockets of associations must not leak into the worker.
pid_t spawn(const std::vector<std::string>& arguments, int configuration) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (configuration >= 0)
        ::posix_spawn_file_actions_adddup2(&actions, configuration, kConfigurationDescriptor);
    const int first_closed = configuration >= 0 ? kConfigurationDescriptor + 1 : kFirstInheritedDescriptor;
    ::posix_spawn_file_actions_addclosefrom_np(&actions, first_closed);
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error(std::string("cannot start a worker: ") + std::strerror(error));
    return pid;
}

}  // namespace

Supervisor::Supervisor(boost::asio::io_context& context, WorkerCommand command, Journal& journal)
    : command_(std::move(command)),
      journal_(journal),
      workers_(static_cast<std::size_t>(command_.count)),
      children_(context, SIGCHLD),
      restart_(context),
      look_(context) {
    watch_children();
    for (Worker& worker : workers_)
        start(worker);
    schedule_look();
}

Supervisor::~Supervisor() {
    boost::system::error_code ignored;
    children_.cancel(ignored);
    for (const Worker& worker : workers_) {
        if (worker.pid != 0) ::kill(worker.pid, SIGTERM);
    }
    const auto deadline = steady_clock::now() + kEndPatience;
    for (Worker& worker : workers_) {
        while (worker.pid != 0) {
            int status = 0;
            if (::waitpid(worker.pid, &status, WNOHANG) != 0) {
                worker.pid = 0;
            } else if (steady_clock::now() >= deadline) {
                ::kill(worker.pid, SIGKILL);
                ::waitpid(worker.pid, &status, 0);
                worker.pid = 0;
            } else {
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
        }
    }
}

void Supervisor::start(Worker& worker) {
    worker.owner = make_owner("worker" + std::to_string(++started_));
    std::vector<std::string> arguments{"calcnode", "worker"};
    arguments.insert(arguments.end(), command_.arguments.begin(), command_.arguments.end());
    arguments.insert(arguments.end(), {"--owner", worker.owner, "--parent", std::to_string(::getpid())});
    std::optional<MemoryFile> configuration;
    if (command_.configuration) {
        configuration.emplace(*command_.configuration);
        arguments.insert(arguments.end(), {"--config", kConfigurationPath});
    }
    worker.pid = spawn(arguments, configuration ? configuration->descriptor() : -1);
    worker.told_to_end = false;
    ++running_;
    worker.started = steady_clock::now();
    log_info("worker_started", {{"pid", static_cast<long>(worker.pid)}, {"owner", worker.owner}});
}

void Supervisor::watch_children() {
    children_.async_wait([this](const boost::system::error_code& error, int) {
        if (error) return;
        reap();
        watch_children();
    });
}

void Supervisor::reap() {
    for (Worker& worker : workers_) {
        int status = 0;
        if (worker.pid == 0 || ::waitpid(worker.pid, &status, WNOHANG) != worker.pid) continue;
        const bool young = steady_clock::now() - worker.started < kYoung;
        worker.pause =
            young ? std::min(std::max(worker.pause * 2, kShortestPause), kLongestPause) : kShortestPause;
        if (worker.told_to_end) worker.pause = {};
        worker.start_again = steady_clock::now() + worker.pause;
        log_warn("worker_ended", {{"pid", static_cast<long>(worker.pid)},
                                  {"owner", worker.owner},
                                  {"how", how_it_ended(status)},
                                  {"restart_in_ms", static_cast<long>(worker.pause.count())}});
        worker.pid = 0;
        --running_;
        worker.job = {};
        dead_.push_back(worker.owner);
    }
    release_jobs_of_dead();
    std::erase_if(workers_, [](const Worker& worker) { return worker.retired && worker.pid == 0; });
    schedule_restarts();
}

void Supervisor::replace(WorkerCommand command) {
    command_ = std::move(command);
    int kept = 0;
    for (Worker& worker : workers_) {
        worker.retired = worker.retired || ++kept > command_.count;
        worker.told_to_end = worker.pid != 0;
        if (worker.pid != 0) ::kill(worker.pid, SIGTERM);
    }
    for (; kept < command_.count; ++kept)
        start(workers_.emplace_back());
    std::erase_if(workers_, [](const Worker& worker) { return worker.retired && worker.pid == 0; });
}

/// What the journal cannot do now is tried again at the next look.
void Supervisor::release_jobs_of_dead() {
    while (!dead_.empty()) {
        try {
            const int released = journal_.release_jobs(dead_.back());
            if (released > 0) log_warn("jobs_released", {{"owner", dead_.back()}, {"jobs", released}});
        } catch (const JournalError& error) {
            log_error("jobs_not_released", {{"owner", dead_.back()}, {"error", error.what()}});
            return;
        }
        dead_.pop_back();
    }
}

void Supervisor::schedule_look() {
    look_.expires_after(kLook);
    look_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        release_jobs_of_dead();
        look_at_jobs();
        schedule_look();
    });
}

/// By the steady clock: a machine whose clock jumps must not lose its workers.
void Supervisor::look_at_jobs() {
    std::vector<RunningJob> running;
    try {
        running = journal_.running_jobs();
    } catch (const JournalError&) {
        return;  // the next look sees it; those who need the journal for more than looking say what is wrong
    }
    for (Worker& worker : workers_) {
        const auto job = std::find_if(running.begin(), running.end(),
                                      [&](const RunningJob& one) { return one.owner == worker.owner; });
        if (worker.pid == 0 || job == running.end()) {
            worker.job = {};
        } else if (worker.job.id != job->id || worker.job.attempt != job->attempt) {
            worker.job = *job;
            worker.job_seen = steady_clock::now();
        } else if (steady_clock::now() - worker.job_seen > command_.job_timeout + kTimeoutGrace) {
            log_error("worker_stuck",
                      {{"pid", static_cast<long>(worker.pid)}, {"owner", worker.owner}, {"job", job->id}});
            ::kill(worker.pid, SIGKILL);  // reap() does the rest
        }
    }
}

void Supervisor::schedule_restarts() {
    auto next = steady_clock::time_point::max();
    for (const Worker& worker : workers_) {
        if (worker.pid == 0) next = std::min(next, worker.start_again);
    }
    if (next == steady_clock::time_point::max()) return;
    restart_.expires_at(next);
    restart_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        for (Worker& worker : workers_) {
            if (worker.pid == 0 && worker.start_again <= steady_clock::now()) start(worker);
        }
        schedule_restarts();
    });
}

}  // namespace calcnode::service

#include "service/picture_process.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service/log.h"

namespace calcnode::service {

namespace {

constexpr int kMaxWaiting = 3;  // of the server's handlers, one stays free for what needs no picture
constexpr std::size_t kMaxKeptBytes = 64u << 20;
constexpr std::int64_t kLongestMs = 20'000;
constexpr std::int64_t kIdleMs = 120'000;
constexpr int kFirstInheritedDescriptor = 3;

std::int64_t steady_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Counts one who waits, for as long as it lives.
class Place {
  public:
    Place(std::mutex& mutex, int& waiting) : mutex_(mutex), waiting_(waiting) {
        const std::lock_guard lock(mutex_);
        if (waiting_ >= kMaxWaiting)
            throw PictureError(PictureError::Kind::busy, "other pictures are being made");
        ++waiting_;
    }
    ~Place() {
        const std::lock_guard lock(mutex_);
        --waiting_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

  private:
    std::mutex& mutex_;
    int& waiting_;
};

[[noreturn]] void fail(const std::string& what) {
    throw PictureError(PictureError::Kind::failed, what);
}

}  // namespace

PictureProcess::PictureProcess() : idle_([this](const std::stop_token& stop) { end_when_idle(stop); }) {}

PictureProcess::~PictureProcess() {
    idle_.request_stop();
    idle_.join();
    end();
}

std::string PictureProcess::ask(const std::string& request, bool keep_it) {
    const Place place(waiting_mutex_, waiting_);
    const std::lock_guard lock(mutex_);
    if (const std::string* known = find_kept(request)) return *known;
    std::string answer;
    try {
        answer = exchange(request);
    } catch (const PictureError&) {
        throw;
    } catch (const std::exception& error) {
        end();
        fail(error.what());
    }
    if (keep_it) keep(request, answer);
    return answer;
}

std::string PictureProcess::exchange(const std::string& request) {
    if (pid_ != 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;  // killed: by a limit, by somebody
    if (pid_ == 0) {
        end();
        start();
    }
    deadline_ms_ = steady_ms() + kLongestMs;
    used_ms_ = steady_ms();
    const std::string line = request + "\n";
    if (::write(to_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        throw std::runtime_error("the process that makes pictures has ended");
    const auto head = nlohmann::json::parse(read_line());
    std::string body = read_bytes(head.at("bytes").get<std::size_t>());
    if (!head.at("ok").get<bool>()) fail(head.at("error").get<std::string>());
    return body;
}

// posix_spawn, not fork: this process has threads. It lends the processor to everybody else (nice).
void PictureProcess::start() {
    std::array<int, 2> in{}, out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0) throw std::runtime_error(std::strerror(errno));
    if (::pipe2(out.data(), O_CLOEXEC) != 0) {
        ::close(in[0]);
        ::close(in[1]);
        throw std::runtime_error(std::strerror(errno));
    }
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, kFirstInheritedDescriptor);
    std::string name = "calcnode";
    std::string command = "pictures";
    std::array<char*, 3> argv{name.data(), command.data(), nullptr};
    const int error = ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
    unread_.clear();
    if (error != 0) {
        pid_ = 0;
        end();
        throw std::runtime_error(std::string("the process that makes pictures cannot be started: ") +
                                 std::strerror(error));
    }
    log_debug("pictures_started", {{"pid", static_cast<long>(pid_)}});
}

void PictureProcess::end() {
    if (to_ >= 0) ::close(to_);
    if (from_ >= 0) ::close(from_);
    to_ = from_ = -1;
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
}

void PictureProcess::fill() {
    pollfd readable{from_, POLLIN, 0};
    const std::int64_t left = deadline_ms_ - steady_ms();
    if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) == 0)
        throw std::runtime_error("it takes too long");
    std::array<char, 65536> buffer;
    const ssize_t got = ::read(from_, buffer.data(), buffer.size());
    if (got <= 0)
        throw std::runtime_error("the process that makes pictures has ended: the file may be damaged");
    unread_.append(buffer.data(), static_cast<std::size_t>(got));
}

std::string PictureProcess::read_line() {
    std::size_t end_of_line = 0;
    while ((end_of_line = unread_.find('\n')) == std::string::npos)
        fill();
    std::string line = unread_.substr(0, end_of_line);
    unread_.erase(0, end_of_line + 1);
    return line;
}

std::string PictureProcess::read_bytes(std::size_t count) {
    while (unread_.size() < count)
        fill();
    std::string bytes = unread_.substr(0, count);
    unread_.erase(0, count);
    return bytes;
}

const std::string* PictureProcess::find_kept(const std::string& request) {
    for (auto one = kept_.begin(); one != kept_.end(); ++one) {
        if (one->request != request) continue;
        kept_.splice(kept_.begin(), kept_, one);
        return &kept_.front().answer;
    }
    return nullptr;
}

void PictureProcess::keep(const std::string& request, const std::string& answer) {
    kept_.push_front({request, answer});
    kept_bytes_ += answer.size();
    while (kept_bytes_ > kMaxKeptBytes) {
        kept_bytes_ -= kept_.back().answer.size();
        kept_.pop_back();
    }
}

void PictureProcess::end_when_idle(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        stopped_.wait_for(lock, stop, std::chrono::milliseconds(kIdleMs / 4), [] { return false; });
        if (pid_ != 0 && steady_ms() - used_ms_ > kIdleMs) end();
    }
}

}  // namespace calcnode::service

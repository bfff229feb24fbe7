// Pictures, findings and names out of stored files, by a process that is started when the first is asked for,
// ended when nobody has asked for some minutes, and killed when it takes too long. One request at a time; a
// few may wait. Answers are kept in memory, the latest first, up to a bound. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include <sys/types.h>

namespace calcnode::service {

class PictureError : public std::runtime_error {
  public:
    enum class Kind { busy, failed };
    PictureError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
    Kind kind() const { return kind_; }

  private:
    Kind kind_;
};

class PictureProcess {
  public:
    PictureProcess();
    ~PictureProcess();  // ends the process
    PictureProcess(const PictureProcess&) = delete;
    PictureProcess& operator=(const PictureProcess&) = delete;

    /// The answer to a line of JSON (picture_command). `keep`: the same line is answered from memory next
    /// time; not for what holds names. Throws PictureError: busy when too many wait; failed with the reason.
    std::string ask(const std::string& request, bool keep);

  private:
    struct Kept {
        std::string request;
        std::string answer;
    };

    std::string exchange(const std::string& request);
    void start();
    void end();
    std::string read_line();
    std::string read_bytes(std::size_t count);
    void fill();
    const std::string* find_kept(const std::string& request);
    void keep(const std::string& request, const std::string& answer);
    void end_when_idle(const std::stop_token& stop);

    std::mutex mutex_;  // of everything but `waiting_`
    std::condition_variable_any stopped_;
    std::list<Kept> kept_;
    std::size_t kept_bytes_ = 0;
    pid_t pid_ = 0;  // 0: not running
    int to_ = -1;
    int from_ = -1;
    std::string unread_;
    std::int64_t deadline_ms_ = 0;  // steady clock
    std::int64_t used_ms_ = 0;
    std::mutex waiting_mutex_;
    int waiting_ = 0;
    std::jthread idle_;
};

}  // namespace calcnode::service

#include "service/change_watcher.h"

#include <chrono>

#include <nlohmann/json.hpp>

#include "service/journal.h"
#include "service/log.h"

namespace calcnode::service {

namespace {

constexpr std::chrono::milliseconds kInterval{400};

std::string marks_json(const JournalMarks& marks) {
    return nlohmann::json{{"instance", marks.instance},
                          {"event", marks.event},
                          {"delivered", marks.delivered},
                          {"started", marks.started}}
        .dump();
}

}  // namespace

ChangeWatcher::ChangeWatcher(std::string journal_url, HttpServer& server)
    : journal_url_(std::move(journal_url)),
      server_(server),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void ChangeWatcher::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            watch(stop);
        } catch (const std::exception& error) {
            log_error("status_unavailable", {{"error", error.what()}});
            wait(stop);
        }
    }
}

void ChangeWatcher::watch(const std::stop_token& stop) {
    Journal journal = Journal::open(journal_url_);
    JournalMarks seen;
    while (!stop.stop_requested()) {
        if (server_.listeners() > 0) {
            const JournalMarks marks = journal.marks();
            if (!(marks == seen)) server_.publish("changed", marks_json(marks));
            seen = marks;
        }
        wait(stop);
    }
}

void ChangeWatcher::wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, kInterval, [] { return false; });
}

}  // namespace calcnode::service

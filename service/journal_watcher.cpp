#include "service/journal_watcher.h"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "service/log.h"

namespace calcnode::service {

namespace {

constexpr std::chrono::milliseconds kInterval{400};
constexpr int kCountEvery = 5;    // looks
constexpr int kSampleEvery = 25;  // looks: ten seconds
constexpr Duration kOverlap{30'000};

std::string marks_json(const JournalMarks& marks) {
    return nlohmann::json{{"instance", marks.instance},
                          {"event", marks.event},
                          {"delivered", marks.delivered},
                          {"started", marks.started}}
        .dump();
}

/// Calls `count` for each row that was not counted before, and moves `from` on, but for the overlap.
template <typename Row, typename Count>
void count_new(const std::vector<Row>& rows, std::map<std::int64_t, Time>& counted, Time& from, Count count) {
    Time latest = from;
    for (const Row& row : rows) {
        latest = std::max(latest, row.finished);
        const auto known = counted.find(row.id);
        if (known != counted.end() && known->second == row.finished) continue;
        counted[row.id] = row.finished;
        count(row);
    }
    from = std::max(from, latest - kOverlap);
    std::erase_if(counted, [&](const auto& one) { return one.second < from; });
}

}  // namespace

JournalWatcher::JournalWatcher(std::string journal_url, const Spool& spool, Metrics& metrics,
                               HttpServer& server)
    : journal_url_(std::move(journal_url)),
      spool_(spool),
      metrics_(metrics),
      server_(server),
      jobs_from_(now()),
      deliveries_from_(now()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void JournalWatcher::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            watch(stop);
        } catch (const std::exception& error) {
            log_error("status_unavailable", {{"error", error.what()}});
            wait(stop);
        }
    }
}

void JournalWatcher::watch(const std::stop_token& stop) {
    Journal journal = Journal::open(journal_url_);
    for (int look = 0; !stop.stop_requested(); ++look) {
        if (server_.listeners() > 0) tell_changes(journal);
        if (look % kCountEvery == 0) count_ended(journal);
        if (look % kSampleEvery == 0) sample(journal);
        wait(stop);
    }
}

void JournalWatcher::tell_changes(Journal& journal) {
    const JournalMarks marks = journal.marks();
    if (!(marks == seen_)) server_.publish("changed", marks_json(marks));
    seen_ = marks;
}

void JournalWatcher::count_ended(Journal& journal) {
    count_new(journal.finished_jobs(jobs_from_), counted_jobs_, jobs_from_,
              [this](const FinishedJob& job) { metrics_.job_finished(job); });
    count_new(journal.finished_deliveries(deliveries_from_), counted_deliveries_, deliveries_from_,
              [this](const FinishedDelivery& delivery) { metrics_.delivery_finished(delivery); });
}

void JournalWatcher::sample(Journal& journal) {
    const QueueDepths depths = journal.queue_depths();
    MetricsSample sample;
    sample.at = now();
    sample.open_studies = depths.open_studies;
    sample.jobs = depths.jobs;
    sample.deliveries = depths.deliveries;
    sample.disk_free = spool_.free_bytes();
    metrics_.sample(sample);
}

void JournalWatcher::wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, kInterval, [] { return false; });
}

}  // namespace calcnode::service

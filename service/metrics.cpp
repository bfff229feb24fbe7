#include "service/metrics.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "service/metrics_text.h"

namespace calcnode::service {

namespace {

constexpr std::size_t kMaxSamples = 6 * 60 * 6;  // six hours at ten seconds

std::vector<double> stage_bounds() {
    return {0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300};
}

std::vector<double> latency_bounds() {
    return {1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400};
}

double seconds(Duration duration) {
    return std::max(0.0, std::chrono::duration<double>(duration).count());
}

}  // namespace

void Histogram::observe(double value) {
    const auto place = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    ++counts_[static_cast<std::size_t>(place - bounds_.begin())];
    sum_ += value;
}

std::uint64_t Histogram::up_to(std::size_t i) const {
    std::uint64_t total = 0;
    for (std::size_t k = 0; k <= i; ++k)
        total += counts_[k];
    return total;
}

void LabelledCounter::add(const Labels& labels, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    if (values_.size() >= kMaxLabels && values_.find(labels) == values_.end()) {
        values_[Labels(labels.size(), "other")] += count;
    } else {
        values_[labels] += count;
    }
}

std::map<LabelledCounter::Labels, std::uint64_t> LabelledCounter::values() const {
    const std::lock_guard lock(mutex_);
    return values_;
}

Metrics::Metrics() : latency_(latency_bounds()) {}

void Metrics::refused(std::uint16_t status, const std::string& reason) {
    std::array<char, 8> hexadecimal{};
    std::snprintf(hexadecimal.data(), hexadecimal.size(), "%04X", static_cast<unsigned>(status));
    refusals_.add({hexadecimal.data(), reason});
}

void Metrics::association_ended(const std::string& end, std::uint64_t bytes) {
    bytes_ += bytes;
    associations_.add({end.substr(0, end.find(':'))});
}

void Metrics::association_rejected(const std::string& reason) {
    rejections_.add({reason});
}

void Metrics::job_finished(const FinishedJob& job) {
    jobs_.add({job.failed ? "failed" : "done"});
    const std::lock_guard lock(mutex_);
    ++studies_;
    const auto observe = [this](const std::string& stage, Duration took) {
        stages_.try_emplace(stage, stage_bounds()).first->second.observe(seconds(took));
    };
    observe("wait", job.started - job.created);
    observe("all", job.finished - job.started);
    for (const auto& [stage, took] : job.stages)
        observe(stage, took);
}

void Metrics::delivery_finished(const FinishedDelivery& delivery) {
    deliveries_.add({delivery.destination, delivery.state});
    if (delivery.state != "delivered") return;
    const std::lock_guard lock(mutex_);
    ++delivered_;
    const double latency = seconds(delivery.finished - delivery.arrived);
    latency_.observe(latency);
    latencies_.push_back(latency);
}

void Metrics::sample(MetricsSample sample) {
    const std::lock_guard lock(mutex_);
    sample.instances = instances_;
    sample.bytes = bytes_;
    sample.studies = studies_;
    sample.delivered = delivered_;
    if (!latencies_.empty()) {
        std::sort(latencies_.begin(), latencies_.end());
        sample.latency_median_s = latencies_[latencies_.size() / 2];
        sample.latency_longest_s = latencies_.back();
        latencies_.clear();
    }
    if (samples_.size() >= kMaxSamples) samples_.erase(samples_.begin());
    samples_.push_back(sample);
}

std::vector<MetricsSample> Metrics::samples() const {
    const std::lock_guard lock(mutex_);
    return samples_;
}

std::string Metrics::exposition(const Now& now) const {
    MetricsText text;
    text.family("calcnode_build_info", "gauge", "Always 1; the version is a label.")
        .value({{"version", CALCNODE_VERSION}}, 1);
    text.family("calcnode_model_info", "gauge", "Always 1; which model workers of this configuration load.")
        .value({{"name", now.model_name}, {"version", now.model_version}, {"digest", now.model_digest}}, 1);
    text.family("calcnode_draining", "gauge", "1 while no new association is admitted.")
        .value({}, now.draining);

    // -- this process
    text.family("calcnode_instances_received_total", "counter", "Objects that were answered with Success.")
        .value({}, instances_);
    text.family("calcnode_received_bytes_total", "counter",
                "Bytes of data sets that came in, counted when an association ends.")
        .value({}, bytes_);
    text.family("calcnode_instances_refused_total", "counter", "Objects that were not, by status and reason.")
        .counts({"status", "reason"}, refusals_);
    text.family("calcnode_associations", "gauge", "Associations that are open.").value({}, now.associations);
    text.family("calcnode_associations_total", "counter", "Associations that ended, by how.")
        .counts({"end"}, associations_);
    text.family("calcnode_associations_rejected_total", "counter", "Connections that got no association.")
        .counts({"reason"}, rejections_);
    text.family("calcnode_workers", "gauge", "Worker processes of this node.").value({}, now.workers);
    text.family("calcnode_disk_free_bytes", "gauge", "Free space where the spool is.")
        .value({}, now.disk_free);
    text.family("calcnode_disk_size_bytes", "gauge", "Size of the file system where the spool is.")
        .value({}, now.disk_total);

    // -- the journal, and so everybody who shares it
    const JournalCounts& counts = now.counts;
    text.family("calcnode_queue_depth", "gauge",
                "What waits, in the journal: the same from every node that shares it.")
        .value({{"queue", "open_studies"}}, counts.studies_open)
        .value({{"queue", "jobs_queued"}}, counts.jobs_queued)
        .value({{"queue", "jobs_running"}}, counts.jobs_running)
        .value({{"queue", "deliveries"}}, counts.deliveries_pending);
    const auto age = [&](Time oldest) { return oldest == Time{} ? 0.0 : seconds(now.at - oldest); };
    text.family("calcnode_queue_oldest_age_seconds", "gauge",
                "How long the oldest of each queue has waited; 0: none does.")
        .value({{"queue", "open_studies"}}, age(now.ages.oldest_open_study))
        .value({{"queue", "jobs_queued"}}, age(now.ages.oldest_queued_job))
        .value({{"queue", "deliveries"}}, age(now.ages.oldest_pending_delivery));
    auto& states =
        text.family("calcnode_deliveries", "gauge", "Deliveries in the journal, by destination and state.");
    for (const DestinationActivity& one : now.destinations) {
        const auto of = [&](const char* state, std::int64_t count) {
            states.value({{"destination", one.destination}, {"state", state}}, count);
        };
        of("pending", one.deliveries.pending);
        of("delivered", one.deliveries.delivered);
        of("not_accepted", one.deliveries.not_accepted);
        of("dead", one.deliveries.dead);
    }
    text.family("calcnode_deliveries_finished_total", "counter",
                "Deliveries that ended since this node started.")
        .counts({"destination", "outcome"}, deliveries_);
    text.family("calcnode_jobs_finished_total", "counter", "Jobs that ended since this node started.")
        .counts({"outcome"}, jobs_);
    const std::lock_guard lock(mutex_);
    auto& stages = text.family("calcnode_analysis_seconds", "histogram",
                               "Time of a job by stage: wait, decode, find, write, and all but the wait.");
    for (const auto& [stage, histogram] : stages_)
        stages.histogram({{"stage", stage}}, histogram);
    text.family("calcnode_arrival_to_delivery_seconds", "histogram",
                "From a study's last image, or a forwarded object, to an object's delivery.")
        .histogram({}, latency_);
    return text.text();
}

}  // namespace calcnode::service

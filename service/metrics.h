// What /metrics and the dashboard's plots show: counters of this process, and what the journal says of
// everybody's work. Thread-safe; counting costs a few nanoseconds.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "service/journal.h"

namespace calcnode::service {

/// A histogram in the sense of Prometheus: how many values are at most each bound. Not thread-safe by itself.
class Histogram {
  public:
    explicit Histogram(std::vector<double> bounds)
        : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}
    void observe(double value);
    const std::vector<double>& bounds() const { return bounds_; }
    /// Values at most bounds()[i], all of them for i = bounds().size().
    std::uint64_t up_to(std::size_t i) const;
    double sum() const { return sum_; }

  private:
    std::vector<double> bounds_;
    std::vector<std::uint64_t> counts_;
    double sum_ = 0;
};

/// Counters under labels, of which at most `kMaxLabels` different ones are kept: what comes from outside must
/// not fill the memory. The rest counts as "other". Thread-safe.
class LabelledCounter {
  public:
    static constexpr std::size_t kMaxLabels = 100;
    using Labels = std::vector<std::string>;  // values, in the order of the family's label names
    void add(const Labels& labels, std::uint64_t count = 1);
    std::map<Labels, std::uint64_t> values() const;

  private:
    mutable std::mutex mutex_;
    std::map<Labels, std::uint64_t> values_;
};

/// One point of the plots.
struct MetricsSample {
    Time at{};
    std::uint64_t instances = 0;  // stored since the start of the process
    std::uint64_t bytes = 0;
    std::uint64_t studies = 0;    // analysed, seen since the start
    std::uint64_t delivered = 0;  // objects, seen since the start
    std::int64_t open_studies = 0;
    std::int64_t jobs = 0;        // queued or running
    std::int64_t deliveries = 0;  // pending
    double latency_median_s =
        0;  // arrival to delivery of what was delivered since the sample before; 0: nothing
    double latency_longest_s = 0;
    std::uint64_t disk_free = 0;  // bytes
};

class Metrics {
  public:
    Metrics();

    // -- receiving; called by association threads
    void stored() { ++instances_; }
    /// `status`: DIMSE status; `reason`: what the sender was told.
    void refused(std::uint16_t status, const std::string& reason);
    /// `end`: how; what stands behind a colon is left out. `bytes`: what it brought.
    void association_ended(const std::string& end, std::uint64_t bytes);
    void association_rejected(const std::string& reason);

    // -- from the journal; called by the sampler
    void job_finished(const FinishedJob& job);
    void delivery_finished(const FinishedDelivery& delivery);
    /// Keeps it for the plots, six hours of them.
    void sample(MetricsSample sample);

    // -- shown
    std::vector<MetricsSample> samples() const;

    /// What is not counted but looked up when asked for.
    struct Now {
        JournalCounts counts;
        QueueAges ages;
        std::vector<DestinationActivity> destinations;
        int associations = 0;
        int workers = 0;
        bool draining = false;
        std::uint64_t disk_free = 0;
        std::uint64_t disk_total = 0;
        std::string model_name;
        std::string model_version;
        std::string model_digest;
        Time at{};
    };
    /// Text format 0.0.4 of Prometheus.
    std::string exposition(const Now& now) const;

  private:
    std::atomic<std::uint64_t> instances_{0};
    std::atomic<std::uint64_t> bytes_{0};
    LabelledCounter refusals_;
    LabelledCounter associations_;
    LabelledCounter rejections_;
    LabelledCounter jobs_;        // outcome
    LabelledCounter deliveries_;  // destination, outcome

    mutable std::mutex mutex_;  // of everything below
    std::map<std::string, Histogram> stages_;
    Histogram latency_;
    std::vector<double> latencies_;  // since the last sample
    std::uint64_t studies_ = 0;
    std::uint64_t delivered_ = 0;
    std::vector<MetricsSample> samples_;
};

}  // namespace calcnode::service

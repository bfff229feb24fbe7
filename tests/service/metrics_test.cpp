#include "service/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace calcnode::service {
namespace {

using testing::HasSubstr;
using testing::Not;

Time at(long long milliseconds) {
    return Time(Duration(1'700'000'000'000 + milliseconds));
}

std::string text_of(const Metrics& metrics, Metrics::Now now = {}) {
    now.at = at(60'000);
    return metrics.exposition(now);
}

TEST(Histogram, CountsAValueOnItsBoundBelowIt) {
    Histogram histogram({1, 10});
    for (const double value : {0.5, 1.0, 1.5, 10.0, 11.0})
        histogram.observe(value);
    EXPECT_EQ(histogram.up_to(0), 2u);
    EXPECT_EQ(histogram.up_to(1), 4u);
    EXPECT_EQ(histogram.up_to(2), 5u);
    EXPECT_DOUBLE_EQ(histogram.sum(), 24.0);
}

TEST(LabelledCounter, KeepsABoundedNumberOfLabels) {
    LabelledCounter counter;
    for (int i = 0; i < 1000; ++i)
        counter.add({"reason " + std::to_string(i)});
    EXPECT_EQ(counter.values().size(), LabelledCounter::kMaxLabels + 1);
    EXPECT_EQ(counter.values().at({"other"}), 1000 - LabelledCounter::kMaxLabels);
}

TEST(Metrics, CountsWhatWasStoredAndRefused) {
    Metrics metrics;
    metrics.stored();
    metrics.refused(0xA700, "no \"space\" left");
    metrics.association_ended("error: a peer's words", 1234);
    const std::string text = text_of(metrics);
    EXPECT_THAT(text, HasSubstr("calcnode_instances_received_total 1\n"));
    EXPECT_THAT(
        text,
        HasSubstr("calcnode_instances_refused_total{status=\"A700\",reason=\"no \\\"space\\\" left\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("calcnode_received_bytes_total 1234\n"));
    EXPECT_THAT(text, HasSubstr("calcnode_associations_total{end=\"error\"} 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("words")));
}

TEST(Metrics, TimesJobsByStageAndDeliveriesFromArrival) {
    Metrics metrics;
    metrics.job_finished({.id = 1,
                          .created = at(0),
                          .started = at(500),
                          .finished = at(2500),
                          .stages = {{"find", Duration(1500)}}});
    metrics.delivery_finished(
        {.id = 1, .destination = "pacs", .state = "delivered", .arrived = at(0), .finished = at(4000)});
    metrics.delivery_finished(
        {.id = 2, .destination = "pacs", .state = "dead", .arrived = at(0), .finished = at(9000)});
    const std::string text = text_of(metrics);
    EXPECT_THAT(text, HasSubstr("calcnode_analysis_seconds_sum{stage=\"wait\"} 0.5\n"));
    EXPECT_THAT(text, HasSubstr("calcnode_analysis_seconds_sum{stage=\"all\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("calcnode_analysis_seconds_sum{stage=\"find\"} 1.5\n"));
    EXPECT_THAT(text, HasSubstr("calcnode_arrival_to_delivery_seconds_bucket{le=\"2\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("calcnode_arrival_to_delivery_seconds_bucket{le=\"5\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("calcnode_arrival_to_delivery_seconds_count 1\n"));
    EXPECT_THAT(text,
                HasSubstr("calcnode_deliveries_finished_total{destination=\"pacs\",outcome=\"dead\"} 1\n"));
}

TEST(Metrics, AnAgeIsThatOfTheOldestAndZeroOfNone) {
    Metrics::Now now;
    now.ages.oldest_queued_job = at(45'000);
    const std::string text = text_of(Metrics(), now);
    EXPECT_THAT(text, HasSubstr("calcnode_queue_oldest_age_seconds{queue=\"jobs_queued\"} 15\n"));
    EXPECT_THAT(text, HasSubstr("calcnode_queue_oldest_age_seconds{queue=\"deliveries\"} 0\n"));
}

TEST(Metrics, ASampleHasTheLatencyOfWhatCameSinceTheLast) {
    Metrics metrics;
    for (const int seconds : {1, 2, 9})
        metrics.delivery_finished(
            {.destination = "pacs", .state = "delivered", .arrived = at(0), .finished = at(1000 * seconds)});
    metrics.sample({});
    metrics.sample({});
    ASSERT_EQ(metrics.samples().size(), 2u);
    EXPECT_DOUBLE_EQ(metrics.samples()[0].latency_median_s, 2);
    EXPECT_DOUBLE_EQ(metrics.samples()[0].latency_longest_s, 9);
    EXPECT_DOUBLE_EQ(metrics.samples()[1].latency_longest_s, 0);
    EXPECT_EQ(metrics.samples()[1].delivered, 3u);
}

}  // namespace
}  // namespace calcnode::service

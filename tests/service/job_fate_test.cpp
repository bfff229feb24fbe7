#include "service/job_fate.h"

#include <gtest/gtest.h>

namespace calcnode::service {
namespace {

using Kind = JobFate::Kind;

config::Analysis rules() {
    config::Analysis analysis;
    analysis.max_attempts = 3;
    analysis.max_worker_deaths = 2;
    return analysis;
}

JobFate after(int attempt, int worker_deaths) {
    Job job;
    job.attempt = attempt;
    job.worker_deaths = worker_deaths;
    return fate_of(job, rules());
}

TEST(JobFate, AnalysesWhileBothLimitsHold) {
    EXPECT_EQ(after(1, 0).kind, Kind::analyse);
    EXPECT_EQ(after(2, 1).kind, Kind::analyse);
    EXPECT_EQ(after(3, 0).kind, Kind::analyse);
}

TEST(JobFate, ReportsFailureWhenTheWorkerDiedTwice) {
    EXPECT_EQ(after(3, 2).kind, Kind::report_failure);
    EXPECT_EQ(after(3, 2).reason, "analysis ended its worker process in 2 attempts");
    EXPECT_EQ(after(4, 3).kind, Kind::report_failure);
}

TEST(JobFate, ReportsFailureWhenItNeverEnds) {
    EXPECT_EQ(after(4, 0).kind, Kind::report_failure);
    EXPECT_EQ(after(4, 0).reason, "analysis did not end in 3 attempts");
    EXPECT_EQ(after(6, 0).kind, Kind::report_failure);
}

TEST(JobFate, SetsAsideWhatEvenItsReportDoesNotSurvive) {
    EXPECT_EQ(after(5, 4).kind, Kind::set_aside);
    EXPECT_EQ(after(7, 0).kind, Kind::set_aside);
}

}  // namespace
}  // namespace calcnode::service

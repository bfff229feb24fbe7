#include "service/job_fate.h"

namespace calcnode::service {

namespace {

std::string times(int count, const char* what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

JobFate fate_of(const Job& job, const config::Analysis& rules) {
    using Kind = JobFate::Kind;
    const bool deadly = job.worker_deaths >= rules.max_worker_deaths;
    const bool endless = job.attempt > rules.max_attempts;
    if (!deadly && !endless) return {};
    JobFate fate{Kind::report_failure,
                 deadly ? "analysis ended its worker process in " + times(job.worker_deaths, "attempt")
                        : "analysis did not end in " + times(rules.max_attempts, "attempt")};
    if (job.worker_deaths >= 2 * rules.max_worker_deaths || job.attempt > 2 * rules.max_attempts)
        fate.kind = Kind::set_aside;
    return fate;
}

}  // namespace calcnode::service

// What to do with a job that has ended its workers before: analyse it once more, only report that it failed,
// or set it aside so that the queue goes on. Pure; any thread.
#pragma once

#include <string>

#include "config/config.h"
#include "service/types.h"

namespace calcnode::service {

struct JobFate {
    enum class Kind {
        analyse,
        report_failure,  // nothing is decoded: every image is reported as failed for `reason`
        set_aside,       // even the report has ended workers: the job ends as failed, without objects
    } kind = Kind::analyse;
    std::string reason;
};

/// `job` as it was claimed: its attempt and worker deaths decide, by analysis.max_attempts and
/// analysis.max_worker_deaths. Twice either limit and the job is set aside.
JobFate fate_of(const Job& job, const config::Analysis& rules);

}  // namespace calcnode::service

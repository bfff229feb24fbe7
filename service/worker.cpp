#include "service/worker.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dicom/error.h"
#include "dicom/fail_point.h"
#include "service/job_lease.h"
#include "service/job_runner.h"
#include "service/journal.h"
#include "service/log.h"
#include "service/owner.h"
#include "service/result_plan.h"
#include "service/spool.h"

namespace calcnode::service {

namespace {

constexpr Duration kPollInterval{200};
constexpr Duration kAfterError{1000};

std::atomic<bool> stop_requested{
    false};  // written by the signal handler: the one place where a global is needed

void request_stop(int) {
    stop_requested = true;
}

void install_signal_handlers() {
    struct sigaction action {};
    action.sa_handler = request_stop;
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
}

// A worker that `serve` started must not outlive it: after a restart its successor would compete with it.
bool tie_to_parent(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    return ::getppid() == parent;  // it may have died before the call above
}

void limit_memory(std::uint64_t bytes) {
    if (bytes == 0) return;
    const rlimit limit{bytes, bytes};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) {
        log_warn("memory_limit_failed", {{"error", std::strerror(errno)}});
    }
}

void pause(Duration duration) {
    // Interrupted by a signal: nanosleep returns early, unlike std::this_thread::sleep_for.
    const timespec time{duration.count() / 1000, (duration.count() % 1000) * 1'000'000};
    ::nanosleep(&time, nullptr);
}

struct Workplace {
    const config::Config& config;
    const Spool& spool;
    const JobRunner& runner;
    std::string owner;
};

JobOutcome run_once(const Workplace& place, const Job& job, const std::optional<std::string>& give_up) {
    const auto folder = place.spool.result_folder(job.study_instance_uid, job.generation);
    JobOutcome outcome = place.runner.run(job, place.spool.root(), place.spool.absolute(folder), give_up);
    for (dicom::ResultObject& object : outcome.objects)
        object.path = folder / object.path.filename();
    return outcome;
}

// A study never goes silent: when its findings make no valid objects it gets a report that says failed, and
// only when even that cannot be written (sources that contradict each other) does the job end without
// objects.
JobOutcome run_or_explain(const Workplace& place, const Job& job) {
    std::optional<std::string> give_up;
    if (job.attempt > place.config.analysis.max_attempts) {
        give_up =
            "analysis did not end in " + std::to_string(place.config.analysis.max_attempts) + " attempts";
    }
    for (;;) {
        try {
            return run_once(place, job, give_up);
        } catch (const dicom::Error& error) {
            if (error.code() == dicom::ErrorCode::file_error)
                throw;  // the disk, not the study: try again later
            log_error(
                "results_refused",
                {{"job", job.id}, {"study_instance_uid", job.study_instance_uid}, {"error", error.what()}});
            if (give_up) {
                JobOutcome outcome;
                outcome.failed = true;
                outcome.summary = std::string("no results could be written: ") + error.what();
                return outcome;
            }
            give_up = std::string("results could not be written: ") + error.what();
        }
    }
}

void do_job(const Workplace& place, const Job& job, JobLease& lease, Journal& journal) {
    const auto started = std::chrono::steady_clock::now();
    log_info("job_started", {{"job", job.id},
                             {"study_instance_uid", job.study_instance_uid},
                             {"generation", job.generation},
                             {"attempt", job.attempt},
                             {"images", job.images.size()}});
    lease.begin(job);
    dicom::fail_point("job.claimed", job.study_instance_uid);
    JobOutcome outcome;
    try {
        outcome = run_or_explain(place, job);
    } catch (const std::exception&) {
        // Not the study's fault (a full disk, say): the try does not count.
        lease.end();
        journal.return_job(job, place.owner);
        throw;
    }
    lease.end();
    dicom::fail_point("job.written", job.study_instance_uid);
    std::vector<ResultToRecord> results;
    for (const dicom::ResultObject& object : outcome.objects)
        results.push_back({object, wanting_destinations(place.config, job.destinations, object)});
    const bool recorded = journal.complete_job(job, place.owner, results, outcome.failed, outcome.summary,
                                               now(), outcome.stages);
    const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - started);
    log_info(recorded ? "job_done" : "job_lease_lost", {{"job", job.id},
                                                        {"study_instance_uid", job.study_instance_uid},
                                                        {"summary", outcome.summary},
                                                        {"objects", outcome.objects.size()},
                                                        {"failed", outcome.failed ? "yes" : "no"},
                                                        {"ms", static_cast<long>(took.count())}});
}

void work_until_stopped(const Workplace& place, JobLease& lease) {
    Journal journal = Journal::open(config::journal_url(place.config));
    while (!stop_requested) {
        if (const auto job = journal.claim_job(place.owner, now(), place.config.analysis.lease)) {
            do_job(place, *job, lease, journal);
        } else {
            pause(kPollInterval);
        }
    }
}

}  // namespace

int run_worker(const config::Config& config, const WorkerOptions& options) {
    install_signal_handlers();
    if (options.parent && !tie_to_parent(*options.parent)) return 0;
    limit_memory(config.analysis.memory_limit);
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    const int threads = config.analysis.threads > 0
                            ? config.analysis.threads
                            : std::max(1, cores / std::max(1, config.analysis.workers));
    pipeline::set_threads(threads);

    const JobRunner runner(config);
    const Spool spool(config.data_dir / "spool");
    const Workplace place{config, spool, runner,
                          options.owner.empty() ? make_owner("worker") : options.owner};
    log_info("worker_ready", {{"owner", place.owner},
                              {"model", runner.model().name},
                              {"model_version", runner.model().version},
                              {"threads", threads}});
    JobLease lease(config, place.owner, stop_requested);
    while (!stop_requested) {
        try {
            work_until_stopped(place, lease);
        } catch (const std::exception& error) {
            log_error("worker_halted", {{"owner", place.owner}, {"error", error.what()}});
            pause(kAfterError);
        }
    }
    return 0;
}

}  // namespace calcnode::service

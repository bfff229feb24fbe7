#include "service/worker.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "dicom/error.h"
#include "dicom/fail_point.h"
#include "service/job_fate.h"
#include "service/job_lease.h"
#include "service/job_runner.h"
#include "service/journal.h"
#include "service/log.h"
#include "service/owner.h"
#include "service/result_plan.h"
#include "service/spool.h"
#include "service/worker_limits.h"

namespace calcnode::service {

namespace {

constexpr Duration kPollInterval{200};
constexpr Duration kAfterError{1000};
constexpr int kHaltsOfAProcess = 20;  // then a supervised worker ends, and `serve` starts a fresh one
constexpr int kExitHalted = 1;

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

JobOutcome without_objects(const std::string& summary) {
    JobOutcome outcome;
    outcome.failed = true;
    outcome.summary = summary;
    return outcome;
}

/// What is not the study's fault and passes without it. Anything else (out of memory, a fault of ours) would
/// meet the same study again and again.
bool is_trouble_of_the_machine(const std::exception& error) {
    const auto* ours = dynamic_cast<const dicom::Error*>(&error);
    return (ours != nullptr && ours->code() == dicom::ErrorCode::file_error) ||
           dynamic_cast<const SpoolError*>(&error) != nullptr ||
           dynamic_cast<const JournalError*>(&error) != nullptr;
}

/// A report refers to its images and copies their patient: without the file there is nothing to say of an
/// image.
Job without_lost_images(const Spool& spool, Job job) {
    std::erase_if(job.images, [&](const JobImage& image) {
        if (std::ifstream(spool.absolute(image.path), std::ios::binary).get() !=
            std::ifstream::traits_type::eof())
            return false;
        log_error("image_lost",
                  {{"path", image.path.string()}, {"sop_instance_uid", image.sop_instance_uid}});
        return true;
    });
    return job;
}

// A study never goes silent: when its findings make no valid objects it gets a report that says failed, and
// only when even that cannot be written (sources that contradict each other, a report that ends its worker as
// the analysis did) does the job end without objects.
JobOutcome run_or_explain(const Workplace& place, const Job& job) {
    const JobFate fate = fate_of(job, place.config.analysis);
    std::optional<std::string> give_up;
    if (fate.kind != JobFate::Kind::analyse) {
        give_up = fate.reason;
        log_error("job_set_aside", {{"job", job.id},
                                    {"study_instance_uid", job.study_instance_uid},
                                    {"reason", fate.reason},
                                    {"report", fate.kind == JobFate::Kind::set_aside ? "no" : "yes"}});
    }
    if (fate.kind == JobFate::Kind::set_aside)
        return without_objects(fate.reason + ", and so did its report: set aside");
    const Job readable = without_lost_images(place.spool, job);
    if (readable.images.empty()) return without_objects("no image of the study is in the spool any more");
    for (;;) {
        try {
            return run_once(place, readable, give_up);
        } catch (const std::exception& error) {
            if (is_trouble_of_the_machine(error)) throw;  // the disk, not the study: try again later
            log_error(
                "results_refused",
                {{"job", job.id}, {"study_instance_uid", job.study_instance_uid}, {"error", error.what()}});
            if (give_up) return without_objects(std::string("no results could be written: ") + error.what());
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
    const ProcessorBudget budget(place.config.analysis.cpu_limit);
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
    for (int halts = 0; !stop_requested; ++halts) {
        try {
            work_until_stopped(place, lease);
        } catch (const std::exception& error) {
            log_error("worker_halted", {{"owner", place.owner}, {"error", error.what()}});
            // What a job has left of the memory may be too little for anything: a fresh process has all of
            // it.
            if (options.parent && halts >= kHaltsOfAProcess) return kExitHalted;
            pause(kAfterError);
        }
    }
    return 0;
}

}  // namespace calcnode::service

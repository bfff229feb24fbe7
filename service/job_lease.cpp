#include "service/job_lease.h"

#include <utility>

#include <unistd.h>

#include "service/log.h"

namespace calcnode::service {

using std::chrono::steady_clock;

namespace {

constexpr Duration kLook{100};
constexpr int kRenewalsPerLease = 3;
constexpr int kExitStopped = 0;
constexpr int kExitTimedOut = 3;

}  // namespace

JobLease::JobLease(const config::Config& config, std::string owner, const std::atomic<bool>& stop)
    : config_(config),
      owner_(std::move(owner)),
      stop_(stop),
      thread_([this](const std::stop_token& stop_token) { run(stop_token); }) {}

JobLease::~JobLease() = default;

void JobLease::begin(const Job& job) {
    const std::lock_guard lock(mutex_);
    job_ = job;
    lost_ = false;
    job_started_ = steady_clock::now();
    renew_at_ = job_started_ + config_.analysis.lease / kRenewalsPerLease;
}

void JobLease::end() {
    const std::lock_guard lock(mutex_);
    job_.reset();
}

void JobLease::run(const std::stop_token& stop_token) {
    while (!stop_token.stop_requested()) {
        try {
            Journal journal = Journal::open(config::journal_url(config_));
            while (!stop_token.stop_requested()) {
                std::unique_lock lock(mutex_);
                changed_.wait_for(lock, stop_token, kLook, [] { return false; });
                if (job_) look_after(journal);
            }
        } catch (const std::exception& error) {
            // The lease may run out meanwhile: complete_job() will then refuse our results, and say so.
            log_warn("lease_renewal_failed", {{"owner", owner_}, {"error", error.what()}});
        }
    }
}

// Called with mutex_ held.
void JobLease::look_after(Journal& journal) {
    if (stop_) {
        journal.return_job(*job_, owner_);
        log_info("job_returned", {{"job", job_->id}, {"study_instance_uid", job_->study_instance_uid}});
        ::_exit(kExitStopped);
    }
    if (steady_clock::now() - job_started_ > config_.analysis.job_timeout) {
        log_error("job_timed_out", {{"job", job_->id}, {"study_instance_uid", job_->study_instance_uid}});
        ::_exit(kExitTimedOut);
    }
    if (steady_clock::now() < renew_at_) return;
    renew_at_ = steady_clock::now() + config_.analysis.lease / kRenewalsPerLease;
    if (!journal.renew_job(job_->id, owner_, now(), config_.analysis.lease)) lost_ = true;
}

}  // namespace calcnode::service

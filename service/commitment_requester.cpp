#include "service/commitment_requester.h"

#include <random>

#include "dicom/fail_point.h"
#include "dicom/uid.h"
#include "service/commitment_desk.h"
#include "service/destination_delivery.h"
#include "service/log.h"
#include "service/owner.h"
#include "service/retry_pause.h"

namespace calcnode::service {

namespace {

constexpr Duration kPollInterval{500};
constexpr Duration kAfterError{1000};
constexpr Duration kDeadlineMargin{60'000};  // over the time that placing a request may take

// Random, so that nobody can make up the result of a transaction that he has not been asked for.
std::string make_transaction_uid(const std::string& owner, int number) {
    std::random_device random;
    std::string secret;
    for (int i = 0; i < 4; ++i)
        secret += std::to_string(random()) + ".";
    return dicom::deterministic_uid({"transaction", owner, std::to_string(number), secret});
}

}  // namespace

CommitmentRequester::CommitmentRequester(const config::Config& config, std::string name)
    : config_(config),
      name_(std::move(name)),
      rules_(config.destinations.at(name_).commitment),
      peer_(peer_of(config, name_)),
      owner_(make_owner("commit-" + name_)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

CommitmentRequester::~CommitmentRequester() = default;

void CommitmentRequester::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            Journal journal = Journal::open(config::journal_url(config_));
            while (!stop.stop_requested()) {
                if (!ask_next(journal, stop)) wait(stop, kPollInterval);
            }
        } catch (const std::exception& error) {
            log_error("commitment_halted", {{"destination", name_}, {"error", error.what()}});
            wait(stop, kAfterError);
        }
    }
}

CommitmentLimits CommitmentRequester::limits(int attempt) const {
    return {rules_.attempts, now() + retry_pause(config_.delivery, attempt, 0.5)};
}

bool CommitmentRequester::ask_next(Journal& journal, const std::stop_token& stop) {
    const CommitmentChanges expired = journal.expire_commitments(name_, limits(1), now());
    if (expired.transaction == CommitmentChanges::Transaction::open) {
        log_warn("commitment_timed_out", {{"destination", name_}});
        log_commitment_changes(name_, "", expired);
    }
    const Time deadline =
        now() + config_.delivery.connect_timeout + config_.delivery.response_timeout + kDeadlineMargin;
    const auto open =
        journal.open_commitment(name_, make_transaction_uid(owner_, ++requests_), now(), deadline);
    if (!open) return false;
    dicom::fail_point("commitment.opened", open->study_instance_uid);
    log_info("commitment_requested", {{"destination", name_},
                                      {"transaction_uid", open->request.transaction_uid},
                                      {"study_instance_uid", open->study_instance_uid},
                                      {"objects", open->request.references.size()},
                                      {"attempt", open->attempt}});
    const dicom::CommitmentWait result_wait{
        .longest = rules_.wait,
        .taken =
            [&] {
                dicom::fail_point("commitment.asked", open->study_instance_uid);
                journal.commitment_taken(open->id, now() + rules_.timeout);
            },
        .still_waiting = [&] { return !stop.stop_requested() && journal.commitment_awaited(open->id); }};
    record(journal, *open, dicom::request_commitment(peer_, open->request, result_wait));
    return true;
}

void CommitmentRequester::record(Journal& journal, const OpenCommitment& open,
                                 const dicom::CommitmentOutcome& outcome) {
    using Kind = dicom::CommitmentOutcome::Kind;
    using Why = UntakenCommitment::Why;
    const bool unreachable = outcome.kind == Kind::unreachable;
    unreachable_ = unreachable ? unreachable_ + 1 : 0;
    if (outcome.kind == Kind::taken) return;  // the result comes on an association of the destination's
    const std::string& uid = open.request.transaction_uid;
    if (outcome.kind == Kind::answered) {
        dicom::fail_point("commitment.answered", open.study_instance_uid);
        log_commitment_changes(name_, uid,
                               journal.record_commitment(*outcome.report, limits(open.attempt), now()));
        return;
    }
    log_warn("commitment_request_failed",
             {{"destination", name_}, {"transaction_uid", uid}, {"reason", outcome.text}});
    const CommitmentLimits next = limits(unreachable ? unreachable_ : open.attempt);
    const UntakenCommitment how{unreachable ? Why::unreachable : Why::refused, outcome.text};
    const CommitmentChanges changes = journal.commitment_not_taken(open.id, how, next, now());
    if (!unreachable) log_commitment_changes(name_, uid, changes);
}

void CommitmentRequester::wait(const std::stop_token& stop, Duration duration) {
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace calcnode::service

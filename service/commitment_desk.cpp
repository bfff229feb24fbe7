#include "service/commitment_desk.h"

#include <algorithm>

#include "dicom/command_set.h"
#include "dicom/fail_point.h"
#include "service/destination_delivery.h"
#include "service/log.h"
#include "service/retry_pause.h"

namespace calcnode::service {

namespace {

using dicom::CommitmentAnswer;
using dicom::CommitmentReport;

// While the association of the request may still take the result; when it ends sooner the result is due at
// once.
constexpr Duration kOnAssociation{120'000};
constexpr const char* kNoJournal = "cannot write to the journal";  // all that a peer needs to know

CommitmentAnswer refuse(const dicom::PeerInfo& peer, const std::string& transaction_uid,
                        CommitmentAnswer answer, const std::string& reason) {
    log_warn("commitment_refused", {{"transaction_uid", transaction_uid},
                                    {"calling_ae_title", peer.calling_ae_title},
                                    {"peer", peer.address},
                                    {"reason", reason}});
    return answer;
}

}  // namespace

bool may_answer(const config::Destination& destination, const std::string& calling_ae_title) {
    const auto& others = destination.commitment.answers_from;
    return calling_ae_title == destination.ae_title ||
           std::find(others.begin(), others.end(), calling_ae_title) != others.end();
}

void log_commitment_changes(const std::string& destination, const std::string& transaction_uid,
                            const CommitmentChanges& changes) {
    if (changes.committed > 0) {
        log_info("committed", {{"destination", destination},
                               {"transaction_uid", transaction_uid},
                               {"objects", changes.committed}});
    }
    if (changes.sent_again + changes.asked_again > 0) {
        log_warn("not_committed", {{"destination", destination},
                                   {"transaction_uid", transaction_uid},
                                   {"sent_again", changes.sent_again},
                                   {"asked_again", changes.asked_again}});
    }
    if (changes.given_up > 0) {
        log_error("uncommitted", {{"destination", destination},
                                  {"transaction_uid", transaction_uid},
                                  {"objects", changes.given_up}});
    }
}

CommitmentDesk::CommitmentDesk(const config::Config& config, const Spool& spool)
    : config_(config), spool_(spool) {}

dicom::CommitmentHandlers CommitmentDesk::handlers() {
    dicom::CommitmentHandlers handlers;
    if (config_.dicom.commitment.enabled) {
        handlers.requested = [this](const auto& peer, const auto& request) {
            return requested(peer, request);
        };
        handlers.reported = [this](const auto& peer, const auto& report, bool taken) {
            reported(peer, report, taken);
        };
    }
    const auto& destinations = config_.destinations;
    const bool asks = std::any_of(destinations.begin(), destinations.end(),
                                  [](const auto& entry) { return entry.second.commitment.enabled; });
    if (asks) {
        handlers.told = [this](const auto& peer, const auto& report) { return told(peer, report); };
    }
    return handlers;
}

Journal& CommitmentDesk::journal() {
    if (!journal_) journal_.emplace(Journal::open(config::journal_url(config_)));
    return *journal_;
}

// Only what is durable is committed: a row in the journal, which says that the file was synced, and the file.
CommitmentReport CommitmentDesk::judge(Journal& journal, const dicom::CommitmentRequest& request) const {
    const std::vector<HeldInstance> held = journal.held_instances(request.references);
    CommitmentReport report{request.transaction_uid, {}, {}};
    for (std::size_t index = 0; index < held.size(); ++index) {
        const dicom::SopReference& reference = request.references[index];
        std::error_code error;
        if (held[index].path.empty() ||
            !std::filesystem::is_regular_file(spool_.absolute(held[index].path), error)) {
            report.failed.push_back({reference, dicom::kReasonNoSuchObject});
        } else if (held[index].sop_class_uid != reference.sop_class_uid) {
            report.failed.push_back({reference, dicom::kReasonClassInstanceConflict});
        } else {
            report.committed.push_back(reference);
        }
    }
    return report;
}

CommitmentAnswer CommitmentDesk::requested(const dicom::PeerInfo& peer,
                                           const dicom::CommitmentRequest& request) {
    const std::lock_guard lock(mutex_);
    try {
        const CommitmentDuty duty{0, peer.calling_ae_title, peer.called_ae_title, judge(journal(), request),
                                  0};
        dicom::fail_point("commitment.judged", request.transaction_uid);
        CommitmentReport report = journal().record_commitment_duty(duty, now(), now() + kOnAssociation);
        log_info("commitment_asked", {{"transaction_uid", request.transaction_uid},
                                      {"calling_ae_title", peer.calling_ae_title},
                                      {"peer", peer.address},
                                      {"committed", report.committed.size()},
                                      {"failed", report.failed.size()}});
        return {dicom::kStatusSuccess, "", std::move(report)};
    } catch (const JournalError& error) {
        journal_.reset();
        return refuse(peer, request.transaction_uid, {dicom::kStatusProcessingFailure, kNoJournal, {}},
                      error.what());
    }
}

void CommitmentDesk::reported(const dicom::PeerInfo& peer, const CommitmentReport& report, bool taken) {
    const std::lock_guard lock(mutex_);
    try {
        journal().commitment_reported(peer.calling_ae_title, report.transaction_uid, taken, now());
        if (taken) {
            log_info("commitment_reported", {{"transaction_uid", report.transaction_uid},
                                             {"calling_ae_title", peer.calling_ae_title}});
        }
    } catch (const JournalError& error) {
        journal_.reset();  // it is told once more when kOnAssociation is over
        log_error("commitment_halted", {{"error", error.what()}});
    }
}

CommitmentAnswer CommitmentDesk::told(const dicom::PeerInfo& peer, const CommitmentReport& report) {
    const std::lock_guard lock(mutex_);
    try {
        const auto name = journal().commitment_destination(report.transaction_uid);
        const auto destination = name ? config_.destinations.find(*name) : config_.destinations.end();
        if (destination == config_.destinations.end()) {
            return refuse(peer, report.transaction_uid,
                          {dicom::kStatusInvalidArgument, "unknown transaction", {}}, "unknown transaction");
        }
        if (!may_answer(destination->second, peer.calling_ae_title)) {
            return refuse(peer, report.transaction_uid,
                          {dicom::kStatusNotAuthorized, "not your transaction", {}},
                          "the transaction is with " + *name);
        }
        dicom::fail_point("commitment.told", report.transaction_uid);
        const CommitmentLimits limits{destination->second.commitment.attempts,
                                      now() + retry_pause(config_.delivery, 1, 0.5)};
        log_commitment_changes(*name, report.transaction_uid,
                               journal().record_commitment(report, limits, now()));
        return {dicom::kStatusSuccess, "", {}};
    } catch (const JournalError& error) {
        journal_.reset();
        return refuse(peer, report.transaction_uid, {dicom::kStatusProcessingFailure, kNoJournal, {}},
                      error.what());
    }
}

}  // namespace calcnode::service

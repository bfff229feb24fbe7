#include "service/commitment_reporter.h"

#include <algorithm>

#include "dicom/commitment_scu.h"
#include "dicom/fail_point.h"
#include "service/destination_delivery.h"
#include "service/log.h"
#include "service/owner.h"
#include "service/retry_pause.h"
#include "service/tls_options.h"

namespace calcnode::service {

namespace {

constexpr Duration kPollInterval{500};
constexpr Duration kAfterError{1000};
constexpr Duration kLeaseMargin{60'000};

dicom::Peer peer_of_sender(const config::Config& config, const config::CommitmentSender& sender,
                           const CommitmentDuty& duty) {
    return {.name = sender.ae_title,
            .ae_title = sender.ae_title,
            .host = sender.host,
            .port = sender.port,
            // By the name that it called us, or it may not know us.
            .own_ae_title = duty.called_ae_title.empty() ? config.dicom.ae_title : duty.called_ae_title,
            .connect_timeout = config.delivery.connect_timeout,
            .response_timeout = config.delivery.response_timeout,
            .tls = tls_peer(config.dicom.tls, sender.tls, sender.host)};
}

}  // namespace

CommitmentReporter::CommitmentReporter(const config::Config& config)
    : config_(config),
      owner_(make_owner("commitment-report")),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

CommitmentReporter::~CommitmentReporter() = default;

void CommitmentReporter::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            Journal journal = Journal::open(config::journal_url(config_));
            while (!stop.stop_requested()) {
                if (!report_next(journal)) wait(stop, kPollInterval);
            }
        } catch (const std::exception& error) {
            log_error("commitment_halted", {{"error", error.what()}});
            wait(stop, kAfterError);
        }
    }
}

bool CommitmentReporter::report_next(Journal& journal) {
    const Duration lease =
        config_.delivery.connect_timeout + config_.delivery.response_timeout + kLeaseMargin;
    const auto duty = journal.claim_commitment_report(owner_, now(), lease);
    if (!duty) return false;
    dicom::fail_point("commitment.reporting", duty->report.transaction_uid);
    const DeliveryOutcome outcome = tell(*duty);
    dicom::fail_point("commitment.reported", duty->report.transaction_uid);
    journal.finish_commitment_report(*duty, owner_, outcome, now());
    return true;
}

DeliveryOutcome CommitmentReporter::tell(const CommitmentDuty& duty) const {
    using State = DeliveryOutcome::State;
    using Kind = dicom::CommitmentOutcome::Kind;
    const auto& senders = config_.dicom.commitment.senders;
    const auto sender = std::find_if(senders.begin(), senders.end(),
                                     [&](const auto& one) { return one.ae_title == duty.calling_ae_title; });
    dicom::CommitmentOutcome outcome{.text = "no address in dicom.commitment.senders"};
    if (sender != senders.end())
        outcome = dicom::report_commitment(peer_of_sender(config_, *sender, duty), duty.report);
    const std::string& uid = duty.report.transaction_uid;
    if (outcome.kind == Kind::taken) {
        log_info("commitment_reported",
                 {{"transaction_uid", uid}, {"calling_ae_title", duty.calling_ae_title}});
        return {.state = State::delivered, .text = outcome.text};
    }
    if (sender != senders.end() && duty.attempt < config_.delivery.attempts) {
        const Duration pause = retry_pause(config_.delivery, duty.attempt, 0.5);
        log_warn("commitment_report_failed", {{"transaction_uid", uid},
                                              {"calling_ae_title", duty.calling_ae_title},
                                              {"attempt", duty.attempt},
                                              {"retry_in_ms", static_cast<long>(pause.count())},
                                              {"reason", outcome.text}});
        return {.state = State::retry, .text = outcome.text, .next_attempt = now() + pause};
    }
    log_error("commitment_unreported", {{"transaction_uid", uid},
                                        {"calling_ae_title", duty.calling_ae_title},
                                        {"attempt", duty.attempt},
                                        {"reason", outcome.text}});
    return {.state = State::dead, .text = outcome.text};
}

void CommitmentReporter::wait(const std::stop_token& stop, Duration duration) {
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace calcnode::service

#include "service/destination_delivery.h"

#include <algorithm>
#include <vector>

#include "dicom/fail_point.h"
#include "service/delivery_audit.h"
#include "service/log.h"
#include "service/result_plan.h"
#include "service/retry_pause.h"
#include "service/tls_options.h"

namespace calcnode::service {

namespace {

constexpr Duration kLeaseMargin{60'000};  // over the longest silence that one object may cost

}  // namespace

dicom::Peer peer_of(const config::Config& config, const std::string& name) {
    const config::Destination& destination = config.destinations.at(name);
    return {.name = name,
            .ae_title = destination.ae_title,
            .host = destination.host,
            .port = destination.port,
            .transfer_syntaxes = transfer_syntaxes_of(destination),
            .own_ae_title = config.dicom.ae_title,
            .connect_timeout = config.delivery.connect_timeout,
            .response_timeout = config.delivery.response_timeout,
            .association_timeout = config.delivery.association_timeout,
            .tls = tls_peer(config.dicom.tls, destination.tls, destination.host)};
}

DestinationDelivery::DestinationDelivery(const Spool& spool, std::string name, std::string owner,
                                         Audit& audit)
    : spool_(spool), name_(std::move(name)), owner_(std::move(owner)), audit_(audit) {}

bool DestinationDelivery::send_due(const config::Config& config, Journal& journal, const Clock& clock) {
    const CircuitBreaker::State state = breaker_.state(clock());
    if (state == CircuitBreaker::State::open) return false;
    const int limit = state == CircuitBreaker::State::closed ? config.delivery.batch : 1;
    const Duration lease = config.delivery.connect_timeout + config.delivery.response_timeout + kLeaseMargin;
    const auto batch = journal.claim_deliveries(name_, owner_, clock(), lease, limit);
    if (batch.empty()) return false;
    dicom::fail_point("delivery.claimed", name_);

    std::vector<dicom::OutgoingObject> objects;
    for (const PendingDelivery& delivery : batch) {
        objects.push_back({.path = spool_.absolute(delivery.path),
                           .sop_class_uid = delivery.sop_class_uid,
                           .sop_instance_uid = delivery.sop_instance_uid,
                           .transfer_syntax_uid = delivery.transfer_syntax_uid});
    }
    const dicom::Peer peer = peer_of(config, name_);
    DeliveryAudit trail(audit_, peer, objects);
    std::vector<bool> finished(batch.size(), false);
    const auto finish = [&](std::size_t index, const dicom::DeliveryReport& report) {
        if (finished[index]) return;
        const Time at = clock();
        journal.finish_delivery(batch[index], owner_, outcome_of(config, batch[index], report, at), at);
        finished[index] = true;
        trail.finished(index, report);
        journal.renew_deliveries(owner_, at, lease);
    };
    const auto reports = dicom::send_objects(peer, objects, finish);
    for (std::size_t index = 0; index < reports.size(); ++index)
        finish(index, reports[index]);
    judge(config, journal, reports, clock());
    return true;
}

void DestinationDelivery::judge(const config::Config& config, Journal& journal,
                                const std::vector<dicom::DeliveryReport>& reports, Time now) {
    const bool silent = std::all_of(reports.begin(), reports.end(),
                                    [](const dicom::DeliveryReport& report) { return report.unanswered; });
    if (!silent) {
        if (!breaker_.answered()) return;
        const int waiting = journal.hasten_deliveries(name_, now);
        log_info("destination_up", {{"destination", name_}, {"waiting", waiting}});
        return;
    }
    if (breaker_.failed(config.delivery, now, random_jitter())) {
        log_error(
            "destination_down",
            {{"destination", name_}, {"failures", breaker_.failures()}, {"reason", reports.back().text}});
    }
}

DeliveryOutcome DestinationDelivery::outcome_of(const config::Config& config, const PendingDelivery& delivery,
                                                const dicom::DeliveryReport& report, Time now) const {
    using State = DeliveryOutcome::State;
    DeliveryOutcome outcome{.state = State::dead, .text = report.text, .next_attempt = {}};
    if (report.status == dicom::DeliveryStatus::delivered) {
        outcome.state = State::delivered;
        outcome.ask_commitment = config.destinations.at(name_).commitment.enabled;
        log_info("delivered", {{"destination", name_},
                               {"sop_instance_uid", delivery.sop_instance_uid},
                               {"attempt", delivery.attempt}});
        return outcome;
    }
    if (report.status == dicom::DeliveryStatus::retry && delivery.attempt < config.delivery.attempts) {
        const Duration pause = retry_pause(config.delivery, delivery.attempt, random_jitter());
        outcome.state = State::retry;
        outcome.next_attempt = now + pause;
        log_warn("delivery_failed", {{"destination", name_},
                                     {"sop_instance_uid", delivery.sop_instance_uid},
                                     {"attempt", delivery.attempt},
                                     {"retry_in_ms", static_cast<long>(pause.count())},
                                     {"reason", report.text}});
        return outcome;
    }
    if (report.status == dicom::DeliveryStatus::not_accepted) {
        outcome.state = State::not_accepted;
        log_warn("delivery_not_accepted", {{"destination", name_},
                                           {"sop_instance_uid", delivery.sop_instance_uid},
                                           {"reason", report.text}});
        return outcome;
    }
    log_error("delivery_dead", {{"destination", name_},
                                {"sop_instance_uid", delivery.sop_instance_uid},
                                {"attempt", delivery.attempt},
                                {"reason", report.text}});
    return outcome;
}

}  // namespace calcnode::service

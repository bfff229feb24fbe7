#include "service/destination_sender.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "dicom/fail_point.h"
#include "service/delivery_audit.h"
#include "service/log.h"
#include "service/owner.h"
#include "service/result_plan.h"
#include "service/tls_options.h"

namespace calcnode::service {

namespace {

constexpr Duration kPollInterval{300};  // the rows come from worker processes: there is nobody to wake us
constexpr Duration kAfterError{1000};
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
            .tls = tls_peer(config.dicom.tls, destination.tls, destination.host)};
}

Duration retry_pause(const config::Delivery& rules, int attempt, double jitter) {
    const double doubled =
        static_cast<double>(rules.first_retry.count()) * std::pow(2.0, std::clamp(attempt - 1, 0, 30));
    const double capped = std::min(doubled, static_cast<double>(rules.longest_retry.count()));
    return Duration(std::llround(capped * (0.8 + 0.4 * jitter)));
}

DestinationSender::DestinationSender(LiveConfig config, const Spool& spool, std::string name, Audit& audit)
    : config_(std::move(config)),
      spool_(spool),
      name_(std::move(name)),
      audit_(audit),
      owner_(make_owner("send-" + name_)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

DestinationSender::~DestinationSender() = default;

void DestinationSender::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            Journal journal = Journal::open(config::journal_url(*config_.now()));
            deliver_until_stopped(journal, stop);
        } catch (const std::exception& error) {
            log_error("delivery_halted", {{"destination", name_}, {"error", error.what()}});
            wait(stop, kAfterError);
        }
    }
}

void DestinationSender::deliver_until_stopped(Journal& journal, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        if (!deliver_batch(journal)) wait(stop, kPollInterval);
    }
}

bool DestinationSender::deliver_batch(Journal& journal) {
    const auto config = config_.now();
    if (!config->destinations.contains(name_)) return false;  // a reload has taken it out
    const config::Delivery& rules = config->delivery;
    const Duration lease = rules.connect_timeout + rules.response_timeout + kLeaseMargin;
    const auto batch = journal.claim_deliveries(name_, owner_, now(), lease, rules.batch);
    if (batch.empty()) return false;
    dicom::fail_point("delivery.claimed", name_);

    std::vector<dicom::OutgoingObject> objects;
    for (const PendingDelivery& delivery : batch) {
        objects.push_back({.path = spool_.absolute(delivery.path),
                           .sop_class_uid = delivery.sop_class_uid,
                           .sop_instance_uid = delivery.sop_instance_uid,
                           .transfer_syntax_uid = delivery.transfer_syntax_uid});
    }
    const dicom::Peer peer = peer_of(*config, name_);
    DeliveryAudit trail(audit_, peer, objects);
    std::vector<bool> finished(batch.size(), false);
    const auto finish = [&](std::size_t index, const dicom::DeliveryReport& report) {
        if (finished[index]) return;
        journal.finish_delivery(batch[index], owner_, outcome_of(*config, batch[index], report), now());
        finished[index] = true;
        trail.finished(index, report);
        journal.renew_deliveries(owner_, now(), lease);
    };
    const auto reports = dicom::send_objects(peer, objects, finish);
    for (std::size_t index = 0; index < reports.size(); ++index)
        finish(index, reports[index]);
    return true;
}

DeliveryOutcome DestinationSender::outcome_of(const config::Config& config, const PendingDelivery& delivery,
                                              const dicom::DeliveryReport& report) {
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
        static thread_local std::mt19937 random{std::random_device{}()};
        const double jitter = std::uniform_real_distribution<>(0, 1)(random);
        const Duration pause = retry_pause(config.delivery, delivery.attempt, jitter);
        outcome.state = State::retry;
        outcome.next_attempt = now() + pause;
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

void DestinationSender::wait(const std::stop_token& stop, Duration duration) {
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace calcnode::service

#include "service/association_threads.h"

#include <algorithm>
#include <utility>

#include "service/log.h"
#include "service/tls_options.h"

namespace calcnode::service {

namespace {

dicom::AssociationPolicy policy_of(const config::Dicom& options, const dicom::AssociationHandlers& handlers) {
    return {.called_ae_titles = options.called_ae_titles,
            .calling_ae_titles = options.calling_ae_titles,
            .calling_ae_certificates = certificate_bindings(options.tls),
            .other_storage_classes = options.other_storage_classes,
            .max_pdu = options.max_pdu,
            .idle_timeout = options.idle_timeout,
            .total_timeout = options.association_timeout,
            .max_object_bytes = options.max_object_bytes,
            .commitment_requests = static_cast<bool>(handlers.commitment.requested),
            .commitment_reports = static_cast<bool>(handlers.commitment.told)};
}

}  // namespace

AssociationThreads::AssociationThreads(const config::Dicom& options, dicom::AssociationHandlers handlers,
                                       Metrics& metrics, Audit& audit)
    : options_(options),
      handlers_(std::move(handlers)),
      policy_(std::make_shared<const dicom::AssociationPolicy>(policy_of(options, handlers_))),
      metrics_(metrics),
      audit_(audit) {}

void AssociationThreads::reconfigure(const config::Dicom& options) {
    options_ = options;
    policy_ = std::make_shared<const dicom::AssociationPolicy>(policy_of(options, handlers_));
}

AssociationThreads::~AssociationThreads() {
    stop_ = true;
    for (const auto& association : associations_)
        association->thread.join();
}

AssociationThreads::Admission AssociationThreads::admit(std::unique_ptr<dicom::Transport> transport,
                                                        const std::string& peer) {
    reap();
    if (draining_) {
        dicom::AssociationServer::reject_busy(std::move(transport));
        return Admission::draining;
    }
    if (std::cmp_greater_equal(associations_.size(), options_.max_associations)) {
        dicom::AssociationServer::reject_busy(std::move(transport));
        return Admission::too_many;
    }
    const auto from_peer = std::count_if(associations_.begin(), associations_.end(),
                                         [&](const auto& association) { return association->peer == peer; });
    if (options_.max_associations_per_peer > 0 && from_peer >= options_.max_associations_per_peer) {
        dicom::AssociationServer::reject_busy(std::move(transport));
        return Admission::too_many_from_peer;
    }
    auto& association = *associations_.emplace_back(std::make_unique<Association>());
    association.peer = peer;
    association.policy = policy_;
    ++active_;
    association.transport = std::move(transport);
    association.thread = std::thread([this, &association] { run(association); });
    return Admission::admitted;
}

void AssociationThreads::run(Association& association) {
    const dicom::PeerCertificate* const shown = association.transport->certificate();
    const std::string certificate = shown == nullptr ? "" : shown->subject + ", SHA-256 " + shown->sha256;
    const auto outcome = dicom::AssociationServer::serve(std::move(association.transport), association.peer,
                                                         *association.policy, handlers_, stop_);
    metrics_.association_ended(outcome.end, outcome.bytes);
    audit_.association_ended({outcome.calling_ae_title, association.peer});
    if (!outcome.title_refusal.empty()) {
        audit_.refused({outcome.calling_ae_title, association.peer},
                       "calling AE title " + outcome.title_refusal);
        log_warn("ae_title_refused", {{"peer", association.peer},
                                      {"calling_ae_title", outcome.calling_ae_title},
                                      {"certificate", certificate},
                                      {"reason", outcome.title_refusal}});
    }
    log_info("association_ended", {{"peer", association.peer},
                                   {"end", outcome.end},
                                   {"stored", outcome.stored},
                                   {"refused", outcome.refused},
                                   {"bytes", outcome.bytes}});
    --active_;
    association.ended = true;
}

void AssociationThreads::reap() {
    std::erase_if(associations_, [](const auto& association) {
        if (!association->ended) return false;
        association->thread.join();
        return true;
    });
}

}  // namespace calcnode::service

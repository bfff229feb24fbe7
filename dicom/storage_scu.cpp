#include "dicom/storage_scu.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <map>
#include <optional>
#include <utility>

#include "dicom/dimse_client.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

using Reported = std::function<void(std::size_t, const DeliveryReport&)>;

// The objects of one association and the contexts that they need.
struct Batch {
    std::vector<std::size_t> objects;  // indices
    std::vector<ProposedContext> contexts;
};

using ContextKey = std::pair<std::string, std::string>;  // SOP class, transfer syntax

// A context for each syntax: in one with several the peer would choose, and it is our preference that counts.
std::vector<ContextKey> keys_of(const OutgoingObject& object, const Peer& peer) {
    if (object.transfer_syntax_uid != kExplicitLittleEndian)
        return {{object.sop_class_uid, object.transfer_syntax_uid}};
    std::vector<ContextKey> keys;
    for (const std::string& syntax : peer.transfer_syntaxes)
        keys.emplace_back(object.sop_class_uid, syntax);
    return keys;
}

bool is_proposed(const Batch& batch, const ContextKey& key) {
    return std::any_of(batch.contexts.begin(), batch.contexts.end(), [&](const ProposedContext& context) {
        return context.abstract_syntax == key.first && context.transfer_syntaxes.front() == key.second;
    });
}

// False, and nothing done, when the object's contexts do not fit any more.
bool add_to_batch(Batch& batch, std::size_t index, std::vector<ContextKey> missing) {
    std::erase_if(missing, [&](const ContextKey& key) { return is_proposed(batch, key); });
    if (batch.contexts.size() + missing.size() > kMaxPresentationContexts) return false;
    for (const ContextKey& key : missing) {
        const auto id = static_cast<std::uint8_t>(2 * batch.contexts.size() + 1);
        batch.contexts.push_back({id, key.first, {key.second}});
    }
    batch.objects.push_back(index);
    return true;
}

std::optional<std::uint8_t> find_context(const Batch& batch, const DimseClient& client,
                                         const std::vector<ContextKey>& keys) {
    for (const ContextKey& key : keys) {  // the preferred first
        for (const ProposedContext& context : batch.contexts) {
            if (context.abstract_syntax == key.first && context.transfer_syntaxes.front() == key.second &&
                client.contexts().contains(context.id)) {
                return context.id;
            }
        }
    }
    return std::nullopt;
}

std::string hexadecimal(std::uint16_t status) {
    std::array<char, 8> text;
    std::snprintf(text.data(), text.size(), "%04X", status);
    return text.data();
}

// The peer's comment may be anything, patient data too (PS3.4 B.2.3 does not forbid it): only the status is
// told.
DeliveryReport report_of(std::uint16_t status) {
    constexpr std::uint16_t kDuplicateInstance =
        0x0111;  // PS3.7 Annex C; ours never change, so it has this one
    constexpr std::uint16_t kProcessingFailure = 0x0110;
    constexpr std::uint16_t kResourceLimitation = 0x0213;
    const std::string code = "status " + hexadecimal(status);
    if (status == kStatusSuccess) return {DeliveryStatus::delivered, status, "stored"};
    if (status >> 12 == 0xB) return {DeliveryStatus::delivered, status, "stored with a warning, " + code};
    if (status == kDuplicateInstance) return {DeliveryStatus::delivered, status, "already stored, " + code};
    if (status >> 8 == 0xA7 || status == kResourceLimitation) {
        return {DeliveryStatus::retry, status, "peer out of resources, " + code};
    }
    if (status == kProcessingFailure) return {DeliveryStatus::retry, status, "peer failed, " + code};
    return {DeliveryStatus::refused, status, "refused, " + code};
}

class Sender {
  public:
    Sender(const Peer& peer, const std::vector<OutgoingObject>& objects, const Reported& reported)
        : peer_(peer), objects_(objects), reported_(reported), reports_(objects.size()) {}

    std::vector<DeliveryReport> run() {
        std::vector<std::size_t> waiting(objects_.size());
        for (std::size_t index = 0; index < waiting.size(); ++index)
            waiting[index] = index;
        while (!waiting.empty()) {
            Batch batch;
            std::vector<std::size_t> later;
            for (const std::size_t index : waiting) {
                if (!add_to_batch(batch, index, keys_of(objects_[index], peer_))) later.push_back(index);
            }
            std::vector<std::size_t> unsent = send(batch);
            unsent.insert(unsent.end(), later.begin(), later.end());
            waiting = std::move(unsent);
        }
        return std::move(reports_);
    }

  private:
    // One association; returns the objects that another one should carry because this one broke before their
    // turn. At least one object of the batch gets its report, so that run() ends.
    std::vector<std::size_t> send(const Batch& batch) {
        std::optional<DimseClient> client;
        DeliveryReport failure;
        try {
            client.emplace(peer_, batch.contexts);
        } catch (const AssociationRejected& error) {
            failure = {error.permanent() ? DeliveryStatus::refused : DeliveryStatus::retry, 0, error.what(),
                       false, !error.permanent()};
        } catch (const Error& error) {
            failure = {DeliveryStatus::retry, 0, error.what(), error.code() == ErrorCode::tls_error, true};
        } catch (const std::exception& error) {
            failure = {DeliveryStatus::retry, 0, error.what(), false, true};
        }
        if (!client) {
            for (const std::size_t index : batch.objects)
                report(index, failure);
            return {};
        }
        return send_objects(*client, batch);
    }

    std::vector<std::size_t> send_objects(DimseClient& client, const Batch& batch) {
        for (auto current = batch.objects.begin(); current != batch.objects.end(); ++current) {
            DeliveryReport failure{DeliveryStatus::retry, 0, {}, false, true};
            bool silent = false;
            try {
                report(*current, send_one(client, batch, objects_[*current]));
                continue;
            } catch (const TimedOut& error) {
                failure.text = error.what();
                silent = true;
            } catch (const Error& error) {
                failure.text = error.what();
            }
            client.abort();
            report(*current, failure);
            if (!silent) return {current + 1, batch.objects.end()};
            // A peer that hangs would cost a time-out for each object.
            for (++current; current != batch.objects.end(); ++current)
                report(*current, failure);
            return {};
        }
        client.release();
        return {};
    }

    // Throws Error network_error when the association is lost.
    DeliveryReport send_one(DimseClient& client, const Batch& batch, const OutgoingObject& object) const {
        const auto context = find_context(batch, client, keys_of(object, peer_));
        if (!context) {
            return {DeliveryStatus::not_accepted, 0,
                    "not accepted by peer: SOP class " + object.sop_class_uid +
                        " in the transfer syntaxes offered"};
        }
        try {
            return report_of(client.store(*context, object).status);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::network_error) throw;
            const bool may_heal = error.code() == ErrorCode::file_error;  // else it is the object that is bad
            return {may_heal ? DeliveryStatus::retry : DeliveryStatus::refused, 0, error.what()};
        }
    }

    void report(std::size_t index, const DeliveryReport& report) {
        reports_[index] = report;
        if (reported_) reported_(index, report);
    }

    const Peer& peer_;
    const std::vector<OutgoingObject>& objects_;
    const Reported& reported_;
    std::vector<DeliveryReport> reports_;
};

}  // namespace

std::vector<DeliveryReport> send_objects(const Peer& peer, const std::vector<OutgoingObject>& objects,
                                         const Reported& reported) {
    return Sender(peer, objects, reported).run();
}

DeliveryReport echo(const Peer& peer) {
    constexpr std::uint8_t kContext = 1;
    try {
        DimseClient client(peer, {{kContext, kVerification, {kExplicitLittleEndian, kImplicitLittleEndian}}});
        if (!client.contexts().contains(kContext)) {
            return {DeliveryStatus::not_accepted, 0, "the peer does not accept the Verification class"};
        }
        const std::uint16_t status = client.echo(kContext).status;
        client.release();
        if (status == kStatusSuccess) return {DeliveryStatus::delivered, status, "echoed"};
        return {DeliveryStatus::refused, status, "refused, status " + hexadecimal(status)};
    } catch (const AssociationRejected& error) {
        return {error.permanent() ? DeliveryStatus::refused : DeliveryStatus::retry, 0, error.what()};
    } catch (const std::exception& error) {
        return {DeliveryStatus::retry, 0, error.what()};
    }
}

}  // namespace calcnode::dicom

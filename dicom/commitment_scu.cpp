#include "dicom/commitment_scu.h"

#include <algorithm>
#include <cstdio>
#include <exception>

#include "dicom/dimse_client.h"
#include "dicom/dimse_message.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

using Clock = std::chrono::steady_clock;
using Kind = CommitmentOutcome::Kind;

constexpr std::uint8_t kContext = 1;
constexpr std::chrono::milliseconds kSlice{200};

std::string status_text(std::uint16_t status) {
    char text[16];
    std::snprintf(text, sizeof text, "status %04X", status);
    return text;
}

std::vector<ProposedContext> commitment_context() {
    return {{kContext, kStorageCommitmentPushModel, {kExplicitLittleEndian, kImplicitLittleEndian}}};
}

/// What only the message at hand may make of it.
struct Exchange {
    DimseClient& client;
    std::string transfer_syntax;
};

/// Opens an association, calls `work` on it and ends it. Trouble before an answer becomes `unreachable`.
CommitmentOutcome on_association(const Peer& peer, const std::vector<RoleSelection>& roles,
                                 const std::function<CommitmentOutcome(const Exchange&)>& work) {
    std::optional<DimseClient> client;
    try {
        client.emplace(peer, commitment_context(), roles);
    } catch (const std::exception& error) {
        return {Kind::unreachable, 0, error.what()};
    }
    const auto accepted = client->contexts().find(kContext);
    const auto role = client->role(kStorageCommitmentPushModel);
    const bool role_refused = !roles.empty() && role && !role->scp;
    if (accepted == client->contexts().end() || role_refused) {
        client->release();
        return {Kind::not_negotiated, 0,
                role_refused ? "the peer does not let us report storage commitment"
                             : "the peer does not accept the Storage Commitment Push Model"};
    }
    return work({*client, accepted->second});
}

CommitmentOutcome outcome_of(const CommandSet& response) {
    if (response.status == kStatusSuccess) return {Kind::taken, response.status, "taken"};
    return {Kind::refused, response.status, "refused, " + status_text(response.status)};
}

/// Sends one request and gives back what the peer makes of it; aborts the association when it is lost.
CommitmentOutcome ask(const Exchange& exchange, const CommandSet& command,
                      const std::vector<unsigned char>& dataset) {
    try {
        return outcome_of(exchange.client.invoke(kContext, command, dataset));
    } catch (const Error& error) {
        exchange.client.abort();
        return {Kind::unreachable, 0, error.what()};
    }
}

void answer(const Exchange& exchange, const DimseMessage& request, std::uint16_t status) {
    CommandSet response;
    response.command_field = request.command.command_field | kResponseBit;
    response.message_id_responded_to = request.command.message_id;
    response.status = status;
    response.affected_sop_class = kStorageCommitmentPushModel;
    response.affected_sop_instance = kStorageCommitmentInstance;
    response.event_type = request.command.event_type;
    send_message(exchange.client.connection(), {request.context_id, response});
}

bool is_report(const CommandSet& command) {
    return command.command_field == kCommandEventReport &&
           command.affected_sop_class == kStorageCommitmentPushModel &&
           command.affected_sop_instance == kStorageCommitmentInstance && command.has_data_set() &&
           (command.event_type == kEventCommitted || command.event_type == kEventCommittedWithFailures);
}

/// Reads one request of the peer and answers it; the report, when it is the one that is awaited.
std::optional<CommitmentReport> take_report(const Exchange& exchange, const DimseMessage& message,
                                            const std::string& transaction_uid) {
    std::optional<std::vector<unsigned char>> dataset;
    if (message.command.has_data_set()) {
        dataset = read_dataset(exchange.client.connection(), message.context_id, kMaxCommitmentDataset);
    }
    if (!is_report(message.command)) {
        answer(exchange, message, kStatusUnrecognizedOperation);
        return std::nullopt;
    }
    if (!dataset) {
        answer(exchange, message, kStatusResourceLimitation);
        return std::nullopt;
    }
    try {
        CommitmentReport report = parse_commitment_report(*dataset, exchange.transfer_syntax);
        const bool awaited = report.transaction_uid == transaction_uid;
        answer(exchange, message, awaited ? kStatusSuccess : kStatusProcessingFailure);
        if (awaited) return report;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::network_error) throw;
        answer(exchange, message, kStatusInvalidArgument);
    }
    return std::nullopt;
}

/// Nothing when there is no report by the end of the wait, or the peer ends the association before.
std::optional<CommitmentReport> await_report(const Exchange& exchange, const std::string& transaction_uid,
                                             const CommitmentWait& wait) {
    DimseConnection& connection = exchange.client.connection();
    const auto end = Clock::now() + wait.longest;
    while (Clock::now() < end && (!wait.still_waiting || wait.still_waiting())) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        if (!connection.readable_within(std::min(left, kSlice))) continue;
        DimseMessage message;
        if (const auto ended = read_command(connection, message)) {
            if (*ended == PduEvent::release_request) connection.send_release_reply();
            throw ConnectionLost("the peer ended the association");
        }
        if (message.context_id != kContext || message.command.is_response()) {
            protocol_violation("not a report of storage commitment");
        }
        if (auto report = take_report(exchange, message, transaction_uid)) return report;
    }
    return std::nullopt;
}

}  // namespace

CommitmentOutcome request_commitment(const Peer& peer, const CommitmentRequest& request,
                                     const CommitmentWait& wait) {
    return on_association(peer, {}, [&](const Exchange& exchange) {
        CommandSet command;
        command.command_field = kCommandAction;
        command.requested_sop_class = kStorageCommitmentPushModel;
        command.requested_sop_instance = kStorageCommitmentInstance;
        command.action_type = kActionRequestCommitment;
        CommitmentOutcome outcome =
            ask(exchange, command, encode_commitment_request(request, exchange.transfer_syntax));
        if (outcome.kind == Kind::unreachable) return outcome;
        if (outcome.kind == Kind::taken) {
            if (wait.taken) wait.taken();
            try {
                outcome.report = await_report(exchange, request.transaction_uid, wait);
                if (outcome.report) outcome.kind = Kind::answered;
            } catch (const Error&) {
                exchange.client.abort();  // the request stands: its result comes on another association
                return outcome;
            }
        }
        exchange.client.release();
        return outcome;
    });
}

CommitmentOutcome report_commitment(const Peer& peer, const CommitmentReport& report) {
    const std::vector<RoleSelection> as_scp{{kStorageCommitmentPushModel, false, true}};
    return on_association(peer, as_scp, [&](const Exchange& exchange) {
        CommandSet command;
        command.command_field = kCommandEventReport;
        command.affected_sop_class = kStorageCommitmentPushModel;
        command.affected_sop_instance = kStorageCommitmentInstance;
        command.event_type = report.event_type();
        const CommitmentOutcome outcome =
            ask(exchange, command, encode_commitment_report(report, exchange.transfer_syntax));
        if (outcome.kind != Kind::unreachable) exchange.client.release();
        return outcome;
    });
}

}  // namespace calcnode::dicom

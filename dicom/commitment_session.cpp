#include "dicom/commitment_session.h"

#include "dicom/error.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

constexpr std::chrono::milliseconds kIdle{500};
constexpr std::size_t kMaxDue = 64;  // results that wait for a peer that keeps asking and does not listen

bool is_action(const CommandSet& command) {
    return command.command_field == kCommandAction;
}

// Which object the request is about: Affected or Requested SOP Class and Instance (PS3.7 10.3.1, 10.3.5).
const std::string& class_of(const CommandSet& command) {
    return is_action(command) ? command.requested_sop_class : command.affected_sop_class;
}
const std::string& instance_of(const CommandSet& command) {
    return is_action(command) ? command.requested_sop_instance : command.affected_sop_instance;
}

// What is wrong with the command by itself; nothing: look at its data set.
std::optional<CommitmentAnswer> refusal(const CommandSet& command) {
    if (class_of(command) != kStorageCommitmentPushModel) {
        return CommitmentAnswer{kStatusNoSuchSopClass, "not the Storage Commitment Push Model", {}};
    }
    if (instance_of(command) != kStorageCommitmentInstance) {
        return CommitmentAnswer{kStatusNoSuchSopInstance, "not the well-known SOP instance", {}};
    }
    if (is_action(command) && command.action_type != kActionRequestCommitment) {
        return CommitmentAnswer{kStatusNoSuchActionType, "action type is not 1", {}};
    }
    if (!is_action(command) && command.event_type != kEventCommitted &&
        command.event_type != kEventCommittedWithFailures) {
        return CommitmentAnswer{kStatusNoSuchEventType, "event type is neither 1 nor 2", {}};
    }
    if (!command.has_data_set()) return CommitmentAnswer{kStatusInvalidArgument, "no data set", {}};
    return std::nullopt;
}

}  // namespace

CommitmentSession::CommitmentSession(DimseConnection& connection, const PeerInfo& peer,
                                     const CommitmentHandlers& handlers)
    : connection_(connection), peer_(peer), handlers_(handlers) {}

CommitmentSession::~CommitmentSession() {
    for (const Due& due : due_)
        handlers_.reported(peer_, due.report, false);
}

bool CommitmentSession::serves(const CommandSet& command, const PresentationContext& context) const {
    if (context.abstract_syntax != kStorageCommitmentPushModel) return false;
    if (is_action(command)) return static_cast<bool>(handlers_.requested);
    return command.command_field == kCommandEventReport && handlers_.told;
}

void CommitmentSession::answer(const DimseMessage& request, const PresentationContext& context) {
    CommitmentAnswer answer = judge(request, context);
    if (answer.report)
        due_.push_back({request.context_id, context.transfer_syntax, std::move(*answer.report)});
    CommandSet response;
    response.command_field = request.command.command_field | kResponseBit;
    response.message_id_responded_to = request.command.message_id;
    response.status = answer.status;
    response.error_comment = answer.comment;
    response.affected_sop_class = kStorageCommitmentPushModel;
    response.affected_sop_instance = kStorageCommitmentInstance;
    response.event_type = request.command.event_type;
    response.action_type = request.command.action_type;
    send_message(connection_, {request.context_id, response});
}

CommitmentAnswer CommitmentSession::judge(const DimseMessage& request, const PresentationContext& context) {
    std::optional<std::vector<unsigned char>> dataset;
    if (request.command.has_data_set()) {
        dataset = read_dataset(connection_, request.context_id, kMaxCommitmentDataset);
    }
    if (auto refused = refusal(request.command)) return std::move(*refused);
    if (!dataset) return {kStatusResourceLimitation, "data set too long", {}};
    if (is_action(request.command) && due_.size() >= kMaxDue) {
        return {kStatusResourceLimitation, "too many requests on one association", {}};
    }
    try {
        return handle(request, context, *dataset);
    } catch (const Error& error) {
        const bool too_large = error.code() == ErrorCode::too_large;
        // The message of ours names tags and offsets: no values.
        return {too_large ? kStatusResourceLimitation : kStatusInvalidArgument, error.what(), {}};
    }
}

CommitmentAnswer CommitmentSession::handle(const DimseMessage& request, const PresentationContext& context,
                                           std::span<const unsigned char> dataset) {
    if (is_action(request.command)) {
        return handlers_.requested(peer_, parse_commitment_request(dataset, context.transfer_syntax));
    }
    return handlers_.told(peer_, parse_commitment_report(dataset, context.transfer_syntax));
}

void CommitmentSession::report_when_idle() {
    if (due_.empty() || unanswered_ || connection_.readable_within(kIdle)) return;
    const Due& due = due_.front();
    CommandSet command;
    command.command_field = kCommandEventReport;
    command.message_id = ++last_message_id_;
    command.data_set_type = kWithDataSet;
    command.affected_sop_class = kStorageCommitmentPushModel;
    command.affected_sop_instance = kStorageCommitmentInstance;
    command.event_type = due.report.event_type();
    unanswered_ = command.message_id;
    send_message(connection_, {due.context_id, command},
                 encode_commitment_report(due.report, due.transfer_syntax));
}

bool CommitmentSession::take_response(const DimseMessage& response) {
    const CommandSet& command = response.command;
    if (!unanswered_ || command.command_field != (kCommandEventReport | kResponseBit) ||
        command.message_id_responded_to != *unanswered_ || command.has_data_set()) {
        return false;
    }
    unanswered_.reset();
    const CommitmentReport report = std::move(due_.front().report);
    due_.pop_front();
    handlers_.reported(peer_, report, command.status == kStatusSuccess);
    return true;
}

}  // namespace calcnode::dicom

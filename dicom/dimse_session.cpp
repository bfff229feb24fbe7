#include "dicom/dimse_session.h"

#include <stdexcept>
#include <vector>

#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

// The data set of one command, as PDVs (PS3.7 section 6.3.2).
class PdvStream : public DatasetStream {
  public:
    PdvStream(DimseConnection& connection, std::uint8_t context_id, std::uint64_t max_bytes)
        : connection_(connection), context_id_(context_id), max_bytes_(max_bytes) {}

    std::span<const unsigned char> next() override {
        if (!trouble_.empty()) throw Error(ErrorCode::network_error, trouble_);
        if (too_large()) throw Error(ErrorCode::too_large, "data set larger than allowed");
        while (!ended_) {
            const auto piece = read();
            if (too_large()) throw Error(ErrorCode::too_large, "data set larger than allowed");
            if (!piece.empty()) return piece;
        }
        return {};
    }

    /// Reads and drops the rest.
    void drain() {
        while (!ended_)
            (void)read();
    }

    bool too_large() const { return bytes_ > max_bytes_; }
    std::uint64_t bytes() const { return bytes_; }
    /// Why it broke off; empty: it did not. Kept because a StoreFunction may swallow the exception.
    const std::string& trouble() const { return trouble_; }

  private:
    std::span<const unsigned char> read() {
        try {
            Pdv pdv;
            if (connection_.next(pdv) != PduEvent::data)
                protocol_violation("the association ended inside a data set");
            if (pdv.is_command) protocol_violation("a command inside a data set");
            if (pdv.context_id != context_id_) protocol_violation("a data set on two presentation contexts");
            ended_ = pdv.is_last;
            bytes_ += pdv.data.size();
            return pdv.data;
        } catch (const std::exception& error) {
            trouble_ = error.what();
            throw;
        }
    }

    DimseConnection& connection_;
    std::uint8_t context_id_;
    std::uint64_t max_bytes_;
    std::uint64_t bytes_ = 0;
    bool ended_ = false;
    std::string trouble_;
};

// A refusal that needs no look at the data set; its status (PS3.4 Table B.2-1, PS3.7 Annex C) and comment.
struct Refusal {
    std::uint16_t status = kStatusSuccess;
    std::string comment;
};

Refusal check_store(const CommandSet& command, const PresentationContext& context) {
    constexpr auto kMismatch = static_cast<std::uint16_t>(StoreStatus::dataset_does_not_match_class);
    if (!command.has_data_set()) {
        return {static_cast<std::uint16_t>(StoreStatus::cannot_understand), "C-STORE without a data set"};
    }
    if (command.affected_sop_class != context.abstract_syntax) {
        return {kMismatch, "SOP class is not the presentation context's"};
    }
    if (!is_legal_uid(command.affected_sop_instance)) {
        return {kStatusInvalidSopInstance, "SOP instance UID is not legal"};
    }
    return {};
}

}  // namespace

DimseSession::DimseSession(DimseConnection& connection, const Terms& terms,
                           const AssociationHandlers& handlers)
    : connection_(connection),
      terms_(terms),
      store_(handlers.store),
      commitment_(connection, terms_.peer, handlers.commitment) {}

bool DimseSession::run(AssociationOutcome& outcome) {
    while (true) {
        DimseMessage request;
        const std::optional<PduEvent> end = next_request(request);
        if (end == PduEvent::release_request) {
            connection_.send_release_reply();
            outcome.end = "released";
            return true;
        }
        if (end == PduEvent::abort) {
            outcome.end = "aborted by peer";
            return false;
        }
        if (end) protocol_violation("unexpected release reply");
        connection_.socket().set_interruptible(false);
        answer(request, outcome);
    }
}

// Nothing when there is a request, else what came in place of one.
std::optional<PduEvent> DimseSession::next_request(DimseMessage& request) {
    connection_.socket().set_interruptible(true);
    while (true) {
        commitment_.report_when_idle();
        if (const auto event = read_command(connection_, request)) return event;
        if (!terms_.contexts.contains(request.context_id)) {
            protocol_violation("a presentation context that was not accepted");
        }
        if (!request.command.is_response()) return std::nullopt;
        if (!commitment_.take_response(request)) protocol_violation("a response where a request was due");
    }
}

const PresentationContext& DimseSession::context(const DimseMessage& request) const {
    return terms_.contexts.at(request.context_id);
}

void DimseSession::answer(const DimseMessage& request, AssociationOutcome& outcome) {
    const std::uint16_t field = request.command.command_field;
    if (field == kCommandStore) {
        const StoreAnswer stored = store_object(request, outcome);
        ++(stored.status == StoreStatus::success ? outcome.stored : outcome.refused);
        respond(request, static_cast<std::uint16_t>(stored.status), stored.comment);
        return;
    }
    if (commitment_.serves(request.command, context(request))) {
        commitment_.answer(request, context(request));
        return;
    }
    if (request.command.has_data_set()) {
        PdvStream(connection_, request.context_id, terms_.max_object_bytes).drain();
    }
    if (field == kCommandEcho) {
        respond(request, kStatusSuccess, {});
    } else if (field != kCommandCancel) {  // there is nothing to cancel, and no answer to it (PS3.7 9.3.2.3)
        respond(request, kStatusUnrecognizedOperation, "operation not served");
    }
}

StoreAnswer DimseSession::store_object(const DimseMessage& request, AssociationOutcome& outcome) {
    PdvStream stream(connection_, request.context_id, terms_.max_object_bytes);
    const Refusal refusal = check_store(request.command, context(request));
    if (refusal.status != kStatusSuccess) {
        if (request.command.has_data_set()) stream.drain();
        return {static_cast<StoreStatus>(refusal.status), refusal.comment};
    }
    StoreAnswer answer{StoreStatus::processing_failure, "internal error"};
    try {
        answer = store_({terms_.peer, request.command.affected_sop_class,
                         request.command.affected_sop_instance, context(request).transfer_syntax},
                        stream);
    } catch (const std::exception&) {
        // The stream's own trouble is judged below; anything else leaves "internal error".
    }
    if (!stream.trouble().empty()) throw Error(ErrorCode::network_error, stream.trouble());
    if (stream.too_large()) {
        answer = {StoreStatus::out_of_resources,
                  "object over " + std::to_string(terms_.max_object_bytes) + " bytes"};
    }
    stream.drain();
    outcome.bytes += stream.bytes();
    return answer;
}

void DimseSession::respond(const DimseMessage& request, std::uint16_t status, const std::string& comment) {
    CommandSet response;
    response.command_field = request.command.command_field | kResponseBit;
    response.message_id_responded_to = request.command.message_id;
    response.status = status;
    response.error_comment = comment;
    if (is_legal_uid(request.command.affected_sop_class)) {
        response.affected_sop_class = request.command.affected_sop_class;
    }
    if (is_legal_uid(request.command.affected_sop_instance)) {
        response.affected_sop_instance = request.command.affected_sop_instance;
    }
    send_message(connection_, {request.context_id, response});
}

}  // namespace calcnode::dicom

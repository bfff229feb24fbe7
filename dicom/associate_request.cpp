#include "dicom/associate_request.h"

#include <algorithm>
#include <string_view>

#include "dicom/associate_items.h"
#include "dicom/associate_writer.h"

namespace calcnode::dicom {

namespace {

using Bytes = std::span<const unsigned char>;

constexpr std::size_t kTitleLength = 16;
constexpr std::size_t kReservedLength = 32;

// PS3.8 9.3.1
constexpr unsigned char kAssociateRequest = 1;
constexpr unsigned char kAssociateAccept = 2;
constexpr unsigned char kAssociateReject = 3;
constexpr unsigned char kAbort = 7;

std::string title(std::string value) {
    value.resize(kTitleLength, ' ');
    return value;
}

std::string context_item(const ProposedContext& context) {
    AssociateWriter writer;
    writer.number(context.id, 1);
    writer.number(0, 3);
    writer.item(kItemAbstractSyntax, context.abstract_syntax);
    for (const std::string& syntax : context.transfer_syntaxes)
        writer.item(kItemTransferSyntax, syntax);
    return writer.bytes();
}

// PS3.8 Table 9-21
std::string rejection_text(std::size_t source, std::size_t reason) {
    if (source == 1) {
        switch (reason) {
            case 2:
                return "application context name not supported";
            case 3:
                return "calling AE title not recognised";
            case 7:
                return "called AE title not recognised";
            default:
                return "no reason given";
        }
    }
    if (source == 2) return reason == 2 ? "protocol version not supported" : "no reason given";
    if (source == 3 && reason == 1) return "temporary congestion";
    if (source == 3 && reason == 2) return "local limit exceeded";
    return "no reason given";
}

AssociateReply rejected(Bytes body) {
    AssociateReply reply;
    if (body.size() != 4) return reply;
    const bool transient = body[1] == 2;
    reply.kind =
        transient ? AssociateReply::Kind::rejected_transient : AssociateReply::Kind::rejected_permanent;
    reply.text = "association rejected (" + std::string(transient ? "transient" : "permanent") +
                 "): " + rejection_text(body[2], body[3]);
    return reply;
}

bool was_proposed(const AssociateProposal& proposal, std::uint8_t id, std::string_view syntax) {
    return std::any_of(
        proposal.contexts.begin(), proposal.contexts.end(), [&](const ProposedContext& context) {
            const auto& offered = context.transfer_syntaxes;
            return context.id == id && std::find(offered.begin(), offered.end(), syntax) != offered.end();
        });
}

// PS3.8 Table 9-18: id, reserved, result (0: acceptance), reserved, transfer syntax item
bool take_context(Bytes value, const AssociateProposal& proposal, AssociateReply& reply) {
    if (value.size() < 4) return false;
    const std::uint8_t id = value[0];
    if (value[2] != 0) return true;
    return visit_items(value.subspan(4), [&](unsigned char type, Bytes syntax) {
        if (type != kItemTransferSyntax) return true;
        const std::string uid = item_uid(syntax);
        if (was_proposed(proposal, id, uid)) reply.contexts[id] = uid;
        return true;
    });
}

AssociateReply accepted(Bytes body, const AssociateProposal& proposal) {
    AssociateReply reply;
    if (body.size() < kAssociateFixedLength) return reply;
    const auto take_user_item = [&](unsigned char type, Bytes value) {
        if (type == kItemMaximumLength && value.size() == 4) {
            reply.peer_max_pdu = static_cast<std::uint32_t>(read_big_endian(value, 0, 4));
        }
        if (type == kItemRoleSelection) {
            if (auto role = parse_role(value)) reply.roles.push_back(std::move(*role));
        }
        return true;
    };
    const bool whole = visit_items(body.subspan(kAssociateFixedLength), [&](unsigned char type, Bytes value) {
        if (type == kItemContextAnswer) return take_context(value, proposal, reply);
        return type != kItemUserInformation || visit_items(value, take_user_item);
    });
    if (whole) reply.kind = AssociateReply::Kind::accepted;
    return reply;
}

}  // namespace

std::vector<unsigned char> encode_associate_request(const AssociateProposal& proposal) {
    AssociateWriter body;
    body.number(1, 2);  // protocol version
    body.number(0, 2);
    body.text(title(proposal.called_ae_title));
    body.text(title(proposal.calling_ae_title));
    body.text(std::string(kReservedLength, '\0'));
    body.item(kItemApplicationContext, kApplicationContextName);
    for (const ProposedContext& context : proposal.contexts)
        body.item(kItemContextRequest, context_item(context));
    body.item(kItemUserInformation, our_user_information(proposal.max_pdu, proposal.roles));
    return body.as_pdu(kAssociateRequest);
}

AssociateReply parse_associate_reply(unsigned char type, std::span<const unsigned char> body,
                                     const AssociateProposal& proposal) {
    AssociateReply reply;
    if (type == kAssociateAccept) reply = accepted(body, proposal);
    if (type == kAssociateReject) reply = rejected(body);
    if (type == kAbort) reply.kind = AssociateReply::Kind::aborted;
    if (reply.kind == AssociateReply::Kind::aborted) reply.text = "the peer aborted instead of answering";
    if (reply.kind == AssociateReply::Kind::malformed)
        reply.text = "the peer's answer is no A-ASSOCIATE-AC or -RJ";
    return reply;
}

}  // namespace calcnode::dicom

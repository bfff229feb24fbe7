#include "dicom/associate_accept.h"

#include <algorithm>

#include "dicom/associate_items.h"
#include "dicom/associate_peek.h"
#include "dicom/associate_writer.h"

namespace calcnode::dicom {

namespace {

using Bytes = std::span<const unsigned char>;

constexpr unsigned char kAssociateAccept = 2;
constexpr unsigned char kAssociateReject = 3;
constexpr std::size_t kTitlesOffset =
    kPduHeaderLength + 4;  // after the protocol version and two reserved bytes

// PS3.8 Table 9-13: id, 3 reserved bytes, the abstract syntax, transfer syntaxes
std::optional<ProposedContext> parse_context(Bytes value) {
    if (value.size() < 4) return std::nullopt;
    ProposedContext context{.id = value[0], .abstract_syntax = {}, .transfer_syntaxes = {}};
    const bool whole = visit_items(value.subspan(4), [&](unsigned char type, Bytes uid) {
        if (type == kItemAbstractSyntax) context.abstract_syntax = item_uid(uid);
        if (type == kItemTransferSyntax) context.transfer_syntaxes.push_back(item_uid(uid));
        return true;
    });
    if (!whole || context.abstract_syntax.empty() || context.id % 2 == 0) return std::nullopt;
    return context;
}

bool take_context(AssociateRequest& request, Bytes value) {
    std::optional<ProposedContext> context = parse_context(value);
    if (!context) return false;
    const auto same_id = [&](const ProposedContext& other) { return other.id == context->id; };
    if (std::any_of(request.contexts.begin(), request.contexts.end(), same_id)) return false;
    request.contexts.push_back(std::move(*context));
    return true;
}

bool take_user_information(AssociateRequest& request, Bytes value) {
    return visit_items(value, [&](unsigned char type, Bytes content) {
        if (type == kItemMaximumLength && content.size() == 4) {
            request.max_pdu = static_cast<std::uint32_t>(read_big_endian(content, 0, 4));
        }
        if (type == kItemRoleSelection) {
            if (auto role = parse_role(content)) request.roles.push_back(std::move(*role));
        }
        return true;
    });
}

}  // namespace

std::optional<AssociateRequest> parse_associate_request(std::span<const unsigned char> pdu) {
    const AssociatePeek peek = peek_associate_request(pdu);
    if (peek.state != PeekState::complete) return std::nullopt;
    AssociateRequest request;
    // Bit 0 says version 1; others may be set (PS3.8 Table 9-11).
    request.protocol_version_1 = (pdu[kPduHeaderLength + 1] & 1) != 0;
    request.calling_ae_title = peek.calling_ae_title;
    request.called_ae_title = peek.called_ae_title;
    std::copy_n(pdu.begin() + kTitlesOffset, request.titles_as_sent.size(), request.titles_as_sent.begin());
    const Bytes items = pdu.first(peek.pdu_length).subspan(kPduHeaderLength + kAssociateFixedLength);
    const bool good = visit_items(items, [&](unsigned char type, Bytes value) {
        if (type == kItemApplicationContext) request.application_context = item_uid(value);
        if (type == kItemContextRequest) return take_context(request, value);
        return type != kItemUserInformation || take_user_information(request, value);
    });
    if (!good) return std::nullopt;
    return request;
}

std::vector<unsigned char> encode_associate_accept(const AssociateRequest& request,
                                                   const AssociateAnswer& answer) {
    AssociateWriter body;
    body.number(1, 2);  // protocol version
    body.number(0, 2);
    body.text({reinterpret_cast<const char*>(request.titles_as_sent.data()), request.titles_as_sent.size()});
    body.item(kItemApplicationContext, kApplicationContextName);
    for (const ContextAnswer& one : answer.contexts) {
        AssociateWriter context;
        context.number(one.id, 1);
        context.number(0, 1);
        context.number(static_cast<unsigned char>(one.result), 1);
        context.number(0, 1);
        context.item(kItemTransferSyntax, one.transfer_syntax);
        body.item(kItemContextAnswer, context.bytes());
    }
    body.item(kItemUserInformation, our_user_information(answer.max_pdu, answer.roles));
    return body.as_pdu(kAssociateAccept);
}

std::array<unsigned char, 10> encode_associate_reject(const Rejection& rejection) {
    return {kAssociateReject, 0, 0, 0, 0, 4, 0, rejection.result, rejection.source, rejection.reason};
}

}  // namespace calcnode::dicom

#include "dicom/association_negotiation.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "dicom/associate_writer.h"
#include "dicom/commitment.h"
#include "dicom/transfer_syntax.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

constexpr std::uint32_t kSmallestPdu = 4096;
constexpr std::uint32_t kLargestPdu = 1 << 20;

bool allowed(const std::vector<std::string>& titles, const std::string& title) {
    return titles.empty() || std::find(titles.begin(), titles.end(), title) != titles.end();
}

struct Refusal {
    Rejection rejection;
    std::string text;
    std::string title_refusal{};
};

// PS3.8 Table 9-21
std::optional<Refusal> refusal(const AssociateRequest& request, const AssociationPolicy& policy,
                               const Caller& caller) {
    constexpr Rejection kProtocolVersion{.result = 1, .source = 2, .reason = 2};
    constexpr Rejection kApplicationContext{.result = 1, .source = 1, .reason = 2};
    constexpr Rejection kCallingTitle{.result = 1, .source = 1, .reason = 3};
    constexpr Rejection kCalledTitle{.result = 1, .source = 1, .reason = 7};
    if (!request.protocol_version_1) return Refusal{kProtocolVersion, "rejected: protocol version"};
    if (request.application_context != kApplicationContextName) {
        return Refusal{kApplicationContext, "rejected: application context name"};
    }
    if (!allowed(policy.called_ae_titles, request.called_ae_title)) {
        return Refusal{kCalledTitle, "rejected: called AE title"};
    }
    if (!allowed(policy.calling_ae_titles, request.calling_ae_title)) {
        return Refusal{kCallingTitle, "rejected: calling AE title"};
    }
    const std::string why = title_refusal(policy.calling_ae_certificates, request.calling_ae_title,
                                          caller.certificate, caller.over_tls);
    if (!why.empty()) return Refusal{kCallingTitle, "rejected: calling AE title " + why, why};
    return std::nullopt;
}

// The syntaxes that we take for a class, best first; empty: the class is not ours.
std::span<const char* const> syntaxes_for(std::string_view abstract_syntax, const AssociationPolicy& policy) {
    if (abstract_syntax == kVerification) return uncompressed_transfer_syntaxes();
    if (abstract_syntax == kStorageCommitmentPushModel) {
        const bool ours = policy.commitment_requests || policy.commitment_reports;
        return ours ? uncompressed_transfer_syntaxes() : std::span<const char* const>{};
    }
    const auto& others = policy.other_storage_classes;
    if (abstract_syntax == kMammographyForPresentation || abstract_syntax == kMammographyForProcessing ||
        std::find(others.begin(), others.end(), abstract_syntax) != others.end()) {
        return input_transfer_syntaxes();
    }
    return {};
}

ContextAnswer answer_context(const ProposedContext& context, const AssociationPolicy& policy) {
    const auto& proposed = context.transfer_syntaxes;
    const auto ours = syntaxes_for(context.abstract_syntax, policy);
    for (const char* syntax : ours) {
        if (std::find(proposed.begin(), proposed.end(), syntax) != proposed.end()) {
            return {context.id, ContextResult::accepted, syntax};
        }
    }
    const auto result = ours.empty() ? ContextResult::abstract_syntax_not_supported
                                     : ContextResult::transfer_syntaxes_not_supported;
    return {context.id, result, proposed.empty() ? kImplicitLittleEndian : proposed.front()};
}

// PS3.7 D.3.3.4: of what the requestor proposes to be, what we are the other side for. Without a proposal it
// is SCU; a result that comes on such an association is taken all the same, since some peers leave the item
// out.
std::vector<RoleSelection> answer_roles(const AssociateRequest& request, const AssociationPolicy& policy) {
    const auto proposed = find_role(request.roles, kStorageCommitmentPushModel);
    if (!proposed) return {};
    return {{kStorageCommitmentPushModel, proposed->scu && policy.commitment_requests,
             proposed->scp && policy.commitment_reports}};
}

}  // namespace

Negotiation negotiate(const AssociateRequest& request, const AssociationPolicy& policy,
                      const Caller& caller) {
    Negotiation result;
    if (const auto why = refusal(request, policy, caller)) {
        const auto answer = encode_associate_reject(why->rejection);
        result.text = why->text;
        result.title_refusal = why->title_refusal;
        result.answer.assign(answer.begin(), answer.end());
        return result;
    }
    std::vector<ContextAnswer> answers;
    for (const ProposedContext& context : request.contexts) {
        answers.push_back(answer_context(context, policy));
        if (answers.back().result == ContextResult::accepted) {
            result.contexts[context.id] = {context.abstract_syntax, answers.back().transfer_syntax};
        }
    }
    result.accepted = true;
    result.our_max_pdu = std::clamp(policy.max_pdu, kSmallestPdu, kLargestPdu);
    result.answer =
        encode_associate_accept(request, {answers, answer_roles(request, policy), result.our_max_pdu});
    return result;
}

}  // namespace calcnode::dicom

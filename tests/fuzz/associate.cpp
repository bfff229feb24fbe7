#include <optional>

#include "dicom/associate_accept.h"
#include "dicom/associate_peek.h"
#include "dicom/associate_request.h"
#include "dicom/association_negotiation.h"
#include "dicom/uid.h"
#include "tests/fuzz/targets.h"

namespace calcnode::fuzz {

namespace {

// Our own answer to whatever was asked is read back as a requestor reads it.
void answer(const dicom::AssociateRequest& request) {
    const dicom::AssociationPolicy policy{.commitment_requests = true, .commitment_reports = true};
    const dicom::Negotiation agreed = dicom::negotiate(request, policy);
    const dicom::AssociateProposal proposal{.contexts = request.contexts, .roles = request.roles};
    (void)dicom::parse_associate_reply(agreed.answer.at(0), Bytes(agreed.answer).subspan(6), proposal);
}

}  // namespace

void associate(Bytes input) {
    (void)dicom::peek_associate_request(input);
    if (const auto request = dicom::parse_associate_request(input)) answer(*request);
    if (input.empty()) return;
    const dicom::AssociateProposal proposal{
        .contexts = {{1, dicom::kVerification, {dicom::kImplicitLittleEndian}}}};
    (void)dicom::parse_associate_reply(input[0], input.subspan(1), proposal);
}

}  // namespace calcnode::fuzz

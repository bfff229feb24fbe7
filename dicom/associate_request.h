// The requestor's side of association establishment as bytes: our A-ASSOCIATE-RQ, and what the peer answers
// (PS3.8 9.3.2 to 9.3.4). Pure functions; never allocate by a peer's word. Used by dimse_client.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "dicom/associate_roles.h"

namespace calcnode::dicom {

/// As many as odd one-byte ids allow (PS3.8 9.3.2.2).
inline constexpr std::size_t kMaxPresentationContexts = 128;

struct ProposedContext {
    std::uint8_t id = 1;  // odd
    std::string abstract_syntax;
    std::vector<std::string> transfer_syntaxes;
};

struct AssociateProposal {
    std::string calling_ae_title;
    std::string called_ae_title;
    std::uint32_t max_pdu = 16384;
    std::vector<ProposedContext> contexts;
    std::vector<RoleSelection> roles;  // none: SCU of every class
};

struct AssociateReply {
    enum class Kind { accepted, rejected_permanent, rejected_transient, aborted, malformed };
    Kind kind = Kind::malformed;
    std::string text;                              // why not; one line
    std::map<std::uint8_t, std::string> contexts;  // accepted: id -> transfer syntax
    std::uint32_t peer_max_pdu = 0;                // 0: unlimited
    std::vector<RoleSelection> roles;              // that the peer answered
};

std::vector<unsigned char> encode_associate_request(const AssociateProposal& proposal);

/// `type` and `body` of the first PDU that came back. Contexts that were not proposed so are not accepted.
AssociateReply parse_associate_reply(unsigned char type, std::span<const unsigned char> body,
                                     const AssociateProposal& proposal);

}  // namespace calcnode::dicom

// The acceptor's side of association establishment as bytes: the peer's A-ASSOCIATE-RQ, and our AC or RJ
// (PS3.8 9.3.2 to 9.3.4). Pure functions; memory is bounded by the bytes that are there
// (kMaxAssociateRequest). Ours and not DCMTK's, because 3.6.7 leaks parts of a request that it refuses: a
// peer could fill our memory before it is known.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dicom/associate_request.h"

namespace calcnode::dicom {

struct AssociateRequest {
    bool protocol_version_1 = false;
    std::string application_context;
    std::string calling_ae_title;  // trimmed, control characters shown as '?'
    std::string called_ae_title;
    std::vector<ProposedContext> contexts;
    std::uint32_t max_pdu = 0;  // that the peer receives; 0: unlimited
    std::vector<RoleSelection> roles;
    std::array<unsigned char, 64> titles_as_sent;  // both titles and the reserved bytes: an AC repeats them
};

/// Nothing when `pdu`, with its header, is no whole well-formed A-ASSOCIATE-RQ (as peek_associate_request
/// sees it), or has a presentation context without an abstract syntax, with an even id or with an id that
/// another one has. User information that we do not use (extended negotiation, user identity) is passed
/// over: not answering it means the default (PS3.7 D.3.3).
std::optional<AssociateRequest> parse_associate_request(std::span<const unsigned char> pdu);

/// PS3.8 Table 9-18
enum class ContextResult : unsigned char {
    accepted = 0,
    abstract_syntax_not_supported = 3,
    transfer_syntaxes_not_supported = 4,
};

struct ContextAnswer {
    std::uint8_t id = 1;
    ContextResult result = ContextResult::accepted;
    std::string transfer_syntax;  // of no significance unless accepted
};

struct AssociateAnswer {
    std::vector<ContextAnswer> contexts;
    std::vector<RoleSelection> roles;  // only of classes that the request has one for (PS3.7 D.3.3.4)
    std::uint32_t max_pdu = 16384;
};

std::vector<unsigned char> encode_associate_accept(const AssociateRequest& request,
                                                   const AssociateAnswer& answer);

/// PS3.8 Table 9-21
struct Rejection {
    unsigned char result = 1;  // 1 permanent, 2 transient
    unsigned char source = 1;
    unsigned char reason = 1;
};

std::array<unsigned char, 10> encode_associate_reject(const Rejection& rejection);

}  // namespace calcnode::dicom

// What we answer to an A-ASSOCIATE-RQ (PS3.8 7.1, PS3.7 Annex D). A pure function; used by
// association_server.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dicom/associate_accept.h"
#include "dicom/association_server.h"
#include "dicom/implementation.h"

namespace calcnode::dicom {

struct PresentationContext {
    std::string abstract_syntax;
    std::string transfer_syntax;
};

struct Negotiation {
    bool accepted = false;
    std::string title_refusal;                             // the part of it that is about a certificate
    std::string text;                                      // why not: "rejected: called AE title"
    std::map<std::uint8_t, PresentationContext> contexts;  // the accepted ones
    std::uint32_t our_max_pdu = 0;
    std::vector<unsigned char> answer;  // A-ASSOCIATE-AC or -RJ
};

/// Who asks, as far as the connection says it.
struct Caller {
    const PeerCertificate* certificate = nullptr;
    bool over_tls = false;
};

/// Each context gets the best transfer syntax, by our order, of those proposed for it. An association without
/// a single acceptable context is accepted all the same: the peer is told why in the AC.
Negotiation negotiate(const AssociateRequest& request, const AssociationPolicy& policy,
                      const Caller& caller = {});

}  // namespace calcnode::dicom

// The acceptor's side of association establishment (PS3.8 7.1, PS3.7 Annex D): DCMTK reads the A-ASSOCIATE-RQ
// and writes the answer, we decide. Used by association_server only; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "dicom/association_server.h"

struct T_ASC_Network;

namespace calcnode::dicom {

/// Ours, in each A-ASSOCIATE-RQ and -AC (PS3.7 D.3.3.2). The UID is a UUID made once, as PS3.5 B.2 has it.
inline constexpr const char* kImplementationClassUid = "2.25.95180839927068604265626684444429566103";
inline constexpr const char* kImplementationVersionName = "CALCNODE_0_1";

struct PresentationContext {
    std::string abstract_syntax;
    std::string transfer_syntax;
};

struct Negotiation {
    enum class Result { accepted, rejected, failed };
    Result result = Result::failed;
    std::string text;  // why not, for the log
    std::string calling_ae_title;
    std::string called_ae_title;
    std::map<std::uint8_t, PresentationContext> contexts;  // the accepted ones
    std::uint32_t our_max_pdu = 0;
    std::uint32_t peer_max_pdu = 0;  // 0: unlimited
};

/// Answers the A-ASSOCIATE-RQ that lies complete in `fd`'s receive buffer (fails if it does not) with an AC
/// or an RJ. `fd` stays the caller's. DCMTK takes sockets through one variable of the process, so that this
/// holds a lock, but never across a wait for the peer.
Negotiation negotiate(T_ASC_Network* network, int fd, const AssociationPolicy& policy);

/// DCMTK's acceptor handle, opened without a listening socket. Throws Error network_error.
T_ASC_Network* open_acceptor_network();

}  // namespace calcnode::dicom

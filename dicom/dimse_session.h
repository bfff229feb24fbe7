// The acceptor's side of an established association: takes commands one after the other and answers them
// (C-ECHO, C-STORE; PS3.7 9.3.1, 9.3.5). Used by association_server only. One session a thread.
#pragma once

#include <map>
#include <optional>

#include "dicom/association_negotiation.h"
#include "dicom/association_server.h"
#include "dicom/command_set.h"
#include "dicom/dimse_pdu.h"

namespace calcnode::dicom {

class DimseSession {
  public:
    struct Terms {
        PeerInfo peer;
        const std::map<std::uint8_t, PresentationContext>& contexts;
        std::uint64_t max_object_bytes;
    };
    /// Everything must outlive the session.
    DimseSession(DimseConnection& connection, const Terms& terms, const StoreFunction& store);

    /// Until the association is released (true) or the peer aborts it (false); how is in `outcome.end`.
    /// Throws Error network_error: the association must then be aborted; the counts in `outcome` are right
    /// all the same.
    bool run(AssociationOutcome& outcome);

  private:
    struct Request {
        std::uint8_t context_id = 0;
        CommandSet command;
    };
    std::optional<PduEvent> next_request(Request& request);
    void answer(const Request& request, AssociationOutcome& outcome);
    StoreAnswer store_object(const Request& request, AssociationOutcome& outcome);
    void respond(const Request& request, std::uint16_t status, const std::string& comment);
    const PresentationContext& context(const Request& request) const;

    DimseConnection& connection_;
    Terms terms_;
    const StoreFunction& store_;
};

}  // namespace calcnode::dicom

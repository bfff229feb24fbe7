// The acceptor's side of an established association: takes commands one after the other and answers them
// (C-ECHO, C-STORE; PS3.7 9.3.1, 9.3.5; storage commitment in commitment_session). Used by association_server
// only. One session a thread.
#pragma once

#include <map>
#include <optional>

#include "dicom/association_negotiation.h"
#include "dicom/association_server.h"
#include "dicom/command_set.h"
#include "dicom/commitment_session.h"
#include "dicom/dimse_message.h"
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
    DimseSession(DimseConnection& connection, const Terms& terms, const AssociationHandlers& handlers);

    /// Until the association is released (true) or the peer aborts it (false); how is in `outcome.end`.
    /// Throws Error network_error: the association must then be aborted; the counts in `outcome` are right
    /// all the same.
    bool run(AssociationOutcome& outcome);

  private:
    std::optional<PduEvent> next_request(DimseMessage& request);
    void answer(const DimseMessage& request, AssociationOutcome& outcome);
    StoreAnswer store_object(const DimseMessage& request, AssociationOutcome& outcome);
    void respond(const DimseMessage& request, std::uint16_t status, const std::string& comment);
    const PresentationContext& context(const DimseMessage& request) const;

    DimseConnection& connection_;
    Terms terms_;
    const StoreFunction& store_;
    CommitmentSession commitment_;
};

}  // namespace calcnode::dicom

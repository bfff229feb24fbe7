// Storage commitment on an association that the peer has opened (PS3.4 Annex J): its N-ACTION requests and
// our results to them, and its N-EVENT-REPORTs. Used by dimse_session; one a session.
#pragma once

#include <deque>
#include <optional>

#include "dicom/association_negotiation.h"
#include "dicom/association_server.h"
#include "dicom/dimse_message.h"

namespace calcnode::dicom {

class CommitmentSession {
  public:
    /// Everything must outlive the session.
    CommitmentSession(DimseConnection& connection, const PeerInfo& peer, const CommitmentHandlers& handlers);
    /// Tells the handler of every result that the peer has not taken.
    ~CommitmentSession();
    CommitmentSession(const CommitmentSession&) = delete;
    CommitmentSession& operator=(const CommitmentSession&) = delete;

    /// True for requests that answer() is for.
    bool serves(const CommandSet& command, const PresentationContext& context) const;

    /// Reads the request's data set and answers. Throws Error network_error.
    void answer(const DimseMessage& request, const PresentationContext& context);

    /// Sends the next result when the peer says nothing for a moment. The SCU may release the association
    /// right after our N-ACTION-RSP (PS3.4 J.3.3.1.2): speaking into its release would lose the result.
    void report_when_idle();

    /// False when no response was due, or not this one.
    bool take_response(const DimseMessage& response);

  private:
    struct Due {
        std::uint8_t context_id = 0;
        std::string transfer_syntax;
        CommitmentReport report;
    };
    CommitmentAnswer judge(const DimseMessage& request, const PresentationContext& context);
    CommitmentAnswer handle(const DimseMessage& request, const PresentationContext& context,
                            std::span<const unsigned char> dataset);

    DimseConnection& connection_;
    const PeerInfo& peer_;
    const CommitmentHandlers& handlers_;
    std::deque<Due> due_;                      // the first is the one that was sent, if any
    std::optional<std::uint16_t> unanswered_;  // message id of our N-EVENT-REPORT
    std::uint16_t last_message_id_ = 0;
};

}  // namespace calcnode::dicom

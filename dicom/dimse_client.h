// The requestor's side of one association: connects, associates, sends requests one at a time, releases. Used
// by storage_scu and commitment_scu. One thread; every wait is bounded.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dicom/associate_request.h"
#include "dicom/command_set.h"
#include "dicom/dimse_pdu.h"
#include "dicom/storage_scu.h"

namespace calcnode::dicom {

/// The peer has refused the association.
class AssociationRejected : public Error {
  public:
    AssociationRejected(const std::string& what, bool permanent)
        : Error(ErrorCode::network_error, what), permanent_(permanent) {}
    bool permanent() const { return permanent_; }

  private:
    bool permanent_;
};

/// Opens a TCP connection to a name or an address (IPv4, IPv6) and returns its descriptor. Throws Error
/// network_error. The time-out is for all addresses together, not for the name service.
int connect_to_peer(const std::string& host, int port, std::chrono::seconds timeout);

/// The same as a transport, with TLS if the peer wants it; its time-out covers the handshake. Throws also
/// Error tls_error.
std::unique_ptr<Transport> connect_transport(const Peer& peer);

class DimseClient {
  public:
    /// Throws AssociationRejected, or Error network_error when there is no connection or no sensible answer.
    DimseClient(const Peer& peer, const std::vector<ProposedContext>& contexts,
                const std::vector<RoleSelection>& roles = {});

    /// Accepted contexts: id -> transfer syntax.
    const std::map<std::uint8_t, std::string>& contexts() const { return contexts_; }

    /// What the peer answered to our role for the class; nothing when it did not.
    std::optional<RoleSelection> role(const std::string& sop_class_uid) const {
        return find_role(roles_, sop_class_uid);
    }

    /// C-STORE of a stored file's data set, in its own syntax or re-encoded to the context's (then the whole
    /// object is in memory). Returns the response.
    /// Throws Error: file_error and the like, with the association as it was, when the file cannot be used;
    /// network_error when the association is lost.
    CommandSet store(std::uint8_t context_id, const OutgoingObject& object);

    CommandSet echo(std::uint8_t context_id);

    /// Any other request, with a data set in the context's transfer syntax; the message id is set here.
    /// Returns the response. Throws Error network_error when the association is lost.
    CommandSet invoke(std::uint8_t context_id, CommandSet command, std::span<const unsigned char> dataset);

    /// For what the peer asks of us in between.
    DimseConnection& connection() { return *connection_; }

    /// A-RELEASE, waiting a little for the answer. Never throws.
    void release() noexcept;

    /// Says A-ABORT; for when store() or echo() threw network_error.
    void abort() noexcept { connection_->send_abort(); }

  private:
    CommandSet response_to(const CommandSet& request);

    std::unique_ptr<DimseConnection> connection_;
    std::map<std::uint8_t, std::string> contexts_;
    std::vector<RoleSelection> roles_;
    std::uint16_t last_message_id_ = 0;
};

}  // namespace calcnode::dicom

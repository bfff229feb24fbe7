// Serves one association on an already accepted socket: establishes it, takes C-ECHO, C-STORE and storage
// commitment (N-ACTION, N-EVENT-REPORT) with a bounded command reader, hands data sets on piece by piece,
// with constant memory. All bytes from the peer go through code of ours: DCMTK 3.6.7's upper layer crashes on
// nested command sets and leaks what it refuses. No Asio here: service/ accepts and peeks.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dicom/commitment.h"
#include "dicom/peer_certificate.h"
#include "dicom/transport.h"

namespace calcnode::dicom {

/// PS3.7 Annex C, PS3.4 Table B.2-1.
enum class StoreStatus : std::uint16_t {
    success = 0x0000,
    duplicate_instance = 0x0111,
    out_of_resources = 0xA700,
    dataset_does_not_match_class = 0xA900,
    cannot_understand = 0xC000,
    processing_failure = 0x0110,
};

struct PeerInfo {
    std::string address;  // numeric IP
    std::string calling_ae_title;
    std::string called_ae_title;
};

struct StoreRequest {
    PeerInfo peer;
    std::string sop_class_uid;  // legal UIDs, checked
    std::string sop_instance_uid;
    std::string transfer_syntax_uid;
};

struct StoreAnswer {
    StoreStatus status = StoreStatus::success;
    std::string comment;  // (0000,0902) Error Comment, cut to 64 characters; no patient data
};

/// The data set of one C-STORE as it comes in. Each call returns the next fragment (valid until the next
/// call), an empty span at the end. Throws Error network_error when the peer goes away, is silent too long or
/// breaks PS3.8, and Error too_large past max_object_bytes; whatever the StoreFunction makes of these, the
/// server answers them itself (not at all, or A700).
class DatasetStream {
  public:
    virtual ~DatasetStream() = default;
    virtual std::span<const unsigned char> next() = 0;
};

/// Takes one data set; returns only when it is durable (or refused). May return before the stream's end: the
/// server then reads and drops the rest. Called on the association's thread.
using StoreFunction = std::function<StoreAnswer(const StoreRequest&, DatasetStream&)>;

/// What we answer to an N-ACTION or N-EVENT-REPORT of the Storage Commitment Push Model.
struct CommitmentAnswer {
    std::uint16_t status = 0;  // PS3.7 10.1.1.1.8, 10.1.4.1.10
    std::string comment;       // as in StoreAnswer
    /// For an N-ACTION that succeeded: the result, to be told on the same association if the peer stays.
    std::optional<CommitmentReport> report;
};

/// Called on the association's thread; must not throw. An empty one: the operation is not served.
struct CommitmentHandlers {
    /// A sender asks us to commit; returns when the request is durable.
    std::function<CommitmentAnswer(const PeerInfo&, const CommitmentRequest&)> requested;
    /// Once for each report that `requested` returned: whether the peer has taken it on this association.
    std::function<void(const PeerInfo&, const CommitmentReport&, bool taken)> reported;
    /// A destination tells what it has committed; returns when that is durable.
    std::function<CommitmentAnswer(const PeerInfo&, const CommitmentReport&)> told;
};

struct AssociationHandlers {
    StoreFunction store;
    CommitmentHandlers commitment{};
};

struct AssociationPolicy {
    std::vector<std::string> called_ae_titles;   // empty: any
    std::vector<std::string> calling_ae_titles;  // empty: any
    std::vector<CertificateBinding> calling_ae_certificates;
    std::vector<std::string> other_storage_classes;  // negotiated beside MG, uncompressed and as sent
    std::uint32_t max_pdu = 131072;
    std::chrono::seconds idle_timeout{60};  // between two commands, and between two PDUs
    std::chrono::seconds total_timeout{3600};
    std::uint64_t max_object_bytes = 512ull << 20;
    bool commitment_requests = false;  // senders may ask us to commit
    bool commitment_reports = false;   // destinations may tell us what they committed
};

struct AssociationOutcome {
    bool rejected = false;
    std::string calling_ae_title;  // empty: nothing that could be read came
    std::string title_refusal;     // why the calling AE title does not fit the peer's certificate
    std::uint64_t stored = 0;
    std::uint64_t refused = 0;
    std::uint64_t bytes = 0;
    std::string end;  // "released", "aborted by peer", "rejected: called AE title", "error: ..."
};

/// Has no state: any number of associations at once, each on its thread.
class AssociationServer {
  public:
    /// Takes ownership of the transport: connected, with the A-ASSOCIATE-RQ to come (best wait until it is
    /// complete: this does, but on a thread). Blocks until the association ends, on the calling thread.
    /// `stop` is looked at at least once a second: when it turns true the association is aborted after the
    /// current command, which gets ten seconds more. Never throws: the outcome says it.
    static AssociationOutcome serve(std::unique_ptr<Transport> transport, const std::string& peer_address,
                                    const AssociationPolicy& policy, const AssociationHandlers& handlers,
                                    const std::atomic<bool>& stop);

    /// The same for a plain connection: a socket of TCP (IPv4 or IPv6) or of a Unix pair, blocking or not.
    static AssociationOutcome serve(int fd, const std::string& peer_address, const AssociationPolicy& policy,
                                    const AssociationHandlers& handlers, const std::atomic<bool>& stop) {
        return serve(std::make_unique<PlainTransport>(fd), peer_address, policy, handlers, stop);
    }

    /// Answers an A-ASSOCIATE-RQ with a transient rejection (PS3.8 9.3.4: local limit exceeded) and closes
    /// the connection. Does not block.
    static void reject_busy(std::unique_ptr<Transport> transport);
    static void reject_busy(int fd) { reject_busy(std::make_unique<PlainTransport>(fd)); }
};

}  // namespace calcnode::dicom

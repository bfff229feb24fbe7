// Sends stored DICOM files to a peer by C-STORE, one association for a batch, and echoes (C-ECHO).
// Blocking; one call a thread, any number of threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dicom/tls_client.h"

namespace calcnode::dicom {

struct Peer {
    std::string name;  // as in the configuration
    std::string ae_title;
    std::string host;
    int port = 104;
    /// UIDs, the preferred first: how objects that are stored as Explicit VR Little Endian are offered; one
    /// of Explicit, Implicit and Deflated Explicit VR Little Endian. Others are offered as they are stored.
    std::vector<std::string> transfer_syntaxes{"1.2.840.10008.1.2.1", "1.2.840.10008.1.2"};
    std::string own_ae_title = "CALCNODE";
    std::chrono::seconds connect_timeout{10};
    std::chrono::seconds response_timeout{60};       // for each PDU in, and for each message out
    std::chrono::seconds association_timeout{3600};  // for an association as a whole
    std::optional<TlsPeer> tls{};                    // nothing: plain
};

struct OutgoingObject {
    std::filesystem::path path;
    std::string sop_class_uid;
    std::string sop_instance_uid;
    std::string transfer_syntax_uid;
};

enum class DeliveryStatus {
    delivered,     // 0000, a warning Bxxx, or 0111 (the peer has this instance: ours never change)
    not_accepted,  // the peer negotiated no presentation context for the class: do not retry
    refused,       // a permanent failure status, or the file is no sound DICOM file: do not retry
    retry,         // A7xx, 0213, 0110, connection lost, time-out, file unreadable: try again later
};

struct DeliveryReport {
    DeliveryStatus status = DeliveryStatus::retry;
    std::uint16_t dimse_status = 0;  // as answered; 0 when none was
    std::string text;                // one line for the operator, no patient data
    bool not_authenticated = false;  // there was no TLS: the peer is not who it should be, or refuses us
    /// No association could be had, or it was lost before an answer: the peer's trouble rather than the
    /// object's. A rejection is an answer only when it is permanent.
    bool unanswered = false;
};

/// Offers each class with its stored transfer syntax, or with the peer's ones when that is Explicit LE, each
/// in a context of its own; sends in the first one that the peer accepts, re-encoded on the fly. Reports one
/// entry an object, same order; an association that cannot be had gives `retry` for all (`refused` for a
/// permanent rejection such as an unknown AE title). Never throws on a peer's behaviour. `reported` is called
/// after each answer, so that the journal need not wait for the whole batch; what it throws passes through.
/// An association that breaks is opened again for the objects after the one it broke at; not after a
/// time-out. Every wait is bounded: connecting, each read, each write, the association. At most one whole
/// object in memory, and only to re-encode it.
std::vector<DeliveryReport> send_objects(
    const Peer& peer, const std::vector<OutgoingObject>& objects,
    const std::function<void(std::size_t, const DeliveryReport&)>& reported = {});

/// C-ECHO. The report's text says what went wrong.
DeliveryReport echo(const Peer& peer);

}  // namespace calcnode::dicom

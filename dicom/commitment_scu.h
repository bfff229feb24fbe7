// Storage commitment on associations that we open (PS3.4 Annex J): asking a destination to commit, and
// telling a sender the result of what it asked us. Blocking; one call a thread, any number of threads.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "dicom/commitment.h"
#include "dicom/storage_scu.h"

namespace calcnode::dicom {

struct CommitmentOutcome {
    enum class Kind {
        answered,        // the request was taken, and its result came on the same association
        taken,           // the request was taken; the result is to come
        refused,         // the peer will not process it: `status`
        not_negotiated,  // the peer does not accept the class, or us in that role
        unreachable,     // no association, or it was lost before the peer had answered
    };
    Kind kind = Kind::unreachable;
    std::uint16_t status = 0;
    std::string text;  // one line for the operator, no patient data
    std::optional<CommitmentReport> report{};
};

struct CommitmentWait {
    std::chrono::milliseconds longest{0};  // for the result on the same association
    /// Called once the peer has taken the request, before waiting: its result may come by any way from now
    /// on.
    std::function<void()> taken{};
    /// Asked several times a second; false ends the wait.
    std::function<bool()> still_waiting{};
};

/// N-ACTION, then waits for the N-EVENT-REPORT of this transaction; reports of others are answered with 0110,
/// so that they come again on another association. Never throws on a peer's behaviour; what `wait`'s
/// functions throw passes through.
CommitmentOutcome request_commitment(const Peer& peer, const CommitmentRequest& request,
                                     const CommitmentWait& wait);

/// Tells the result on an association that proposes us as SCP (PS3.7 D.3.3.4). `taken`: the peer has answered
/// Success. A peer that leaves the role unanswered is told all the same; one that refuses it is not.
CommitmentOutcome report_commitment(const Peer& peer, const CommitmentReport& report);

}  // namespace calcnode::dicom

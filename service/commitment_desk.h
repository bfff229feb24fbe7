// What associations with peers mean for storage commitment: a sender asks us (PS3.4 J.3.2), a destination
// tells us what it has committed (J.3.3).
#pragma once

#include <mutex>
#include <optional>

#include "config/config.h"
#include "dicom/association_server.h"
#include "service/journal.h"
#include "service/spool.h"

namespace calcnode::service {

/// Thread-safe: association threads call it, and wait for each other and for the journal. It has a journal
/// connection of its own; requests and results of storage commitment are rare. The arguments must outlive it.
class CommitmentDesk {
  public:
    CommitmentDesk(const config::Config& config, const Spool& spool);

    /// For the association server; what the configuration does not serve is left empty. They must not outlive
    /// the desk.
    dicom::CommitmentHandlers handlers();

  private:
    dicom::CommitmentAnswer requested(const dicom::PeerInfo& peer, const dicom::CommitmentRequest& request);
    void reported(const dicom::PeerInfo& peer, const dicom::CommitmentReport& report, bool taken);
    dicom::CommitmentAnswer told(const dicom::PeerInfo& peer, const dicom::CommitmentReport& report);

    dicom::CommitmentReport judge(Journal& journal, const dicom::CommitmentRequest& request) const;
    Journal& journal();

    const config::Config& config_;
    const Spool& spool_;
    std::mutex mutex_;  // guards the journal
    std::optional<Journal> journal_;
};

/// True when the destination's results may come from that calling AE title.
bool may_answer(const config::Destination& destination, const std::string& calling_ae_title);

/// One line of the log for each kind of change. `destination` is its name.
void log_commitment_changes(const std::string& destination, const std::string& transaction_uid,
                            const CommitmentChanges& changes);

}  // namespace calcnode::service

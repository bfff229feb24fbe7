// One destination's queue, a batch at a time: what is due is claimed, sent, and its end recorded. No thread
// and no clock of its own, so that tests let an hour pass in no time; DestinationSender runs it. One thread.
#pragma once

#include <functional>
#include <string>

#include "config/config.h"
#include "dicom/storage_scu.h"
#include "service/audit.h"
#include "service/circuit_breaker.h"
#include "service/journal.h"
#include "service/spool.h"

namespace calcnode::service {

/// A destination of the configuration as whom we send to.
dicom::Peer peer_of(const config::Config& config, const std::string& name);

using Clock = std::function<Time()>;

class DestinationDelivery {
  public:
    /// `name` is a key of config.destinations; `owner` names the leases. `spool` and `audit` must outlive
    /// it.
    DestinationDelivery(const Spool& spool, std::string name, std::string owner, Audit& audit);

    /// Sends the next batch that is due by `clock`; one object while the destination is down and it is time
    /// to look. False when there was nothing to do. Blocks as long as the destination does, within its
    /// time-outs. Throws JournalError: what was claimed is claimed again when its lease has run out.
    bool send_due(const config::Config& config, Journal& journal, const Clock& clock);

    const CircuitBreaker& breaker() const { return breaker_; }

  private:
    DeliveryOutcome outcome_of(const config::Config& config, const PendingDelivery& delivery,
                               const dicom::DeliveryReport& report, Time now) const;
    void judge(const config::Config& config, Journal& journal,
               const std::vector<dicom::DeliveryReport>& reports, Time now);

    const Spool& spool_;
    std::string name_;
    std::string owner_;
    Audit& audit_;
    CircuitBreaker breaker_;
};

}  // namespace calcnode::service

// The audit messages of one batch to one destination: before it is offered, and of what arrived. One thread.
#pragma once

#include <vector>

#include "dicom/storage_scu.h"
#include "service/audit.h"

namespace calcnode::service {

class DeliveryAudit {
  public:
    /// Writes Begin Transferring DICOM Instances for each study. All arguments must outlive it. Reads the
    /// files' headers, unless there is no audit trail.
    DeliveryAudit(Audit& audit, const dicom::Peer& peer, const std::vector<dicom::OutgoingObject>& objects);

    /// For each report of the batch, once.
    void finished(std::size_t index, const dicom::DeliveryReport& report);

    /// Writes DICOM Instances Transferred for what arrived, and one Security Alert if there was no TLS.
    ~DeliveryAudit();
    DeliveryAudit(const DeliveryAudit&) = delete;
    DeliveryAudit& operator=(const DeliveryAudit&) = delete;

  private:
    Audit& audit_;
    AuditPeer peer_;
    const std::vector<dicom::OutgoingObject>& objects_;
    std::vector<std::string> studies_;  // of the objects; empty: no audit trail, or unreadable
    std::vector<AuditStudy> arrived_;
    std::string refusal_;
};

}  // namespace calcnode::service

// One blocking thread for each admitted association, up to a limit.
// Owned and called by the network thread; the association threads are its own and end before it does.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "config/config.h"
#include "dicom/association_server.h"
#include "service/audit.h"
#include "service/metrics.h"

namespace calcnode::service {

class AssociationThreads {
  public:
    /// `metrics` must outlive it.
    AssociationThreads(const config::Dicom& options, dicom::AssociationHandlers handlers, Metrics& metrics,
                       Audit& audit);
    ~AssociationThreads();  // tells all associations to end, joins
    AssociationThreads(const AssociationThreads&) = delete;
    AssociationThreads& operator=(const AssociationThreads&) = delete;

    /// For associations from now on. By the network thread.
    void reconfigure(const config::Dicom& options);

    enum class Admission { admitted, too_many, too_many_from_peer, draining };

    /// Takes the connection over (its whole A-ASSOCIATE-RQ readable) in every case: serves it on a new
    /// thread, or answers with a transient rejection (PS3.8 9.3.4) and closes it.
    Admission admit(std::unique_ptr<dicom::Transport> transport, const std::string& peer);

    int active() const { return active_; }

    /// A peer that did not get through the TLS handshake, and why.
    void refused(const std::string& peer, const std::string& reason) { audit_.refused({"", peer}, reason); }

    /// A connection that got no association, and why.
    void count_rejected(const std::string& reason) { metrics_.association_rejected(reason); }

    /// While draining nobody new is admitted; what is under way goes on. Any thread.
    void drain(bool draining) { draining_ = draining; }
    bool draining() const { return draining_; }

  private:
    struct Association {
        std::atomic<bool> ended{false};
        std::string peer;
        std::shared_ptr<const dicom::AssociationPolicy> policy;  // shared with those admitted under it
        std::unique_ptr<dicom::Transport> transport;             // until the thread takes it
        std::thread thread;
    };

    void run(Association& association);
    void reap();

    config::Dicom options_;
    dicom::AssociationHandlers handlers_;
    std::shared_ptr<const dicom::AssociationPolicy> policy_;  // shared with those admitted under it
    Metrics& metrics_;
    Audit& audit_;
    std::atomic<bool> stop_{false};
    std::atomic<bool> draining_{false};
    std::atomic<int> active_{0};
    std::list<std::unique_ptr<Association>> associations_;
};

}  // namespace calcnode::service

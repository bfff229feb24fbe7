// One instance from the wire to durable: spool file, header, journal row; only then "Success" (PS3.4 Annex
// B).
#pragma once

#include <chrono>
#include <functional>

#include "config/config.h"
#include "dicom/association_server.h"
#include "service/journal_writer.h"
#include "service/live_config.h"
#include "service/spool.h"

namespace calcnode::service {

/// The store function of every association: streams the data set to the spool (File Meta Information of our
/// own making in front, PS3.10 7.1), scans and reads its header, routes it, has it journaled. Answers A700
/// when the disk is full or the journal fails, C000 when the data set cannot be read, A900 when its SOP Class
/// or Instance UID is not the command's. Thread-safe. The arguments must outlive it.
class Receiver {
  public:
    /// `stored` is called, on the association's thread, with each instance that is answered with Success.
    using Stored = std::function<void(const ReceivedInstance&)>;
    Receiver(LiveConfig config, const Spool& spool, JournalWriter& journal, Stored stored = {});
    dicom::StoreAnswer store(const dicom::StoreRequest& request, dicom::DatasetStream& stream) const;

  private:
    dicom::StoreAnswer keep(const dicom::StoreRequest& request, const ReceivedInstance& instance,
                            std::chrono::steady_clock::time_point started) const;

    LiveConfig config_;
    const Spool& spool_;
    JournalWriter& journal_;
    Stored stored_;
};

/// Adopts instance files that have no journal row (they were durable but not acknowledged; what cannot be
/// read is removed) and removes abandoned .part files. Called at start, before listening. Returns the number
/// adopted.
int reconcile_spool(const config::Config& config, const Spool& spool, JournalWriter& journal);

}  // namespace calcnode::service

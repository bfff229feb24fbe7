// The worker process: claims one job at a time under a lease, analyses it, records its results. Any number of
// them, on any number of machines, share a journal and a spool.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "config/config.h"

namespace calcnode::service {

struct WorkerOptions {
    std::string owner;            // name of our leases; empty: made up
    std::optional<pid_t> parent;  // `serve`, when it supervises us: we die with it
};

/// Runs until SIGTERM or SIGINT (the job in hand is given back) or until the parent is gone. Returns the exit
/// status. Throws pipeline::Error when the model cannot be loaded, JournalError when the journal cannot be
/// opened.
int run_worker(const config::Config& config, const WorkerOptions& options);

}  // namespace calcnode::service

// `calcnode replay`: puts dead letters back, beside a running `serve` or without one. The work is
// Journal::replay(), which the REST interface calls too.
#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"

namespace calcnode::service {

struct ReplayOptions {
    bool all = false;
    std::int64_t id = 0;      // of the delivery; 0: any
    std::string destination;  // empty: any
    std::string study_instance_uid;
    bool dry_run = false;  // list what would be put back, change nothing
    bool json = false;
};

/// Prints what it did; the exit status: 0 also when there was nothing to put back. Throws JournalError; and
/// std::invalid_argument when the options select nothing, or name a destination that is not configured.
int run_replay(const config::Config& config, const ReplayOptions& options);

}  // namespace calcnode::service

// The body of /api/v1/status: numbers only. Pure.
#pragma once

#include <string>

#include "service/journal.h"

namespace calcnode::service {

struct NodeState {
    int associations = 0;
    int workers = 0;
    bool draining = false;
};

std::string status_json(const JournalCounts& counts, const NodeState& node);

}  // namespace calcnode::service

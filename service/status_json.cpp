#include "service/status_json.h"

#include <nlohmann/json.hpp>

namespace calcnode::service {

std::string status_json(const JournalCounts& counts, const NodeState& node) {
    const nlohmann::json body{
        {"version", CALCNODE_VERSION},
        {"draining", node.draining},
        {"associations", node.associations},
        {"workers", node.workers},
        {"instances", counts.instances},
        {"variants", counts.variants},
        {"studies", {{"open", counts.studies_open}}},
        {"jobs",
         {{"queued", counts.jobs_queued},
          {"running", counts.jobs_running},
          {"done", counts.jobs_done},
          {"failed", counts.jobs_failed}}},
        {"results", counts.results},
        {"deliveries",
         {{"pending", counts.deliveries_pending},
          {"delivered", counts.deliveries_delivered},
          {"not_accepted", counts.deliveries_not_accepted},
          {"dead", counts.deliveries_dead}}},
        {"commitments",
         {{"pending", counts.commitments_pending},
          {"committed", counts.commitments_committed},
          {"failed", counts.commitments_failed}}},
        {"commitment_reports",
         {{"pending", counts.commitment_reports_pending},
          {"reported", counts.commitment_reports_reported},
          {"unreported", counts.commitment_reports_unreported}}},
    };
    return body.dump() + "\n";
}

}  // namespace calcnode::service

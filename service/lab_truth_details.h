// What stands beside a truth mask where its maker says more: STEM.truth.json (clusters) and
// STEM.distractors.png (what looks like a calcification and is none). Reads files; any thread.
#pragma once

#include <filesystem>
#include <vector>

#include "pipeline/evaluation_descriptors.h"
#include "service/lab_cases.h"

namespace calcnode::service {

struct TruthDetails {
    bool known = false;  // there is a STEM.truth.json
    std::vector<pipeline::DescribedCluster> clusters;
    pipeline::Image<std::uint16_t> kinds;  // values of pipeline::Distractor; empty: not known
};

/// Nothing is known where the row's truth is not mask:STEM.truth.png. Throws pipeline::Error bad_argument
/// when a file is there and cannot be understood.
TruthDetails read_truth_details(const CaseRow& row, const std::filesystem::path& folder);

/// "vessel wall" of a value of pipeline::Distractor, "nothing known" for 0.
const char* distractor_name(int kind);

}  // namespace calcnode::service

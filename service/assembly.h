// When is a study ready, and which of its images are analysed? Pure functions of (instances, now, rules).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "service/types.h"

namespace calcnode::service {

enum class CloseReason { complete, quiet, too_old };

const char* to_string(CloseReason reason);

struct AssemblyDecision {
    std::optional<CloseReason> close;  // set: make a job now
    Time look_again{};                 // else: nothing changes before this time unless an instance arrives
};

/// Those of required_views of which no ordinary exposure is among the instances, in the rules' order.
std::vector<std::string> missing_views(const std::vector<StoredInstance>& instances,
                                       const config::Assembly& rules);

/// Laterality and view in the words of assembly.required_views: "L-CC"; "?" for what is not known.
std::string view_name(const dicom::InstanceHeader& header);

AssemblyDecision decide(const OpenStudy& study, Time now, const config::Assembly& rules);

/// Every analysable instance of the study, in a fixed order (laterality, view, time, UID): attempted, or not
/// and why: magnification, spot compression, specimen, implant (by policy), tomosynthesis or synthetic,
/// quality control, the other half of a For Processing / For Presentation pair.
std::vector<JobImage> select_images(const OpenStudy& study, const config::Assembly& rules);

/// Union of the instances' destinations, in order of first appearance.
std::vector<std::string> study_destinations(const OpenStudy& study);

}  // namespace calcnode::service

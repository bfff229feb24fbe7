// Which result objects a job makes and which destination gets which: the profiles of destinations. Pure
// functions.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "dicom/result_object.h"

namespace calcnode::service {

/// The objects of one code scheme.
struct ResultSet {
    dicom::CodeScheme code_scheme = dicom::CodeScheme::sct;
    dicom::ResultKinds kinds;
};

/// What these destinations want together, SCT before SRT; never empty. A destination that the configuration
/// does not know (any more) wants what a plain one does, and so does a job without destinations. With each
/// set a CAD SR: every study gets its report, if only on disk.
std::vector<ResultSet> plan_results(const config::Config& config,
                                    const std::vector<std::string>& destinations);

/// The kinds of all sets.
dicom::ResultKinds all_kinds(const std::vector<ResultSet>& plan);

/// Those of `destinations` whose profile names the object's kind and code scheme.
std::vector<std::string> wanting_destinations(const config::Config& config,
                                              const std::vector<std::string>& destinations,
                                              const dicom::ResultObject& object);

/// UIDs, the preferred first.
std::vector<std::string> transfer_syntaxes_of(const config::Destination& destination);

}  // namespace calcnode::service

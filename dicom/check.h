// The one place where DCMTK's OFCondition becomes our exception (conventions 10). Internal to dicom/ and its
// tests: it needs DCMTK's headers, which nothing outside dicom/ includes. Any thread.
#pragma once

#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/ofstd/ofcond.h>

#include "dicom/error.h"

namespace calcnode::dicom {

/// Throws Error `code` with "<what>: <DCMTK's text>" unless `condition` is good.
void check(const OFCondition& condition, std::string_view what, ErrorCode code);

/// The same, with the code told from the DCMTK module that failed: dcmnet network_error, dcmsr
/// invalid_result, anything else malformed_dataset.
void check(const OFCondition& condition, std::string_view what);

}  // namespace calcnode::dicom

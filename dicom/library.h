// DCMTK's process-wide switches, set in one place at start (conventions 8).
#pragma once

#include <string>

namespace calcnode::dicom {

/// Call at start, before any other function of this library and before other threads run (again does no
/// harm): loads the data dictionary (throws Error file_error when it is missing), registers the decoders
/// (JPEG, JPEG-LS, RLE), silences DCMTK's logger (its messages may carry patient data), sets socket
/// time-outs, switches reverse DNS off.
void initialise_library();

/// DCMTK's and OpenJPEG's versions, for `calcnode version` and the log.
std::string library_versions();

}  // namespace calcnode::dicom

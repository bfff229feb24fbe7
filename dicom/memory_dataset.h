// Small data sets in memory, as DIMSE-N services carry them: bytes of a peer made into a DCMTK data set, and
// back. Internal to dicom/ (needs DCMTK's headers). Any thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>

#include "dicom/dataset_scan.h"

namespace calcnode::dicom {

/// Walks the bytes (dataset_walker) before DCMTK parses them. `transfer_syntax`: an uncompressed one. Throws
/// Error malformed_dataset or too_large. Whoever receives the bytes has capped their number.
std::unique_ptr<DcmDataset> parse_memory_dataset(std::span<const unsigned char> bytes,
                                                 const std::string& transfer_syntax,
                                                 const ScanLimits& limits);

/// Throws Error malformed_dataset when a value does not fit its VR.
std::vector<unsigned char> encode_memory_dataset(DcmDataset& dataset, const std::string& transfer_syntax);

}  // namespace calcnode::dicom

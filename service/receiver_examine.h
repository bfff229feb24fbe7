// A file that was received, or found: can it be read, is it what its transfer said, where do its results go?
// Used by the receiver and by the reconciliation of the spool. Any thread.
#pragma once

#include <filesystem>
#include <optional>

#include "config/config.h"
#include "dicom/association_server.h"
#include "service/receiver_meta.h"
#include "service/types.h"

namespace calcnode::service {

struct Examination {
    std::optional<dicom::StoreAnswer> refusal;  // set: the instance below is not filled
    ReceivedInstance instance;                  // without path, bytes and digest
};

/// Throws dicom::Error file_error when the disk fails; what is wrong with the data set is a refusal.
Examination examine(const config::Config& config, const std::filesystem::path& file, const FileMeta& meta);

}  // namespace calcnode::service

// Files that survive a power cut: written under another name, synced, renamed (architecture.md, "spool").
// Any thread; two writers of one path must not run at once.
#pragma once

#include <filesystem>
#include <functional>

namespace calcnode::dicom {

/// Calls `write` with `file` + ".part"; when it returns, syncs what it wrote and renames it to `file`, over
/// an older one if there is one. When anything throws, the .part is removed and `file` is as it was. Throws
/// Error file_error, or whatever `write` throws. The rename itself is durable after sync_folder().
void write_durably(const std::filesystem::path& file,
                   const std::function<void(const std::filesystem::path& part)>& write);

/// Makes the names in `folder` durable. Throws Error file_error.
void sync_folder(const std::filesystem::path& folder);

}  // namespace calcnode::dicom

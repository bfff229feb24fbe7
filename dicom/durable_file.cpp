#include "dicom/durable_file.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "dicom/error.h"
#include "dicom/fail_point.h"

namespace calcnode::dicom {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& doing, const fs::path& path, int reason) {
    throw Error(ErrorCode::file_error, doing + " " + path.string() + ": " + std::strerror(reason));
}

class FileDescriptor {
  public:
    FileDescriptor(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC)) {
        if (fd_ < 0) fail("cannot open", path, errno);
    }
    ~FileDescriptor() { ::close(fd_); }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    int get() const { return fd_; }

  private:
    int fd_;
};

void sync_data(const fs::path& file) {
    const FileDescriptor descriptor(file, O_RDWR);
    if (fail_point("result.fdatasync") || ::fdatasync(descriptor.get()) != 0)
        fail("cannot sync", file, errno);
}

}  // namespace

void write_durably(const fs::path& file, const std::function<void(const fs::path& part)>& write) {
    fs::path part = file;
    part += ".part";
    try {
        fail_point("result.begun");
        if (fail_point("result.write")) fail("cannot write", part, errno);
        write(part);
        fail_point("result.written");
        sync_data(part);
        fail_point("result.synced");
        if (::rename(part.c_str(), file.c_str()) != 0) fail("cannot rename", part, errno);
        fail_point("result.renamed");
    } catch (...) {  // clean up only: what went wrong goes on to the caller
        std::error_code ignored;
        fs::remove(part, ignored);
        throw;
    }
}

void sync_folder(const fs::path& folder) {
    const FileDescriptor descriptor(folder, O_RDONLY | O_DIRECTORY);
    if (fail_point("result.fsync_folder") || ::fsync(descriptor.get()) != 0)
        fail("cannot sync", folder, errno);
}

}  // namespace calcnode::dicom

// One file on its way into the spool.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "dicom/fail_point.h"
#include "service/spool.h"
#include "service/spool_io.h"

namespace calcnode::service {

namespace {

constexpr std::size_t kBuffer = 128 * 1024;
// So much is left to the page cache before its writing out is begun: keeps the final fdatasync short.
constexpr std::uint64_t kWriteBehind = 8ull << 20;

}  // namespace

struct SpoolFile::Impl {
    SpoolPart part;
    std::vector<unsigned char> buffer;
    Sha256 hash;
    std::uint64_t written = 0;
    std::uint64_t behind = 0;  // its writing out was begun up to here
    bool committed = false;

    explicit Impl(SpoolPart opened) : part(std::move(opened)) { buffer.reserve(kBuffer); }

    void put(std::span<const unsigned char> bytes) {
        while (!bytes.empty()) {
            const ssize_t n =
                dicom::fail_point("receive.write") ? -1 : ::write(part.fd.get(), bytes.data(), bytes.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) throw_errno("cannot write", part.temporary);
            written += static_cast<std::uint64_t>(n);
            bytes = bytes.subspan(static_cast<std::size_t>(n));
        }
        if (written - behind >= kWriteBehind) {
            // Only a hint: what goes wrong here is reported by fdatasync.
            ::sync_file_range(part.fd.get(), static_cast<off_t>(behind), static_cast<off_t>(written - behind),
                              SYNC_FILE_RANGE_WRITE);
            behind = written;
        }
    }

    void flush() {
        put(buffer);
        buffer.clear();
    }
};

SpoolFile::SpoolFile(std::unique_ptr<Impl> impl, std::filesystem::path part_path)
    : impl_(std::move(impl)), part_path_(std::move(part_path)) {}

SpoolFile::SpoolFile(SpoolFile&&) noexcept = default;

SpoolFile::~SpoolFile() {
    if (impl_ && !impl_->committed) ::unlink(impl_->part.temporary.c_str());
}

SpoolFile SpoolFile::over(SpoolPart part) {
    std::filesystem::path path = part.temporary;
    return SpoolFile(std::make_unique<Impl>(std::move(part)), std::move(path));
}

void SpoolFile::write(std::span<const unsigned char> bytes) {
    if (impl_->buffer.size() + bytes.size() > kBuffer) impl_->flush();
    if (bytes.size() >= kBuffer)
        impl_->put(bytes);
    else
        impl_->buffer.insert(impl_->buffer.end(), bytes.begin(), bytes.end());
    bytes_ += bytes.size();
}

void SpoolFile::write_digested(std::span<const unsigned char> bytes) {
    impl_->hash.add(bytes);
    write(bytes);
}

void SpoolFile::flush() {
    impl_->flush();
}

std::string SpoolFile::digest() {
    return impl_->hash.hex();
}

std::filesystem::path SpoolFile::commit() {
    Impl& file = *impl_;
    file.flush();
    dicom::fail_point("receive.written");
    if (dicom::fail_point("receive.fdatasync") || ::fdatasync(file.part.fd.get()) != 0)
        throw_errno("cannot sync", file.part.temporary);
    dicom::fail_point("receive.synced");
    const std::filesystem::path target = file.part.root / file.part.relative;
    if (::rename(file.part.temporary.c_str(), target.c_str()) != 0)
        throw_errno("cannot rename", file.part.temporary);
    file.committed = true;
    dicom::fail_point("receive.renamed");
    try {
        if (dicom::fail_point("receive.fsync_folder")) throw_errno("cannot sync", target.parent_path());
        sync_folder(target.parent_path());
    } catch (const SpoolError&) {
        ::unlink(target.c_str());  // not durable, so not there
        throw;
    }
    return file.part.relative;
}

}  // namespace calcnode::service

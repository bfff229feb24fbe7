#include "service/spool.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <mutex>
#include <set>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "service/spool_io.h"

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

constexpr const char* kInstances = "instances";
constexpr const char* kResults = "results";
constexpr const char* kPart = ".part";
constexpr std::size_t kReadBuffer = 128 * 1024;

/// UTC, so that machines in one spool agree: "20260131" and "235959".
std::string utc(const char* format) {
    const std::time_t seconds = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, format, &parts)};
}

std::string host_name() {
    char name[64] = {};
    if (::gethostname(name, sizeof name - 1) != 0) return "host";
    std::string host(name);
    for (char& c : host)
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-') c = '-';
    return host;
}

/// Sorts by time of arrival; no two alike on any machine that shares the spool.
std::string fresh_name() {
    unsigned char random[8];
    if (::getrandom(random, sizeof random, 0) != static_cast<ssize_t>(sizeof random))
        throw SpoolError("cannot get random bytes", errno);
    return utc("%H%M%S") + "-" + host_name() + "-" + std::to_string(::getpid()) + "-" + hexadecimal(random);
}

/// False when another holds it.
bool take_lock(int fd, const fs::path& path) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) throw_errno("cannot lock", path);
    return false;
}

/// False when somebody removed the file between its opening and its locking.
bool still_linked(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && status.st_nlink > 0;
}

std::vector<fs::path> files_below(const fs::path& folder, const std::string& extension) {
    std::vector<fs::path> files;
    try {
        for (const auto& entry : fs::recursive_directory_iterator(folder))
            if (entry.path().extension() == extension) files.push_back(entry.path());
    } catch (const fs::filesystem_error& error) {
        throw SpoolError(error.what(), error.code().value());
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
}

SpoolLock::~SpoolLock() {
    if (fd_ >= 0) ::close(fd_);
}

void throw_errno(const std::string& doing, const fs::path& path) {
    const int error = errno;
    throw SpoolError(doing + " " + path.string() + ": " + std::strerror(error), error);
}

void sync_folder(const fs::path& folder) {
    const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) throw_errno("cannot open", folder);
    if (::fsync(fd.get()) != 0) throw_errno("cannot sync", folder);
}

std::string hexadecimal(std::span<const unsigned char> bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
        throw SpoolError("cannot start a SHA-256", ENOMEM);
}

void Sha256::add(std::span<const unsigned char> bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
        throw SpoolError("cannot go on with a SHA-256", EIO);
}

std::string Sha256::hex() {
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (EVP_DigestFinal_ex(context_.get(), value, &length) != 1)
        throw SpoolError("cannot end a SHA-256", EIO);
    return hexadecimal({value, length});
}

/// Folders are made once and their names made durable before a file in them is acknowledged: also a folder
/// that another process has just made and perhaps not synced yet.
struct Spool::Folders {
    std::mutex mutex;
    std::set<fs::path> durable;

    void make(const fs::path& folder) {
        const std::lock_guard lock(mutex);
        std::error_code ignored;
        if (durable.count(folder) != 0 && fs::exists(folder, ignored)) return;
        if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
            throw_errno("cannot make the folder", folder);
        sync_folder(folder.parent_path());
        durable.insert(folder);
    }
};

Spool::Spool(fs::path root) : root_(fs::absolute(std::move(root)).lexically_normal()), folders_(new Folders) {
    std::error_code error;
    if (root_.has_parent_path()) fs::create_directories(root_.parent_path(), error);
    if (error)
        throw SpoolError("cannot make " + root_.parent_path().string() + ": " + error.message(),
                         error.value());
    folders_->make(root_);
    folders_->make(root_ / kInstances);
    folders_->make(root_ / kResults);
}

Spool::Spool(Spool&&) noexcept = default;
Spool::~Spool() = default;

SpoolFile Spool::create_instance() const {
    for (;;) {
        const fs::path folder = fs::path(kInstances) / utc("%Y%m%d");
        folders_->make(root_ / folder);
        const fs::path relative = folder / (fresh_name() + ".dcm");
        const fs::path temporary = (root_ / relative).string() + kPart;
        FileDescriptor fd(::open(temporary.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
        if (fd.get() < 0 && errno == EEXIST) continue;
        if (fd.get() < 0) throw_errno("cannot make", temporary);
        // A reconciliation may have found the file before we could lock it.
        if (!take_lock(fd.get(), temporary) || !still_linked(fd.get())) continue;
        return SpoolFile::over({std::move(fd), root_, relative, temporary});
    }
}

fs::path Spool::result_folder(const std::string& study_instance_uid, int generation) const {
    Sha256 hash;
    hash.add({reinterpret_cast<const unsigned char*>(study_instance_uid.data()), study_instance_uid.size()});
    const fs::path study = fs::path(kResults) / hash.hex().substr(0, 32);
    const fs::path folder = study / std::to_string(generation);
    folders_->make(root_ / study);
    folders_->make(root_ / folder);
    return folder;
}

void Spool::remove(const fs::path& relative) const {
    const fs::path path = absolute(relative);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno("cannot remove", path);
}

std::uint64_t Spool::free_bytes() const {
    struct statvfs status {};
    if (::statvfs(root_.c_str(), &status) != 0) throw_errno("cannot look at the free space of", root_);
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

std::string Spool::digest(const fs::path& relative, std::uint64_t offset) const {
    const fs::path path = absolute(relative);
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) throw_errno("cannot open", path);
    Sha256 hash;
    std::vector<unsigned char> buffer(kReadBuffer);
    for (;;) {
        const ssize_t n = ::pread(fd.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw_errno("cannot read", path);
        if (n == 0) return hash.hex();
        hash.add({buffer.data(), static_cast<std::size_t>(n)});
        offset += static_cast<std::uint64_t>(n);
    }
}

std::vector<fs::path> Spool::instance_files() const {
    std::vector<fs::path> files = files_below(root_ / kInstances, ".dcm");
    for (fs::path& file : files)
        file = file.lexically_relative(root_);
    return files;
}

int Spool::remove_abandoned_parts() const {
    int removed = 0;
    for (const fs::path& part : files_below(root_ / kInstances, kPart)) {
        const FileDescriptor fd(::open(part.c_str(), O_RDWR | O_CLOEXEC));
        // Gone, renamed or held: its owner lives. The owner's rename may still come first: then unlink finds
        // nothing.
        if (fd.get() < 0 || !take_lock(fd.get(), part)) continue;
        if (::unlink(part.c_str()) == 0) ++removed;
    }
    return removed;
}

std::optional<SpoolLock> Spool::try_lock(const fs::path& relative) const {
    const fs::path path = absolute(relative);
    FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (fd.get() < 0 || !take_lock(fd.get(), path) || !still_linked(fd.get())) return std::nullopt;
    return SpoolLock(fd.release());
}

}  // namespace calcnode::service

// The spool: immutable files named by us, never by a UID from the wire. Any thread; several processes and
// machines may share one. Layout: <root>/instances/<yyyymmdd>/<name>.dcm and <root>/results/<job>/<uid>.dcm.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace calcnode::service {

class SpoolError : public std::runtime_error {
  public:
    SpoolError(const std::string& what, int errno_value) : std::runtime_error(what), errno_(errno_value) {}
    int errno_value() const { return errno_; }  // ENOSPC, EDQUOT, EROFS, EIO ...

  private:
    int errno_;
};

struct SpoolPart;  // spool_io.h

/// A file on its way into the spool: .part until commit(), removed by the destructor otherwise.
/// Holds a lock on the file for as long as the object lives: keep it until the journal has the file, so that
/// reconciliation leaves it alone.
class SpoolFile {
  public:
    SpoolFile(SpoolFile&&) noexcept;
    SpoolFile& operator=(SpoolFile&&) = delete;
    ~SpoolFile();

    /// Appends to the file; writes through a fixed buffer, drops written pages from the cache's dirty set as
    /// it goes.
    void write(std::span<const unsigned char> bytes);
    /// Adds to the running SHA-256 as well: for the data set, not for the meta header.
    void write_digested(std::span<const unsigned char> bytes);
    std::uint64_t bytes() const { return bytes_; }
    /// Absolute path of the .part file (complete only after flush()).
    const std::filesystem::path& part_path() const { return part_path_; }
    void flush();
    /// SHA-256 of what write_digested() got, hex; once, at the end.
    std::string digest();
    /// fdatasync, rename, fsync of the folder; returns the path relative to the spool's root.
    std::filesystem::path commit();

  private:
    friend class Spool;
    struct Impl;
    SpoolFile(std::unique_ptr<Impl> impl, std::filesystem::path part_path);
    static SpoolFile over(SpoolPart part);
    std::unique_ptr<Impl> impl_;
    std::filesystem::path part_path_;
    std::uint64_t bytes_ = 0;
};

/// Somebody's exclusive hold on a file of the spool, given up by the destructor.
class SpoolLock {
  public:
    explicit SpoolLock(int fd) : fd_(fd) {}
    SpoolLock(SpoolLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    SpoolLock& operator=(SpoolLock&&) = delete;
    ~SpoolLock();

  private:
    int fd_;
};

class Spool {
  public:
    /// Makes the folders (mode 0700). Throws SpoolError.
    explicit Spool(std::filesystem::path root);
    Spool(Spool&&) noexcept;
    ~Spool();

    const std::filesystem::path& root() const { return root_; }
    std::filesystem::path absolute(const std::filesystem::path& relative) const { return root_ / relative; }
    SpoolFile create_instance() const;
    /// The folder for a job's results, made when missing; relative to the root. Named by a digest of the
    /// study's UID.
    std::filesystem::path result_folder(const std::string& study_instance_uid, int generation) const;
    /// Removes a file; one that is not there is no error. Throws SpoolError.
    void remove(const std::filesystem::path& relative) const;
    std::uint64_t free_bytes() const;

    /// SHA-256, hex, of a file's bytes from `offset` on.
    std::string digest(const std::filesystem::path& relative, std::uint64_t offset) const;

    /// Instance files in the spool (relative paths), without .part files.
    std::vector<std::filesystem::path> instance_files() const;
    /// Removes .part files of instances that no process holds. Returns how many.
    int remove_abandoned_parts() const;
    /// Nothing when another process (or thread) holds the file or when it is gone.
    std::optional<SpoolLock> try_lock(const std::filesystem::path& relative) const;

  private:
    struct Folders;
    std::filesystem::path root_;
    std::unique_ptr<Folders> folders_;  // made by us and known to be durable
};

}  // namespace calcnode::service

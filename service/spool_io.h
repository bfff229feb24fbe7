// What spool.cpp and spool_file.cpp share: descriptors, names, durable folders. Private to the spool.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <openssl/evp.h>

namespace calcnode::service {

class FileDescriptor {
  public:
    explicit FileDescriptor(int fd = -1) : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&&) = delete;
    ~FileDescriptor();
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

  private:
    int fd_;
};

/// A .part file that was opened and locked.
struct SpoolPart {
    FileDescriptor fd;
    std::filesystem::path root;
    std::filesystem::path relative;   // the name that it will get
    std::filesystem::path temporary;  // its present name, absolute
};

/// Throws SpoolError with errno's text.
[[noreturn]] void throw_errno(const std::string& doing, const std::filesystem::path& path);

/// Makes a folder's entries durable. Throws SpoolError.
void sync_folder(const std::filesystem::path& folder);

/// A running SHA-256. Throws SpoolError when OpenSSL has none.
class Sha256 {
  public:
    Sha256();
    void add(std::span<const unsigned char> bytes);
    std::string hex();  // once, at the end

  private:
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::string hexadecimal(std::span<const unsigned char> bytes);

}  // namespace calcnode::service

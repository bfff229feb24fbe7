// Forward-only buffered bytes of a stored data set: straight from the file, or inflated on the way (PS3.5
// A.5). Internal to dicom/. A source belongs to one thread; it owns its file handle and a fixed buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

namespace calcnode::dicom {

class ByteSource {
  public:
    virtual ~ByteSource() = default;
    /// Bytes taken so far; offsets in messages are these.
    virtual std::uint64_t position() const = 0;
    /// Bytes that are left, when that can be known without reading them.
    virtual std::optional<std::uint64_t> remaining() const = 0;
    /// True when nothing is left.
    virtual bool at_end() = 0;
    /// Fills `out` as far as the bytes go; returns how many.
    virtual std::size_t read(std::span<unsigned char> out) = 0;
    /// Passes over `count` bytes as far as they go; returns how many.
    virtual std::uint64_t skip(std::uint64_t count) = 0;
};

/// Throws Error file_error when the file cannot be opened or read. Skipping seeks.
std::unique_ptr<ByteSource> open_file_source(const std::filesystem::path& file);

/// Inflates what is left of `compressed` (raw deflate, RFC 1951). Throws Error malformed_dataset when the
/// stream is damaged or cut off, too_large past `cap` bytes.
std::unique_ptr<ByteSource> make_inflate_source(std::unique_ptr<ByteSource> compressed, std::uint64_t cap);

}  // namespace calcnode::dicom

#include "dicom/byte_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

constexpr std::size_t kBufferSize = 64 * 1024;

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& file) {
    throw Error(ErrorCode::file_error, what + " " + file.string() + ": " + std::strerror(errno));
}

class FileSource : public ByteSource {
  public:
    explicit FileSource(const std::filesystem::path& file)
        : path_(file), handle_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)), buffer_(kBufferSize) {
        if (handle_ < 0) fail("cannot open", file);
        struct stat status {};
        if (::fstat(handle_, &status) != 0 || !S_ISREG(status.st_mode)) {
            ::close(handle_);
            throw Error(ErrorCode::file_error, "not a regular file: " + file.string());
        }
        size_ = static_cast<std::uint64_t>(status.st_size);
    }
    ~FileSource() override { ::close(handle_); }
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;

    std::uint64_t position() const override { return position_; }
    std::optional<std::uint64_t> remaining() const override { return size_ - position_; }
    bool at_end() override { return position_ >= size_; }

    std::size_t read(std::span<unsigned char> out) override {
        std::size_t done = 0;
        while (done < out.size() && position_ < size_) {
            if (position_ < buffer_start_ || position_ >= buffer_start_ + buffer_fill_) refill();
            const auto from = static_cast<std::size_t>(position_ - buffer_start_);
            const std::size_t count = std::min(out.size() - done, buffer_fill_ - from);
            std::memcpy(out.data() + done, buffer_.data() + from, count);
            done += count;
            position_ += count;
        }
        return done;
    }

    std::uint64_t skip(std::uint64_t count) override {
        count = std::min(count, size_ - position_);
        position_ += count;
        return count;
    }

  private:
    void refill() {
        ssize_t count = 0;
        do {
            count = ::pread(handle_, buffer_.data(), buffer_.size(), static_cast<off_t>(position_));
        } while (count < 0 && errno == EINTR);
        if (count < 0) fail("cannot read", path_);
        if (count == 0) throw Error(ErrorCode::file_error, "file became shorter: " + path_.string());
        buffer_start_ = position_;
        buffer_fill_ = static_cast<std::size_t>(count);
    }

    std::filesystem::path path_;
    int handle_ = -1;
    std::uint64_t size_ = 0;
    std::uint64_t position_ = 0;
    std::uint64_t buffer_start_ = 0;
    std::size_t buffer_fill_ = 0;
    std::vector<unsigned char> buffer_;
};

class InflateSource : public ByteSource {
  public:
    InflateSource(std::unique_ptr<ByteSource> compressed, std::uint64_t cap)
        : compressed_(std::move(compressed)), cap_(cap), input_(kBufferSize), output_(kBufferSize) {
        if (inflateInit2(&stream_, -MAX_WBITS) !=
            Z_OK) {  // negative: raw deflate, no zlib header (PS3.5 A.5)
            throw Error(ErrorCode::file_error, "zlib cannot be started");
        }
    }
    ~InflateSource() override { inflateEnd(&stream_); }
    InflateSource(const InflateSource&) = delete;
    InflateSource& operator=(const InflateSource&) = delete;

    std::uint64_t position() const override { return position_; }
    std::optional<std::uint64_t> remaining() const override { return std::nullopt; }

    bool at_end() override {
        if (taken_ == filled_) refill();
        return taken_ == filled_;
    }

    std::size_t read(std::span<unsigned char> out) override {
        std::size_t done = 0;
        while (done < out.size() && !at_end()) {
            const std::size_t count = std::min(out.size() - done, filled_ - taken_);
            std::memcpy(out.data() + done, output_.data() + taken_, count);
            advance(count);
            done += count;
        }
        return done;
    }

    std::uint64_t skip(std::uint64_t count) override {
        if (count > cap_ - std::min(cap_, position_)) refuse_size();
        std::uint64_t done = 0;
        while (done < count && !at_end()) {
            const auto step =
                static_cast<std::size_t>(std::min<std::uint64_t>(count - done, filled_ - taken_));
            advance(step);
            done += step;
        }
        return done;
    }

  private:
    void advance(std::size_t count) {
        taken_ += count;
        position_ += count;
    }

    [[noreturn]] void refuse_size() const {
        throw Error(ErrorCode::too_large,
                    "deflated data set inflates to more than " + std::to_string(cap_) + " bytes");
    }

    // Inflates until there is output or the stream has ended.
    void refill() {
        taken_ = 0;
        filled_ = 0;
        while (filled_ == 0 && !ended_) {
            if (stream_.avail_in == 0) {
                stream_.avail_in = static_cast<uInt>(compressed_->read(input_));
                stream_.next_in = input_.data();
            }
            stream_.next_out = output_.data();
            stream_.avail_out = static_cast<uInt>(output_.size());
            const int status = inflate(&stream_, Z_NO_FLUSH);  // may have output left without any more input
            filled_ = output_.size() - stream_.avail_out;
            if (status == Z_STREAM_END) {
                ended_ = true;
                check_tail();
            } else if (status == Z_BUF_ERROR) {
                refuse("cut off");
            } else if (status != Z_OK) {
                refuse("damaged");
            }
        }
        if (position_ + filled_ > cap_) refuse_size();
    }

    [[noreturn]] void refuse(const std::string& how) const {
        throw Error(ErrorCode::malformed_dataset, "deflated data set is " + how + " after " +
                                                      std::to_string(position_) + " inflated bytes");
    }

    // PS3.5 A.5: at most one padding byte may follow.
    void check_tail() const {
        const std::uint64_t tail = stream_.avail_in + compressed_->remaining().value_or(0);
        if (tail > 1) {
            throw Error(ErrorCode::malformed_dataset,
                        std::to_string(tail) + " bytes follow the end of the deflated data set");
        }
    }

    std::unique_ptr<ByteSource> compressed_;
    std::uint64_t cap_;
    std::uint64_t position_ = 0;
    z_stream stream_{};
    bool ended_ = false;
    std::size_t taken_ = 0;
    std::size_t filled_ = 0;
    std::vector<unsigned char> input_;
    std::vector<unsigned char> output_;
};

}  // namespace

std::unique_ptr<ByteSource> open_file_source(const std::filesystem::path& file) {
    return std::make_unique<FileSource>(file);
}

std::unique_ptr<ByteSource> make_inflate_source(std::unique_ptr<ByteSource> compressed, std::uint64_t cap) {
    return std::make_unique<InflateSource>(std::move(compressed), cap);
}

}  // namespace calcnode::dicom

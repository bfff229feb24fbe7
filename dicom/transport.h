// A connected stream of bytes under an association, plain or TLS, without waiting: whoever uses it waits for
// its descriptor. One thread at a time; owns the descriptor. PS3.8 9.1 (TCP), PS3.15 Annex B (TLS).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "dicom/peer_certificate.h"

namespace calcnode::dicom {

/// What became of a read or a write that does not wait.
struct Transfer {
    enum class State {
        moved,        // `count` bytes, at least one
        wants_read,   // nothing yet: again when the descriptor is readable
        wants_write,  // nothing yet: again when it is writable
        ended,        // the peer has closed its side
        failed,       // `text` says why; nothing more can be moved
    };
    State state = State::moved;
    std::size_t count = 0;
    std::string text{};
};

/// A descriptor that is closed when its owner goes.
class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    /// Not ours any more.
    int release() { return std::exchange(fd_, -1); }

  private:
    int fd_;
};

class Transport {
  public:
    virtual ~Transport() = default;

    virtual Transfer read(std::span<unsigned char> buffer) = 0;
    virtual Transfer write(std::span<const unsigned char> bytes) = 0;
    /// True when read() would say something else than wants_read or wants_write.
    virtual bool input_ready() = 0;
    virtual int fd() const = 0;
    virtual bool is_tls() const = 0;
    /// Nothing: no TLS, or the peer showed none.
    virtual const PeerCertificate* certificate() const = 0;
};

/// TCP (IPv4, IPv6), or a Unix socket pair, as it is. Acknowledges at once: TCP_NODELAY for what is sent,
/// TCP_QUICKACK re-armed before each read, because Nagle in a sender against delayed ACKs in us costs 88 ms
/// an object.
class PlainTransport : public Transport {
  public:
    explicit PlainTransport(int fd);
    Transfer read(std::span<unsigned char> buffer) override;
    Transfer write(std::span<const unsigned char> bytes) override;
    bool input_ready() override;
    int fd() const override { return fd_.get(); }
    bool is_tls() const override { return false; }
    const PeerCertificate* certificate() const override { return nullptr; }

  private:
    Descriptor fd_;
};

/// For transports over TCP; each fails quietly on another kind of socket.
void send_at_once(int fd);
void acknowledge_at_once(int fd);

}  // namespace calcnode::dicom

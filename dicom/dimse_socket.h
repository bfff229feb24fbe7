// A connected stream socket with every wait bounded, for the PDUs of one association. Blocking, one thread at
// a time. Plain or TLS is the transport's matter.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "dicom/error.h"
#include "dicom/transport.h"

namespace calcnode::dicom {

struct SocketLimits {
    std::chrono::steady_clock::duration idle;   // for each step: a PDU in, a PDU out
    std::chrono::steady_clock::time_point end;  // of the association
    const std::atomic<bool>* stop = nullptr;    // looked at at least twice a second
};

/// The peer has closed the connection (or it broke): nothing can be sent any more.
class ConnectionLost : public Error {
  public:
    explicit ConnectionLost(const std::string& what) : Error(ErrorCode::network_error, what) {}
};

/// The peer was silent, or did not read, for the idle time.
class TimedOut : public Error {
  public:
    explicit TimedOut(const std::string& what) : Error(ErrorCode::network_error, what) {}
};

/// Our own side stops.
class Stopped : public Error {
  public:
    Stopped() : Error(ErrorCode::network_error, "stopped") {}
};

class DimseSocket {
  public:
    DimseSocket(std::unique_ptr<Transport> transport, const SocketLimits& limits);
    /// Plain; owns `fd`.
    DimseSocket(int fd, const SocketLimits& limits);

    /// A stop ends the next wait at once when interruptible, else after a grace of ten seconds: a command
    /// under way is finished.
    void set_interruptible(bool interruptible) { interruptible_ = interruptible; }

    /// Starts the idle time of the next step.
    void begin_step();

    /// Fills `buffer`. Throws ConnectionLost, TimedOut, Stopped, or Error network_error past the
    /// association's end.
    void read(std::span<unsigned char> buffer);

    /// Sends all of `bytes` in as few segments as can be. Throws like read().
    void write(std::span<const unsigned char> bytes);

    /// True as soon as something can be read (or the peer has closed); false after `longest`. Throws like
    /// read().
    bool readable_within(std::chrono::milliseconds longest);

    /// Waits until the peer closes, dropping what it still sends (PS3.8 9.1.5, the ARTIM timer): closing at
    /// once could take back our last PDU. Never throws.
    void await_close(std::chrono::milliseconds longest) noexcept;

    const Transport& transport() const { return *transport_; }

  private:
    void wait_for(short events);
    void check_time(std::chrono::steady_clock::time_point now);

    std::unique_ptr<Transport> transport_;
    SocketLimits limits_;
    std::chrono::steady_clock::time_point step_end_;
    bool interruptible_ = false;
    bool stop_seen_ = false;
};

}  // namespace calcnode::dicom

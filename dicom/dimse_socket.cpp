#include "dicom/dimse_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace calcnode::dicom {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kSlice{500};  // of a wait, to look at the stop flag
constexpr std::chrono::seconds kStopGrace{10};
constexpr std::size_t kMaxDropped = 16 << 20;  // after an abort, before we close on the peer

std::string error_text(int errno_value) {
    return std::generic_category().message(errno_value);
}

bool would_block(int errno_value) {
    return errno_value == EAGAIN || errno_value == EWOULDBLOCK || errno_value == EINTR;
}

// Fails on a Unix socket pair, where it is not needed either.
void set_tcp_option(int fd, int option) {
    const int on = 1;
    (void)::setsockopt(fd, IPPROTO_TCP, option, &on, sizeof on);
}

int milliseconds_until(Clock::time_point end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, kSlice.count()));
}

std::string seconds_text(Clock::duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

}  // namespace

DimseSocket::DimseSocket(int fd, const SocketLimits& limits) : fd_(fd), limits_(limits) {
    set_tcp_option(fd_, TCP_NODELAY);
    begin_step();
}

DimseSocket::~DimseSocket() {
    ::close(fd_);
}

void DimseSocket::begin_step() {
    step_end_ = Clock::now() + limits_.idle;
}

void DimseSocket::check_time(Clock::time_point now) {
    if (limits_.stop != nullptr && limits_.stop->load(std::memory_order_relaxed)) {
        if (interruptible_) throw Stopped();
        if (!stop_seen_) limits_.end = std::min(limits_.end, now + kStopGrace);
        stop_seen_ = true;
    }
    if (now >= limits_.end) {
        if (stop_seen_) throw Stopped();
        throw Error(ErrorCode::network_error, "the association took too long");
    }
    if (now >= step_end_) {
        throw TimedOut("time-out: the peer was silent for " + seconds_text(limits_.idle));
    }
}

void DimseSocket::wait_for(short events) {
    check_time(Clock::now());
    pollfd waited{fd_, events, 0};
    (void)::poll(&waited, 1, milliseconds_until(std::min(step_end_, limits_.end)));
}

void DimseSocket::read(std::span<unsigned char> buffer) {
    while (!buffer.empty()) {
        set_tcp_option(fd_, TCP_QUICKACK);
        const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count == 0) throw ConnectionLost("the peer closed the connection");
        if (count > 0) {
            buffer = buffer.subspan(static_cast<std::size_t>(count));
        } else if (would_block(errno)) {
            wait_for(POLLIN);
        } else {
            throw ConnectionLost("connection lost: " + error_text(errno));
        }
    }
}

void DimseSocket::write(std::span<const unsigned char> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(count));
        } else if (would_block(errno)) {
            wait_for(POLLOUT);
        } else {
            throw ConnectionLost("connection lost: " + error_text(errno));
        }
    }
}

bool DimseSocket::readable_within(std::chrono::milliseconds longest) {
    const auto end = Clock::now() + longest;
    do {
        check_time(Clock::now());
        pollfd waited{fd_, POLLIN, 0};
        if (::poll(&waited, 1, milliseconds_until(end)) > 0) return true;
    } while (Clock::now() < end);
    return false;
}

void DimseSocket::await_close(std::chrono::milliseconds longest) noexcept {
    const auto end = Clock::now() + longest;
    std::array<unsigned char, 16384> dropped;
    std::size_t total = 0;
    while (Clock::now() < end && total < kMaxDropped) {
        const ssize_t count = ::recv(fd_, dropped.data(), dropped.size(), MSG_DONTWAIT);
        if (count == 0 || (count < 0 && !would_block(errno))) return;
        if (count > 0) {
            total += static_cast<std::size_t>(count);
            continue;
        }
        pollfd waited{fd_, POLLIN, 0};
        (void)::poll(&waited, 1, milliseconds_until(end));
    }
}

}  // namespace calcnode::dicom

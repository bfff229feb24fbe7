#include "dicom/dimse_socket.h"

#include <algorithm>
#include <array>

#include <poll.h>

namespace calcnode::dicom {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kSlice{500};  // of a wait, to look at the stop flag
constexpr std::chrono::seconds kStopGrace{10};
constexpr std::size_t kMaxDropped = 16 << 20;  // after an abort, before we close on the peer

int milliseconds_until(Clock::time_point end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, kSlice.count()));
}

std::string seconds_text(Clock::duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

// What a descriptor has to become before a transfer is worth another try; 0: it is no matter of waiting.
short awaited(const Transfer& transfer) {
    if (transfer.state == Transfer::State::wants_read) return POLLIN;
    return transfer.state == Transfer::State::wants_write ? POLLOUT : short{0};
}

[[noreturn]] void lost(const Transfer& transfer) {
    if (transfer.state == Transfer::State::ended) throw ConnectionLost("the peer closed the connection");
    throw ConnectionLost("connection lost: " + transfer.text);
}

}  // namespace

DimseSocket::DimseSocket(std::unique_ptr<Transport> transport, const SocketLimits& limits)
    : transport_(std::move(transport)), limits_(limits) {
    begin_step();
}

DimseSocket::DimseSocket(int fd, const SocketLimits& limits)
    : DimseSocket(std::make_unique<PlainTransport>(fd), limits) {}

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
    pollfd waited{transport_->fd(), events, 0};
    (void)::poll(&waited, 1, milliseconds_until(std::min(step_end_, limits_.end)));
}

void DimseSocket::read(std::span<unsigned char> buffer) {
    while (!buffer.empty()) {
        const Transfer got = transport_->read(buffer);
        if (got.state == Transfer::State::moved) {
            buffer = buffer.subspan(got.count);
        } else if (const short events = awaited(got)) {
            wait_for(events);
        } else {
            lost(got);
        }
    }
}

void DimseSocket::write(std::span<const unsigned char> bytes) {
    while (!bytes.empty()) {
        const Transfer put = transport_->write(bytes);
        if (put.state == Transfer::State::moved) {
            bytes = bytes.subspan(put.count);
        } else if (const short events = awaited(put)) {
            wait_for(events);
        } else {
            lost(put);
        }
    }
}

bool DimseSocket::readable_within(std::chrono::milliseconds longest) {
    const auto end = Clock::now() + longest;
    do {
        check_time(Clock::now());
        if (transport_->input_ready()) return true;
        pollfd waited{transport_->fd(), POLLIN, 0};
        (void)::poll(&waited, 1, milliseconds_until(end));
    } while (Clock::now() < end);
    return transport_->input_ready();
}

void DimseSocket::await_close(std::chrono::milliseconds longest) noexcept {
    const auto end = Clock::now() + longest;
    std::array<unsigned char, 16384> dropped;
    std::size_t total = 0;
    while (Clock::now() < end && total < kMaxDropped) {
        const Transfer got = transport_->read(dropped);
        if (got.state == Transfer::State::moved) {
            total += got.count;
            continue;
        }
        const short events = awaited(got);
        if (events == 0) return;
        pollfd waited{transport_->fd(), events, 0};
        (void)::poll(&waited, 1, milliseconds_until(end));
    }
}

}  // namespace calcnode::dicom

#include "dicom/transport.h"

#include <cerrno>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace calcnode::dicom {

namespace {

bool would_block(int errno_value) {
    return errno_value == EAGAIN || errno_value == EWOULDBLOCK || errno_value == EINTR;
}

void set_tcp_option(int fd, int option) {
    const int on = 1;
    (void)::setsockopt(fd, IPPROTO_TCP, option, &on, sizeof on);
}

Transfer failed(int errno_value) {
    return {Transfer::State::failed, 0, std::generic_category().message(errno_value)};
}

}  // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

void send_at_once(int fd) {
    set_tcp_option(fd, TCP_NODELAY);
}

void acknowledge_at_once(int fd) {
    set_tcp_option(fd, TCP_QUICKACK);
}

PlainTransport::PlainTransport(int fd) : fd_(fd) {
    send_at_once(fd);
}

Transfer PlainTransport::read(std::span<unsigned char> buffer) {
    acknowledge_at_once(fd());
    const ssize_t count = ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) return {Transfer::State::moved, static_cast<std::size_t>(count)};
    if (count == 0) return {Transfer::State::ended};
    if (would_block(errno)) return {Transfer::State::wants_read};
    return failed(errno);
}

Transfer PlainTransport::write(std::span<const unsigned char> bytes) {
    const ssize_t count = ::send(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) return {Transfer::State::moved, static_cast<std::size_t>(count)};
    if (would_block(errno)) return {Transfer::State::wants_write};
    return failed(errno);
}

bool PlainTransport::input_ready() {
    unsigned char byte = 0;
    return ::recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || !would_block(errno);
}

}  // namespace calcnode::dicom

#include "service/audit_syslog.h"

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dicom/dimse_client.h"
#include "service/audit_message.h"
#include "service/tls_options.h"

namespace calcnode::service {

namespace {

using Clock = std::chrono::steady_clock;
using Transport = config::SyslogTransport;

constexpr std::chrono::seconds kTimeout{10};
constexpr int kPriority = 10 * 8 + 5;  // RFC 5424 6.2.1
constexpr const char* kMessageId = "DICOM+RFC3881";
constexpr const char* kByteOrderMark = "\xEF\xBB\xBF";  // RFC 5424 6.4: UTF-8 follows

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::generic_category().message(errno));
}

int connect_local(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error("socket name too long: " + path);
    path.copy(address.sun_path, path.size());
    dicom::Descriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (fd.get() < 0 || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        fail("cannot reach the local syslog at " + path);
    return fd.release();
}

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

int connect_udp(const std::string& host, int port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* list = nullptr;
    if (const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list))
        throw std::runtime_error("cannot resolve " + host + ": " + ::gai_strerror(failure));
    const std::unique_ptr<addrinfo, FreeAddresses> addresses(list);
    dicom::Descriptor fd(::socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, list->ai_protocol));
    if (fd.get() < 0 || ::connect(fd.get(), list->ai_addr, list->ai_addrlen) != 0)
        fail("cannot reach syslog at " + host);
    return fd.release();
}

void wait(const dicom::Transport& connection, short events, Clock::time_point end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) throw std::runtime_error("the syslog server does not read");
    pollfd waited{connection.fd(), events, 0};
    (void)::poll(&waited, 1, static_cast<int>(left));
}

void write_all(dicom::Transport& connection, const std::string& text) {
    std::span<const unsigned char> rest(reinterpret_cast<const unsigned char*>(text.data()), text.size());
    const auto end = Clock::now() + kTimeout;
    while (!rest.empty()) {
        const dicom::Transfer put = connection.write(rest);
        using State = dicom::Transfer::State;
        if (put.state == State::moved) {
            rest = rest.subspan(put.count);
        } else if (put.state == State::wants_read || put.state == State::wants_write) {
            wait(connection, put.state == State::wants_read ? POLLIN : POLLOUT, end);
        } else {
            throw std::runtime_error("the connection to the syslog server is lost: " + put.text);
        }
    }
}

}  // namespace

std::string syslog_message(const std::string& host, const std::string& process, const std::string& xml,
                           Time when) {
    return "<" + std::to_string(kPriority) + ">1 " + audit_time(when) + " " + host + " calcnode " + process +
           " " + kMessageId + " - " + kByteOrderMark + xml;
}

AuditSyslog::AuditSyslog(const config::AuditSyslog& options, const config::DicomTls& own)
    : options_(options), own_(own) {}

bool AuditSyslog::send(const std::string& message) {
    try {
        if (options_.transport == Transport::tls) {
            send_stream(message);
        } else {
            send_datagram(message);
        }
        return true;
    } catch (const std::exception& error) {
        failure_ = error.what();
        socket_.reset();
        connection_.reset();
        return false;
    }
}

void AuditSyslog::send_datagram(const std::string& message) {
    if (!socket_) {
        socket_.emplace(options_.transport == Transport::local ? connect_local(options_.socket)
                                                               : connect_udp(options_.host, options_.port));
    }
    if (::send(socket_->get(), message.data(), message.size(), MSG_NOSIGNAL) < 0)
        fail("cannot send to syslog");
}

void AuditSyslog::send_stream(const std::string& message) {
    // Nothing is ever said to us: readable means that the server has gone.
    if (connection_ && connection_->input_ready()) connection_.reset();
    if (!connection_) {
        dicom::Peer peer{.host = options_.host, .port = options_.port, .connect_timeout = kTimeout};
        config::PeerTls tls = options_.tls;
        tls.enabled = true;
        peer.tls = tls_peer(own_, tls, options_.host);
        connection_ = dicom::connect_transport(peer);
    }
    write_all(*connection_, std::to_string(message.size()) + " " + message);  // RFC 5425 4.3
}

}  // namespace calcnode::service

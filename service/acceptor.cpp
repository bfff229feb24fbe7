#include "service/acceptor.h"

#include <array>
#include <chrono>
#include <span>
#include <stdexcept>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>

#include "dicom/associate_peek.h"
#include "service/log.h"

namespace calcnode::service {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr int kMaxWaiting = 512;  // connections that have not shown their A-ASSOCIATE-RQ; one more is closed
constexpr std::chrono::milliseconds kPeekAgain{10};
constexpr std::chrono::milliseconds kAcceptPause{100};

tcp::acceptor listen(asio::io_context& context, const config::Dicom& options) {
    try {
        const tcp::endpoint endpoint(asio::ip::make_address(options.listen_address),
                                     static_cast<unsigned short>(options.port));
        tcp::acceptor listener(context);
        listener.open(endpoint.protocol());
        listener.set_option(tcp::acceptor::reuse_address(true));
        listener.bind(endpoint);
        listener.listen();
        return listener;
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error("cannot listen for DICOM on " + options.listen_address + ":" +
                                 std::to_string(options.port) +
                                 " (dicom.listen_address, dicom.port): " + error.code().message());
    }
}

}  // namespace

struct Acceptor::Connection {
    Connection(const Acceptor& owner_, tcp::socket socket_, std::string peer_)
        : socket(std::move(socket_)),
          again(owner_.context_),
          peer(std::move(peer_)),
          deadline(std::chrono::steady_clock::now() + owner_.options_.associate_timeout),
          waiting(owner_.waiting_) {
        ++*waiting;
    }
    ~Connection() { --*waiting; }

    tcp::socket socket;
    asio::steady_timer again;
    std::string peer;
    std::chrono::steady_clock::time_point deadline;
    std::shared_ptr<int>
        waiting;  // the acceptor's counter: a connection may outlive it in the io_context's queue
};

Acceptor::Acceptor(asio::io_context& context, const config::Dicom& options, AssociationThreads& associations)
    : context_(context),
      options_(options),
      associations_(associations),
      filter_(options.allowed_peers),
      pause_(context),
      listener_(listen(context, options)) {
    accept_next();
}

Acceptor::~Acceptor() = default;

void Acceptor::accept_next() {
    listener_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (error) {
            // Out of descriptors, most likely: accepting again at once would spin.
            log_error("accept_failed", {{"error", error.message()}});
            pause_.expires_after(kAcceptPause);
            pause_.async_wait([this](const boost::system::error_code& cancelled) {
                if (!cancelled) accept_next();
            });
            return;
        }
        accepted(std::move(socket));
        accept_next();
    });
}

void Acceptor::accepted(tcp::socket socket) {
    boost::system::error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return;  // gone already
    const std::string peer = endpoint.address().to_string();
    if (!filter_.allows(endpoint.address())) {
        log_warn("connection_refused", {{"peer", peer}, {"reason", "not in dicom.allowed_peers"}});
        return;
    }
    if (*waiting_ >= kMaxWaiting) {
        log_warn("connection_refused",
                 {{"peer", peer}, {"reason", "too many connections without a request"}});
        return;
    }
    // DCMTK reads from this descriptor later and workers are spawned meanwhile.
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    auto connection = std::make_shared<Connection>(*this, std::move(socket), peer);
    auto& waiting_socket = connection->socket;
    waiting_socket.async_wait(tcp::socket::wait_read,
                              [this, connection](const boost::system::error_code& failed) {
                                  if (!failed) peek(connection);
                              });
    // The same timer that paces peek() ends a connection that never sends a byte.
    connection->again.expires_at(connection->deadline);
    connection->again.async_wait([connection](const boost::system::error_code& cancelled) {
        if (cancelled || !connection->socket.is_open()) return;
        log_warn("connection_closed", {{"peer", connection->peer}, {"reason", "no A-ASSOCIATE-RQ in time"}});
        boost::system::error_code ignored;
        connection->socket.close(ignored);
    });
}

void Acceptor::peek(const std::shared_ptr<Connection>& connection) {
    std::array<unsigned char, 6 + dicom::kMaxAssociateRequest> buffer;
    const ssize_t got =
        ::recv(connection->socket.native_handle(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        connection->again.cancel();
        return;  // closed by the peer without a word
    }
    const auto seen = dicom::peek_associate_request(
        std::span<const unsigned char>(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0));
    switch (seen.state) {
        case dicom::PeekState::complete:
            hand_over(connection);
            return;
        case dicom::PeekState::not_dicom:
        case dicom::PeekState::too_long:
            connection->again.cancel();
            log_warn("connection_closed",
                     {{"peer", connection->peer},
                      {"reason", seen.state == dicom::PeekState::too_long ? "A-ASSOCIATE-RQ too long"
                                                                          : seen.hint.c_str()}});
            return;
        case dicom::PeekState::need_more:
            break;
    }
    if (std::chrono::steady_clock::now() >= connection->deadline) {
        log_warn("connection_closed", {{"peer", connection->peer}, {"reason", "A-ASSOCIATE-RQ incomplete"}});
        connection->again.cancel();
        return;
    }
    // Peeked bytes stay readable, so that waiting for readability would spin: look again a little later.
    connection->again.expires_after(kPeekAgain);
    connection->again.async_wait([this, connection](const boost::system::error_code& cancelled) {
        if (!cancelled) peek(connection);
    });
}

void Acceptor::hand_over(const std::shared_ptr<Connection>& connection) {
    connection->again.cancel();
    boost::system::error_code error;
    connection->socket.native_non_blocking(false, error);
    if (error) return;
    const int fd = connection->socket.release(error);
    if (error) return;
    const auto admission = associations_.admit(fd, connection->peer);
    if (admission != AssociationThreads::Admission::admitted) {
        const bool total = admission == AssociationThreads::Admission::too_many;
        log_warn("association_rejected", {{"peer", connection->peer},
                                          {"reason", total ? "dicom.max_associations reached"
                                                           : "dicom.max_associations_per_peer reached"}});
    }
}

}  // namespace calcnode::service

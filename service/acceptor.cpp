#include "service/acceptor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>

#include "dicom/associate_items.h"
#include "dicom/associate_peek.h"
#include "dicom/error.h"
#include "service/log.h"
#include "service/tls_options.h"

namespace calcnode::service {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

const char* reason_of(AssociationThreads::Admission admission) {
    using Admission = AssociationThreads::Admission;
    switch (admission) {
        case Admission::too_many:
            return "dicom.max_associations reached";
        case Admission::too_many_from_peer:
            return "dicom.max_associations_per_peer reached";
        case Admission::draining:
            return "draining";
        case Admission::admitted:
            break;
    }
    return "";
}

// Connections that have not shown their A-ASSOCIATE-RQ. For one more the oldest is closed: who is silent
// loses, who speaks at once gets through.
constexpr std::size_t kMaxWaiting = 512;
constexpr std::chrono::milliseconds kAcceptPause{100};

tcp::acceptor listen(asio::io_context& context, const config::Dicom& options, bool tls) {
    const int port = tls ? options.tls.port : options.port;
    try {
        const tcp::endpoint endpoint(asio::ip::make_address(options.listen_address),
                                     static_cast<unsigned short>(port));
        tcp::acceptor listener(context);
        listener.open(endpoint.protocol());
        listener.set_option(tcp::acceptor::reuse_address(true));
        listener.bind(endpoint);
        listener.listen();
        return listener;
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error("cannot listen for DICOM on " + options.listen_address + ":" +
                                 std::to_string(port) + " (dicom.listen_address, " +
                                 (tls ? "dicom.tls.port" : "dicom.port") + "): " + error.code().message());
    }
}

constexpr std::string_view kTlsHint = "TLS ClientHello";
constexpr int kExpirySoon = 30;  // days

// What a peer that is at the wrong port has to be told apart from.
std::string wrong_port(const std::string& hint) {
    return hint == kTlsHint ? hint + " on the plain port (dicom.port); TLS is spoken on dicom.tls.port"
                            : hint;
}

std::string wrong_tls_port(const dicom::AssociatePeek& seen) {
    if (seen.state == dicom::PeekState::not_dicom) return seen.hint + " on the TLS port (dicom.tls.port)";
    return "plain DICOM on the TLS port (dicom.tls.port)";
}

void warn_of_expiry(const dicom::TlsServer& tls) {
    const auto days = tls.days_left();
    if (days && *days < kExpirySoon) log_warn("tls_certificate_expires", {{"days_left", *days}});
}

}  // namespace

struct Acceptor::Connection {
    Connection(const Acceptor& owner_, tcp::socket socket_, std::string peer_)
        : socket(std::move(socket_)),
          deadline(owner_.context_),
          peer(std::move(peer_)),
          waiting(owner_.waiting_),
          place(waiting->insert(waiting->end(), this)) {
        deadline.expires_after(owner_.options_.associate_timeout);
    }
    ~Connection() { leave(); }

    /// No longer one of those that are waited for.
    void leave() {
        if (place != waiting->end()) waiting->erase(place);
        place = waiting->end();
        deadline.cancel();
    }

    /// Ends the connection; what waits for it is told so and lets go of it.
    void close(std::string_view reason) {
        leave();
        if (!reason.empty()) log_warn("connection_closed", {{"peer", peer}, {"reason", std::string(reason)}});
        drop_input();
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    /// What nobody read would turn the close into a reset, which overtakes what the peer is told (a TLS
    /// alert).
    void drop_input() {
        std::array<unsigned char, 4096> dropped;
        for (int i = 0; i < 16; ++i) {
            if (::recv(socket.native_handle(), dropped.data(), dropped.size(), MSG_DONTWAIT) <= 0) return;
        }
    }

    /// Readable is from now on only what has so many bytes, or an end: nobody wakes us byte by byte.
    void want(std::size_t bytes) {
        wanted = bytes;
        const int low_water = static_cast<int>(bytes);
        (void)::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof low_water);
    }

    tcp::socket socket;
    asio::steady_timer deadline;
    std::string peer;
    std::size_t wanted = 1;
    std::unique_ptr<dicom::TlsStream> tls;  // from the ClientHello on
    bool secure = false;                    // the handshake is done
    std::vector<unsigned char> received;    // of the A-ASSOCIATE-RQ, by TLS
    // The acceptor's list: a connection may outlive it in the io_context's queue.
    std::shared_ptr<std::list<Connection*>> waiting;
    std::list<Connection*>::iterator place;
};

Acceptor::Acceptor(asio::io_context& context, const config::Dicom& options, AssociationThreads& associations,
                   Kind kind)
    : context_(context),
      options_(options),
      associations_(associations),
      filter_(options.allowed_peers),
      pause_(context),
      listener_(listen(context, options, kind == Kind::tls)) {
    if (kind == Kind::tls) {
        tls_.emplace(tls_server_options(options.tls));
        warn_of_expiry(*tls_);
    }
    accept_next();
}

Acceptor::~Acceptor() = default;

void Acceptor::reconfigure(const config::Dicom& options) {
    options_ = options;
    filter_ = PeerFilter(options.allowed_peers);
}

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
        associations_.count_rejected("not in dicom.allowed_peers");
        log_warn("connection_refused", {{"peer", peer}, {"reason", "not in dicom.allowed_peers"}});
        return;
    }
    // DCMTK reads from this descriptor later and workers are spawned meanwhile.
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    if (waiting_->size() >= kMaxWaiting) waiting_->front()->close("gave way: no A-ASSOCIATE-RQ yet");
    auto connection = std::make_shared<Connection>(*this, std::move(socket), peer);
    connection->want(dicom::kPduHeaderLength);
    await_bytes(connection);
    connection->deadline.async_wait([connection](const boost::system::error_code& cancelled) {
        if (!cancelled && connection->socket.is_open()) {
            connection->close(connection->tls && !connection->secure ? "no TLS handshake in time"
                                                                     : "no A-ASSOCIATE-RQ in time");
        }
    });
}

void Acceptor::await_bytes(const std::shared_ptr<Connection>& connection) {
    connection->socket.async_wait(tcp::socket::wait_read,
                                  [this, connection](const boost::system::error_code& failed) {
                                      if (!failed) peek(connection);
                                  });
}

void Acceptor::peek(const std::shared_ptr<Connection>& connection) {
    std::array<unsigned char, dicom::kPduHeaderLength + dicom::kMaxAssociateRequest> buffer;
    const ssize_t got =
        ::recv(connection->socket.native_handle(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return await_bytes(connection);
    if (got <= 0) return connection->close({});  // by the peer, without a word
    const auto count = static_cast<std::size_t>(got);
    const auto seen = dicom::peek_associate_request(std::span<const unsigned char>(buffer.data(), count));
    if (tls_) {
        if (seen.hint == kTlsHint) return begin_tls(connection);
        return connection->close(wrong_tls_port(seen));
    }
    switch (seen.state) {
        case dicom::PeekState::complete:
            return hand_over(connection);
        case dicom::PeekState::not_dicom:
            return connection->close(wrong_port(seen.hint));
        case dicom::PeekState::too_long:
            return connection->close("A-ASSOCIATE-RQ too long");
        case dicom::PeekState::need_more:
            break;
    }
    // Woken with less than was asked for: there will be no more.
    if (count < connection->wanted) return connection->close("A-ASSOCIATE-RQ cut off");
    connection->want(std::max(seen.pdu_length, dicom::kPduHeaderLength));
    await_bytes(connection);
}

void Acceptor::reload_tls() {
    using Reload = dicom::TlsServer::Reload;
    const Reload result = tls_->reload_if_changed();
    if (result == Reload::failed) log_error("tls_reload_failed", {{"reason", tls_->failure()}});
    if (result != Reload::reloaded) return;
    log_info("tls_reloaded");
    warn_of_expiry(*tls_);
}

void Acceptor::begin_tls(const std::shared_ptr<Connection>& connection) {
    connection->want(1);
    boost::system::error_code error;
    connection->socket.native_non_blocking(true, error);
    if (error) return connection->close(error.message());
    reload_tls();
    try {
        connection->tls = tls_->start(connection->socket.native_handle());
    } catch (const dicom::Error& failure) {
        return connection->close(failure.what());
    }
    advance_tls(connection);
}

void Acceptor::advance_tls(const std::shared_ptr<Connection>& connection) {
    using State = dicom::Transfer::State;
    const dicom::Transfer step = connection->tls->handshake();
    if (step.state == State::failed) {
        log_warn("tls_refused", {{"peer", connection->peer}, {"reason", step.text}});
        associations_.refused(connection->peer, step.text);
        return connection->close({});
    }
    if (step.state == State::moved) {
        connection->secure = true;
        const auto* shown = connection->tls->certificate();
        log_info("tls_established", {{"peer", connection->peer},
                                     {"protocol", connection->tls->description()},
                                     {"certificate", shown == nullptr ? "none" : shown->subject}});
        return read_tls(connection);
    }
    const auto direction = step.state == State::wants_read ? tcp::socket::wait_read : tcp::socket::wait_write;
    connection->socket.async_wait(direction, [this, connection](const boost::system::error_code& failed) {
        if (!failed) advance_tls(connection);
    });
}

void Acceptor::read_tls(const std::shared_ptr<Connection>& connection) {
    using State = dicom::Transfer::State;
    std::array<unsigned char, 4096> block;
    while (true) {
        const dicom::Transfer got = connection->tls->read(block);
        if (got.state == State::wants_read || got.state == State::wants_write) break;
        if (got.state != State::moved) {
            return connection->close(got.state == State::failed ? got.text : std::string());
        }
        connection->received.insert(connection->received.end(), block.begin(),
                                    block.begin() + static_cast<std::ptrdiff_t>(got.count));
        const auto seen = dicom::peek_associate_request(connection->received);
        if (seen.state == dicom::PeekState::complete) return hand_over(connection);
        if (seen.state == dicom::PeekState::not_dicom) return connection->close(seen.hint + " within TLS");
        if (seen.state == dicom::PeekState::too_long) return connection->close("A-ASSOCIATE-RQ too long");
    }
    connection->socket.async_wait(tcp::socket::wait_read,
                                  [this, connection](const boost::system::error_code& failed) {
                                      if (!failed) read_tls(connection);
                                  });
}

void Acceptor::hand_over(const std::shared_ptr<Connection>& connection) {
    connection->leave();
    connection->want(1);
    boost::system::error_code error;
    connection->socket.native_non_blocking(connection->tls != nullptr, error);
    if (error) return;
    const int fd = connection->socket.release(error);
    if (error) return;
    std::unique_ptr<dicom::Transport> transport;
    if (connection->tls) {
        connection->tls->unread(std::move(connection->received));
        transport = std::make_unique<dicom::TlsTransport>(fd, std::move(connection->tls));
    } else {
        transport = std::make_unique<dicom::PlainTransport>(fd);
    }
    const auto admission = associations_.admit(std::move(transport), connection->peer);
    if (admission == AssociationThreads::Admission::admitted) return;
    associations_.count_rejected(reason_of(admission));
    log_warn("association_rejected", {{"peer", connection->peer}, {"reason", reason_of(admission)}});
}

}  // namespace calcnode::service

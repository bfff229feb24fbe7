// Accepts DICOM connections, plain or with TLS, and waits, without a thread, until the handshake is done and
// the whole A-ASSOCIATE-RQ is there; then hands the connection to an association thread. A silent, slow or
// non-DICOM peer costs a file descriptor for a few seconds, and less when others want to connect: the oldest
// of too many is dropped. Lives on the network thread's io_context; not thread-safe.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "config/config.h"
#include "dicom/tls_server.h"
#include "service/association_threads.h"
#include "service/peer_filter.h"

namespace calcnode::service {

class Acceptor {
  public:
    enum class Kind { plain, tls };

    /// Listens at once on dicom.port or dicom.tls.port. Throws std::runtime_error naming address and port
    /// when that cannot be done, and dicom::Error tls_error naming the file that cannot be used.
    Acceptor(boost::asio::io_context& context, const config::Dicom& options, AssociationThreads& associations,
             Kind kind);
    ~Acceptor();

    /// For connections from now on: who may connect, how long one may take. The address and the port stay.
    void reconfigure(const config::Dicom& options);

    int port() const { return listener_.local_endpoint().port(); }

  private:
    struct Connection;

    void accept_next();
    void accepted(boost::asio::ip::tcp::socket socket);
    void await_bytes(const std::shared_ptr<Connection>& connection);
    void peek(const std::shared_ptr<Connection>& connection);
    void begin_tls(const std::shared_ptr<Connection>& connection);
    void advance_tls(const std::shared_ptr<Connection>& connection);
    void read_tls(const std::shared_ptr<Connection>& connection);
    void reload_tls();
    void hand_over(const std::shared_ptr<Connection>& connection);

    boost::asio::io_context& context_;
    config::Dicom options_;
    AssociationThreads& associations_;
    PeerFilter filter_;
    std::optional<dicom::TlsServer> tls_;  // nothing: plain
    // Connections whose A-ASSOCIATE-RQ is not there yet, the oldest first; shared with them, since the last
    // may end after us.
    std::shared_ptr<std::list<Connection*>> waiting_ = std::make_shared<std::list<Connection*>>();
    boost::asio::steady_timer pause_;
    boost::asio::ip::tcp::acceptor listener_;
};

}  // namespace calcnode::service

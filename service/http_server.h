// Health and status over HTTP/1.1 (Boost.Beast): /health/live, /health/ready, /api/v1/status. No patient
// data. Lives on the network thread's io_context; every request is answered there, from a journal connection
// of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "config/config.h"
#include "service/journal.h"

namespace calcnode::service {

struct HttpStatus {
    bool ready = false;
    std::string body;  // JSON
};

class HttpServer {
  public:
    /// Listens at once; throws std::runtime_error naming address and port when that cannot be done.
    /// `status` is called on the network thread for /health/ready and /api/v1/status.
    HttpServer(boost::asio::io_context& context, const config::Http& options,
               std::function<HttpStatus()> status);
    ~HttpServer();

    int port() const { return listener_.local_endpoint().port(); }

  private:
    struct Session;
    void accept_next();

    std::shared_ptr<const std::function<HttpStatus()>> status_;  // shared with the sessions in flight
    std::shared_ptr<int> sessions_ = std::make_shared<int>(0);   // counts them; shared for the same reason
    boost::asio::ip::tcp::acceptor listener_;
};

/// The body of /api/v1/status.
std::string status_json(const JournalCounts& counts, int associations, int workers);

}  // namespace calcnode::service

// HTTP/1.1, plain or over TLS (Boost.Beast): reads requests, has them answered on threads of its own, writes
// what comes back. A thread for the sockets and a few for the handlers, so that nothing here ever waits on,
// or delays, the threads that receive. Knows no paths: see rest_api.h.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/config.h"
#include "service/http_message.h"

namespace calcnode::service {

class HttpServer {
  public:
    /// Called on one of the handlers' threads, several at once. What it throws becomes a 500 without a
    /// reason.
    using Handler = std::function<HttpResponse(const HttpRequest&)>;

    /// Listens at once. Throws std::runtime_error naming address, port or file, and the remedy, when that
    /// cannot be done, and when it would listen beyond the loopback without TLS.
    HttpServer(const config::Http& options, Handler handler);
    ~HttpServer();  // ends all connections, joins
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    int port() const;

    /// Sends an event (event/data of the HTML Living Standard 9.2) to everybody who listens. A listener that
    /// does not keep up is dropped: it comes back and looks anew. Any thread.
    void publish(const std::string& event, const std::string& data);
    int listeners() const;  // any thread

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calcnode::service

#include "service/http_server.h"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <fcntl.h>

#include "dicom/tls_certificates.h"
#include "service/http_connection.h"

namespace calcnode::service {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

namespace {

constexpr std::chrono::seconds kHeartbeat{15};

tcp::acceptor listen(asio::io_context& context, const config::Http& options) {
    try {
        const tcp::endpoint endpoint(asio::ip::make_address(options.listen_address),
                                     static_cast<unsigned short>(options.port));
        return tcp::acceptor(context, endpoint);  // with SO_REUSEADDR
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error("cannot listen for HTTP on " + options.listen_address + ":" +
                                 std::to_string(options.port) +
                                 " (http.listen_address, http.port): " + error.code().message());
    }
}

// TLS 1.2 at least, with forward secrecy and authenticated encryption (RFC 9325).
std::optional<asio::ssl::context> tls_context(const config::Http& options) {
    if (options.tls_certificate.empty()) return std::nullopt;
    asio::ssl::context context(asio::ssl::context::tls_server);
    ::SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    ::SSL_CTX_set_cipher_list(context.native_handle(), "ECDHE+AESGCM:ECDHE+CHACHA20");
    const auto check = [](const boost::system::error_code& error, const char* key,
                          const std::filesystem::path& file) {
        if (error)
            throw std::runtime_error(std::string(key) + " " + file.string() + ": " + error.message() +
                                     " (a PEM file that we can read is needed)");
    };
    boost::system::error_code error;
    context.use_certificate_chain_file(options.tls_certificate.string(), error);
    check(error, "http.tls_certificate", options.tls_certificate);
    dicom::require_private_key(options.tls_key);
    context.use_private_key_file(options.tls_key.string(), asio::ssl::context::pem, error);
    check(error, "http.tls_key", options.tls_key);
    return context;
}

void refuse_exposure(const config::Http& options) {
    if (asio::ip::make_address(options.listen_address).is_loopback() || !options.tls_certificate.empty())
        return;
    throw std::runtime_error(
        "http.listen_address " + options.listen_address +
        " is beyond the loopback: set http.tls_certificate and http.tls_key, or listen on "
        "127.0.0.1 (and reach it through ssh -L, or a proxy that speaks TLS)");
}

}  // namespace

struct HttpServer::Impl {
    Impl(const config::Http& options, Handler given)
        : tls((refuse_exposure(options), tls_context(options))),
          listener(listen(context, options)),
          heartbeat(context) {
        hall.handler = std::move(given);
        hall.handlers.emplace(kHandlerThreads);
        accept_next();
        beat();
        thread = std::thread([this] { context.run(); });
    }
    ~Impl() {
        context.stop();
        thread.join();
        hall.handlers->stop();
        hall.handlers->join();  // a handler that runs is waited for
        hall.handlers.reset();  // ... and one that does not lets go of its connection
    }

    void accept_next() {
        listener.async_accept([this](const beast::error_code& error, tcp::socket socket) {
            if (error == asio::error::operation_aborted) return;
            if (!error && hall.connections < kMaxConnections) {
                ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
                open(std::move(socket));
            }
            if (error) return pause();
            accept_next();
        });
    }

    // Out of descriptors, most likely: accepting again at once would spin.
    void pause() {
        auto timer = std::make_shared<asio::steady_timer>(context, std::chrono::milliseconds(100));
        timer->async_wait([this, timer](const beast::error_code& cancelled) {
            if (!cancelled) accept_next();
        });
    }

    void open(tcp::socket socket) {
        beast::error_code error;
        const auto peer = socket.remote_endpoint(error);
        if (error) return;
        const std::string address = peer.address().to_string();
        if (tls) {
            open_connection(beast::ssl_stream<beast::tcp_stream>(std::move(socket), *tls), address, hall);
        } else {
            open_connection(beast::tcp_stream(std::move(socket)), address, hall);
        }
    }

    // Tells listeners, and what stands between us and them, that the connection lives; finds those that left.
    void beat() {
        heartbeat.expires_after(kHeartbeat);
        heartbeat.async_wait([this](const beast::error_code& cancelled) {
            if (cancelled) return;
            hall.tell_all(": alive\n\n");
            beat();
        });
    }

    HttpHall hall;
    std::optional<asio::ssl::context> tls;
    asio::io_context context{1};
    tcp::acceptor listener;
    asio::steady_timer heartbeat;
    std::thread thread;
};

HttpServer::HttpServer(const config::Http& options, Handler handler)
    : impl_(std::make_unique<Impl>(options, std::move(handler))) {}

HttpServer::~HttpServer() = default;

int HttpServer::port() const {
    return impl_->listener.local_endpoint().port();
}

void HttpServer::publish(const std::string& event, const std::string& data) {
    asio::post(impl_->context,
               [this, text = "event: " + event + "\ndata: " + data + "\n\n"] { impl_->hall.tell_all(text); });
}

int HttpServer::listeners() const {
    return impl_->hall.listener_count;
}

}  // namespace calcnode::service

#include "service/http_server.h"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>

#include "service/log.h"

namespace calcnode::service {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

constexpr std::chrono::seconds kRequestTimeout{10};
constexpr int kMaxSessions = 64;
constexpr std::size_t kMaxHeader = 8 * 1024;
constexpr std::size_t kMaxBody = 16 * 1024;

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

http::response<http::string_body> respond(const http::request<http::string_body>& request,
                                          const std::function<HttpStatus()>& status) {
    http::response<http::string_body> response{http::status::ok, request.version()};
    response.set(http::field::server, "calcnode/" CALCNODE_VERSION);
    response.set(http::field::cache_control, "no-store");
    response.set(http::field::content_type, "application/json");
    const auto fail = [&](http::status code, const char* name, const char* advice) {
        response.result(code);
        response.body() = nlohmann::json{{"error", name}, {"advice", advice}}.dump() + "\n";
    };
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
        fail(http::status::method_not_allowed, "method_not_allowed", "use GET");
        response.set(http::field::allow, "GET, HEAD");
    } else if (request.target() == "/health/live") {
        response.body() = "{\"status\":\"live\"}\n";
    } else if (request.target() == "/health/ready") {
        const bool ready = status().ready;
        response.result(ready ? http::status::ok : http::status::service_unavailable);
        response.body() = ready ? "{\"status\":\"ready\"}\n" : "{\"status\":\"not ready\"}\n";
    } else if (request.target() == "/api/v1/status") {
        HttpStatus answer = status();
        if (answer.ready) {
            response.body() = std::move(answer.body);
        } else {
            fail(http::status::service_unavailable, "journal_unavailable",
                 "see the log for what the journal said");
        }
    } else {
        fail(http::status::not_found, "not_found", "paths: /health/live, /health/ready, /api/v1/status");
    }
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    if (request.method() == http::verb::head) response.body().clear();
    return response;
}

}  // namespace

struct HttpServer::Session : std::enable_shared_from_this<HttpServer::Session> {
    Session(tcp::socket socket, std::shared_ptr<const std::function<HttpStatus()>> status_source,
            std::shared_ptr<int> count)
        : stream(std::move(socket)), status(std::move(status_source)), sessions(std::move(count)) {
        ++*sessions;
    }
    ~Session() { --*sessions; }

    void read() {
        parser.emplace();
        parser->header_limit(kMaxHeader);
        parser->body_limit(kMaxBody);
        stream.expires_after(kRequestTimeout);
        http::async_read(stream, buffer, *parser,
                         [self = shared_from_this()](beast::error_code error, std::size_t) {
                             if (!error) self->write();
                         });
    }

    void write() {
        response = respond(parser->get(), *status);
        stream.expires_after(kRequestTimeout);
        http::async_write(stream, response,
                          [self = shared_from_this()](beast::error_code error, std::size_t) {
                              if (!error && self->response.keep_alive()) self->read();
                          });
    }

    beast::tcp_stream stream;
    beast::flat_buffer buffer;
    std::optional<http::request_parser<http::string_body>> parser;
    http::response<http::string_body> response;
    std::shared_ptr<const std::function<HttpStatus()>> status;
    std::shared_ptr<int> sessions;
};

HttpServer::HttpServer(asio::io_context& context, const config::Http& options,
                       std::function<HttpStatus()> status)
    : status_(std::make_shared<const std::function<HttpStatus()>>(std::move(status))),
      listener_(listen(context, options)) {
    accept_next();
}

HttpServer::~HttpServer() = default;

void HttpServer::accept_next() {
    listener_.async_accept([this](const beast::error_code& error, tcp::socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (!error && *sessions_ < kMaxSessions) {
            ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
            std::make_shared<Session>(std::move(socket), status_, sessions_)->read();
        }
        accept_next();
    });
}

std::string status_json(const JournalCounts& counts, int associations, int workers) {
    const nlohmann::json body{
        {"version", CALCNODE_VERSION},
        {"associations", associations},
        {"workers", workers},
        {"instances", counts.instances},
        {"variants", counts.variants},
        {"studies", {{"open", counts.studies_open}}},
        {"jobs",
         {{"queued", counts.jobs_queued},
          {"running", counts.jobs_running},
          {"done", counts.jobs_done},
          {"failed", counts.jobs_failed}}},
        {"results", counts.results},
        {"deliveries",
         {{"pending", counts.deliveries_pending},
          {"delivered", counts.deliveries_delivered},
          {"dead", counts.deliveries_dead}}},
        {"commitments",
         {{"pending", counts.commitments_pending},
          {"committed", counts.commitments_committed},
          {"failed", counts.commitments_failed}}},
        {"commitment_reports",
         {{"pending", counts.commitment_reports_pending},
          {"reported", counts.commitment_reports_reported},
          {"unreported", counts.commitment_reports_unreported}}},
    };
    return body.dump() + "\n";
}

}  // namespace calcnode::service

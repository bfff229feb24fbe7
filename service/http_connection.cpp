#include "service/http_connection.h"

#include <exception>

#include "service/log.h"

namespace calcnode::service {

namespace http = boost::beast::http;

namespace {

// Nothing but our own files, and pictures that our own scripts made: no other host, no inline script or
// style.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

http::response<http::string_body> finished_response(const HttpRequest& request, HttpResponse&& answer,
                                                    unsigned version, bool keep_alive) {
    http::response<http::string_body> response{static_cast<http::status>(answer.status), version};
    response.set(http::field::server, "calcnode/" CALCNODE_VERSION);
    response.set(http::field::content_type, answer.content_type);
    response.set(http::field::cache_control, "no-store");
    response.set("Content-Security-Policy", kContentSecurityPolicy);
    response.set("X-Content-Type-Options", "nosniff");
    response.set("X-Frame-Options", "DENY");
    response.set("Referrer-Policy", "no-referrer");
    response.set("Cross-Origin-Resource-Policy", "same-origin");
    for (const auto& [name, value] : answer.headers)
        response.set(name, value);
    response.keep_alive(keep_alive);
    response.body() = std::move(answer.body);
    if (answer.stream) {
        response.set(http::field::connection, "close");  // no length: the connection's end is the body's
        return response;
    }
    response.prepare_payload();
    if (request.method == "HEAD") response.body().clear();
    return response;
}

HttpResponse answer_of(const HttpServer::Handler& handler, const HttpRequest& request) {
    try {
        return handler(request);
    } catch (const std::exception& error) {
        log_error("http_failed",
                  {{"method", request.method}, {"path", request.path}, {"error", error.what()}});
        return {.status = 500,
                .content_type = "application/json",
                .body =
                    "{\"error\":\"internal\",\"message\":\"the request failed\",\"advice\":\"see the event "
                    "http_failed in the log\"}\n",
                .headers = {}};
    }
}

HttpResponse bad_target() {
    return {.status = 400,
            .content_type = "application/json",
            .body =
                "{\"error\":\"bad_request\",\"message\":\"the address cannot be read\",\"advice\":\"escape "
                "special characters as %XX\"}\n",
            .headers = {}};
}

}  // namespace calcnode::service

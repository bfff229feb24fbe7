// One HTTP connection, over any stream: request, handler, response, and again; or a stream of events.
// Internal to http_server. Lives on the server's thread; only the handler runs elsewhere.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "service/http_message.h"
#include "service/http_server.h"

namespace calcnode::service {

inline constexpr std::chrono::seconds kRequestTimeout{10};  // to send a whole request, or to take a response
inline constexpr std::chrono::seconds kHandlerTimeout{150};
inline constexpr std::size_t kMaxConnections = 64;
inline constexpr std::size_t kMaxListeners = 16;
inline constexpr std::size_t kMaxHeader = 16 * 1024;
inline constexpr std::size_t kMaxBody = 256 * 1024;
inline constexpr std::size_t kMaxUnsentEvents = 100;
inline constexpr std::size_t kHandlerThreads = 4;

class HttpListener {
  public:
    virtual ~HttpListener() = default;
    virtual void tell(const std::string& text) = 0;
};

/// What all connections share. Outlives them; a listener is held by its own waiting for the peer's end.
struct HttpHall {
    HttpServer::Handler handler;
    std::optional<boost::asio::thread_pool> handlers;
    std::size_t connections = 0;
    std::set<HttpListener*> listening;
    std::atomic<int> listener_count{0};

    void tell_all(const std::string& text) {
        for (HttpListener* listener : std::set<HttpListener*>(listening))
            listener->tell(text);
    }
};

/// The response with what every one carries: length, caching and what browsers must not do with it.
boost::beast::http::response<boost::beast::http::string_body> finished_response(const HttpRequest& request,
                                                                                HttpResponse&& answer,
                                                                                unsigned version,
                                                                                bool keep_alive);

/// Never throws: a handler's exception becomes a 500.
HttpResponse answer_of(const HttpServer::Handler& handler, const HttpRequest& request);

HttpResponse bad_target();

template <class Stream>
class HttpConnection : public HttpListener, public std::enable_shared_from_this<HttpConnection<Stream>> {
    using Request = boost::beast::http::request_parser<boost::beast::http::string_body>;
    using Error = boost::beast::error_code;

  public:
    HttpConnection(Stream stream, std::string peer, HttpHall& hall)
        : stream_(std::move(stream)), peer_(std::move(peer)), hall_(hall) {
        ++hall_.connections;
    }
    ~HttpConnection() override {
        --hall_.connections;
        stop_listening();
    }

    void start() {
        if constexpr (std::is_same_v<Stream, boost::beast::tcp_stream>) {
            read();
        } else {
            expire_after(kRequestTimeout);
            stream_.async_handshake(boost::asio::ssl::stream_base::server,
                                    [self = this->shared_from_this()](const Error& error) {
                                        if (!error) self->read();
                                    });
        }
    }

    void tell(const std::string& text) override {
        if (unsent_.size() >= kMaxUnsentEvents) {  // it comes back and looks anew
            stop_listening();
            boost::beast::get_lowest_layer(stream_).close();
            return;
        }
        unsent_.push_back(text);
        if (unsent_.size() == 1) send_event();
    }

  private:
    void expire_after(std::chrono::seconds time) {
        boost::beast::get_lowest_layer(stream_).expires_after(time);
    }

    void read() {
        parser_.emplace();
        parser_->header_limit(kMaxHeader);
        parser_->body_limit(kMaxBody);
        expire_after(kRequestTimeout);
        boost::beast::http::async_read(stream_, buffer_, *parser_,
                                       [self = this->shared_from_this()](const Error& error, std::size_t) {
                                           if (!error) self->handle();
                                       });
    }

    void handle() {
        const auto& message = parser_->get();
        request_ = {};
        request_.method = std::string(message.method_string());
        request_.peer = peer_;
        request_.body = message.body();
        for (const auto& field : message) {
            std::string name(field.name_string());
            for (char& c : name)
                c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            request_.headers[name] = std::string(field.value());
        }
        const boost::beast::string_view target = message.target();
        if (!parse_target({target.data(), target.size()}, request_)) return write(bad_target());
        expire_after(kHandlerTimeout);
        boost::asio::post(*hall_.handlers, [self = this->shared_from_this()] {
            auto answer = std::make_shared<HttpResponse>(answer_of(self->hall_.handler, self->request_));
            boost::asio::post(self->stream_.get_executor(),
                              [self, answer] { self->write(std::move(*answer)); });
        });
    }

    void write(HttpResponse answer) {
        const bool stream = answer.stream && hall_.listening.size() < kMaxListeners;
        if (answer.stream && !stream) {
            answer = {.status = 503,
                      .content_type = "application/json",
                      .body =
                          "{\"error\":\"busy\",\"advice\":\"too "
                          "many pages listen for events; ask again later\"}\n",
                      .headers = {{"Retry-After", "30"}}};
        }
        response_ = finished_response(request_, std::move(answer), parser_->get().version(),
                                      parser_->get().keep_alive() && !stream);
        expire_after(kRequestTimeout);
        boost::beast::http::async_write(
            stream_, response_, [self = this->shared_from_this(), stream](const Error& error, std::size_t) {
                if (error) return;
                if (stream) return self->listen();
                if (self->response_.keep_alive()) self->read();
            });
    }

    // The response had no length: its body ends with the connection.
    void listen() {
        hall_.listening.insert(this);
        ++hall_.listener_count;
        boost::beast::get_lowest_layer(stream_).expires_never();
        watch_end();
    }

    // A listener says nothing more: whatever comes from it, its end above all, ends it.
    void watch_end() {
        stream_.async_read_some(boost::asio::buffer(&ignored_, 1),
                                [self = this->shared_from_this()](const Error&, std::size_t) {
                                    self->stop_listening();
                                    boost::beast::get_lowest_layer(self->stream_).close();
                                });
    }

    void send_event() {
        boost::asio::async_write(stream_, boost::asio::buffer(unsent_.front()),
                                 [self = this->shared_from_this()](const Error& error, std::size_t) {
                                     if (error) return self->stop_listening();
                                     self->unsent_.pop_front();
                                     if (!self->unsent_.empty()) self->send_event();
                                 });
    }

    void stop_listening() {
        if (hall_.listening.erase(this) > 0) --hall_.listener_count;
    }

    Stream stream_;
    std::string peer_;
    HttpHall& hall_;
    boost::beast::flat_buffer buffer_;
    std::optional<Request> parser_;
    HttpRequest request_;
    boost::beast::http::response<boost::beast::http::string_body> response_;
    std::deque<std::string> unsent_;  // events; the first is on its way
    char ignored_ = 0;
};

template <class Stream>
void open_connection(Stream stream, const std::string& peer, HttpHall& hall) {
    std::make_shared<HttpConnection<Stream>>(std::move(stream), peer, hall)->start();
}

}  // namespace calcnode::service

#include "service/http_server.h"

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace calcnode::service {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

HttpResponse echo_request(const HttpRequest& request) {
    if (request.path == "/throws") throw std::runtime_error("a secret");
    if (request.path == "/events") return {.content_type = "text/event-stream", .body = "\n", .stream = true};
    return {.content_type = "text/plain",
            .body = request.method + " " + request.path + " " + request.parameter("q")};
}

// A server on a free port of the loopback; asked over real sockets.
class HttpServerTest : public testing::Test {
  protected:
    asio::ip::tcp::socket connect() {
        asio::ip::tcp::socket socket(client_);
        socket.connect({asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(server_.port())});
        return socket;
    }

    http::response<http::string_body> ask(http::verb method, const std::string& target) {
        auto socket = connect();
        http::request<http::string_body> request{method, target, 11};
        request.set(http::field::host, "localhost");
        http::write(socket, request);
        boost::beast::flat_buffer buffer;
        http::response_parser<http::string_body> parser;
        if (method == http::verb::head) parser.skip(true);
        http::read(socket, buffer, parser);
        return parser.release();
    }

    asio::io_context client_;
    HttpServer server_{{.listen_address = "127.0.0.1", .port = 0}, echo_request};
};

TEST_F(HttpServerTest, HandsTheDecodedRequestOver) {
    EXPECT_EQ(ask(http::verb::get, "/a%20b?q=c%26d&x=1").body(), "GET /a b c&d");
    EXPECT_EQ(ask(http::verb::post, "/").body(), "POST / ");
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
    const auto response = ask(http::verb::head, "/abc");
    EXPECT_EQ(response[http::field::content_length], "10");  // "HEAD /abc "
    EXPECT_EQ(response.body(), "");
}

TEST_F(HttpServerTest, RefusesATargetThatCannotBeRead) {
    EXPECT_EQ(ask(http::verb::get, "/%zz").result_int(), 400u);
    EXPECT_EQ(ask(http::verb::get, "/%00").result_int(), 400u);
    EXPECT_EQ(ask(http::verb::get, "/a?q=%2").result_int(), 400u);
}

TEST_F(HttpServerTest, AHandlersExceptionIsA500WithoutItsReason) {
    const auto response = ask(http::verb::get, "/throws");
    EXPECT_EQ(response.result_int(), 500u);
    EXPECT_THAT(response.body(), testing::Not(testing::HasSubstr("secret")));
}

TEST_F(HttpServerTest, EveryResponseForbidsScriptsThatAreNotOurs) {
    const auto response = ask(http::verb::get, "/");
    EXPECT_THAT(std::string(response["Content-Security-Policy"]), testing::HasSubstr("default-src 'none'"));
    EXPECT_THAT(std::string(response["Content-Security-Policy"]), testing::Not(testing::HasSubstr("unsafe")));
    EXPECT_EQ(response["X-Content-Type-Options"], "nosniff");
}

TEST_F(HttpServerTest, GarbageEndsOnlyItsOwnConnection) {
    auto socket = connect();
    asio::write(socket, asio::buffer(std::string(40'000, 'x')));
    std::string rest;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(rest), end);
    EXPECT_TRUE(end);
    EXPECT_EQ(ask(http::verb::get, "/").result_int(), 200u);
}

TEST_F(HttpServerTest, ListenersGetEventsUntilTheyLeave) {
    auto socket = connect();
    asio::write(socket, asio::buffer(std::string("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")));
    std::string text;
    asio::read_until(socket, asio::dynamic_buffer(text), "\r\n\r\n\n");
    while (server_.listeners() == 0)
        std::this_thread::yield();
    server_.publish("changed", "{}");
    asio::read_until(socket, asio::dynamic_buffer(text), "event: changed\ndata: {}\n\n");
    socket.close();
    while (server_.listeners() == 1)
        std::this_thread::yield();
}

TEST_F(HttpServerTest, MoreListenersThanThereIsRoomForAreTurnedAway) {
    std::vector<asio::ip::tcp::socket> sockets;
    std::string text;
    for (int i = 0; i < 20; ++i) {
        auto& socket = sockets.emplace_back(connect());
        asio::write(socket, asio::buffer(std::string("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")));
        text.clear();
        asio::read_until(socket, asio::dynamic_buffer(text), "\r\n\r\n");
    }
    EXPECT_THAT(text, testing::HasSubstr("503"));
    EXPECT_EQ(server_.listeners(), 16);
}

TEST(HttpServer, ListensBeyondTheLoopbackOnlyWithTls) {
    try {
        HttpServer({.listen_address = "0.0.0.0", .port = 0}, echo_request);
        FAIL() << "it listens";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("http.tls_certificate"));
    }
}

TEST(HttpServer, NamesTheKeyOfAFileThatIsNoCertificate) {
    try {
        HttpServer({.listen_address = "127.0.0.1",
                    .port = 0,
                    .tls_certificate = "/nowhere.pem",
                    .tls_key = "/nowhere.key"},
                   echo_request);
        FAIL() << "it listens";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("http.tls_certificate /nowhere.pem"));
    }
}

}  // namespace
}  // namespace calcnode::service

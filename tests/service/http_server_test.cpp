#include "service/http_server.h"

#include <string>
#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace calcnode::service {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

// A server on a free port of the loopback, on a thread of its own; asked over real sockets.
class HttpServerTest : public testing::Test {
  protected:
    HttpServerTest()
        : server_(context_, {.listen_address = "127.0.0.1", .port = 0}, [this] { return status_; }),
          thread_([this] { context_.run(); }) {}
    ~HttpServerTest() override {
        context_.stop();
        thread_.join();
    }

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

    HttpStatus status_{true, status_json({.instances = 4, .jobs_done = 1}, 2, 1)};
    asio::io_context context_;
    asio::io_context client_;
    HttpServer server_;
    std::thread thread_;
};

TEST_F(HttpServerTest, SaysThatItLives) {
    EXPECT_EQ(ask(http::verb::get, "/health/live").result_int(), 200u);
}

TEST_F(HttpServerTest, ReadyFollowsTheJournal) {
    EXPECT_EQ(ask(http::verb::get, "/health/ready").result_int(), 200u);
    status_ = {};
    EXPECT_EQ(ask(http::verb::get, "/health/ready").result_int(), 503u);
    EXPECT_EQ(ask(http::verb::get, "/api/v1/status").result_int(), 503u);
    EXPECT_EQ(ask(http::verb::get, "/health/live").result_int(), 200u);
}

TEST_F(HttpServerTest, StatusIsJson) {
    const auto body = nlohmann::json::parse(ask(http::verb::get, "/api/v1/status").body());
    EXPECT_EQ(body["instances"], 4);
    EXPECT_EQ(body["jobs"]["done"], 1);
    EXPECT_EQ(body["associations"], 2);
}

TEST_F(HttpServerTest, RefusesWhatItDoesNotServe) {
    EXPECT_EQ(ask(http::verb::get, "/../etc/passwd").result_int(), 404u);
    EXPECT_EQ(ask(http::verb::post, "/health/live").result_int(), 405u);
    EXPECT_EQ(ask(http::verb::head, "/health/live").result_int(), 200u);
}

TEST_F(HttpServerTest, GarbageEndsOnlyItsOwnConnection) {
    auto socket = connect();
    asio::write(socket, asio::buffer(std::string(20'000, 'x')));
    std::string rest;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(rest), end);
    EXPECT_TRUE(end);
    EXPECT_EQ(ask(http::verb::get, "/health/live").result_int(), 200u);
}

}  // namespace
}  // namespace calcnode::service

// A peer that a test scripts PDU by PDU, for the tests of the requestor.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "dicom/associate_items.h"
#include "dicom/command_set.h"
#include "dicom/dimse_pdu.h"
#include "tests/dicom/test_node.h"

namespace calcnode::dicom::testing {

/// A peer that accepts an association by hand and then does what a test wants.
class FakePacs {
  public:
    using Script = std::function<void(FakePacs&)>;
    explicit FakePacs(Script script) : thread_([this, script = std::move(script)] { script(*this); }) {}
    ~FakePacs() { thread_.join(); }
    int port() const { return listener_.port(); }

    /// Reads the request and accepts those contexts, with these syntaxes; refuses none expressly.
    void accept(const std::map<std::uint8_t, std::string>& contexts) {
        std::unique_ptr<DimseSocket> socket = take_request();
        std::string items;
        for (const auto& [id, syntax] : contexts) {
            std::string value{static_cast<char>(id), '\0', '\0', '\0'};
            items += item(0x21, value + item(0x40, syntax));
        }
        const std::string body =
            std::string(68, '\0') + items + item(0x50, item(0x51, std::string("\0\0\x40\0", 4)));
        write(*socket, std::string("\x02\0\0\0", 4) + static_cast<char>(body.size() >> 8) +
                           static_cast<char>(body.size() & 0xFF) + body);
        connection =
            std::make_unique<DimseConnection>(std::move(socket), DimseConnection::PduLengths{131072, 16384});
    }

    /// Reads the A-ASSOCIATE-RQ off the next connection.
    std::unique_ptr<DimseSocket> take_request() {
        const auto now = std::chrono::steady_clock::now();
        auto socket = std::make_unique<DimseSocket>(
            listener_.accept(),
            SocketLimits{std::chrono::seconds(10), now + std::chrono::seconds(30), nullptr});
        std::array<unsigned char, kPduHeaderLength> header;
        socket->read(header);
        std::vector<unsigned char> body(read_big_endian(header, 2, 4));
        socket->read(body);
        return socket;
    }

    /// Takes a C-STORE; returns its command, with the data set in `data`.
    CommandSet take_store(std::string& data) {
        Pdv pdv;
        EXPECT_EQ(connection->next(pdv), PduEvent::data);
        std::string why;
        const auto command = parse_command_set(pdv.data, why);
        EXPECT_TRUE(command) << why;
        context = pdv.context_id;
        do {
            EXPECT_EQ(connection->next(pdv), PduEvent::data);
            data.append(pdv.data.begin(), pdv.data.end());
        } while (!pdv.is_last);
        return *command;
    }

    void answer(const CommandSet& request, std::uint16_t status) {
        CommandSet response;
        response.command_field = request.command_field | kResponseBit;
        response.message_id_responded_to = request.message_id;
        response.status = status;
        const auto bytes = encode_command_set(response);
        connection->send({context, true, true, bytes});
    }

    void finish_release() {
        Pdv pdv;
        EXPECT_EQ(connection->next(pdv), PduEvent::release_request);
        connection->send_release_reply();
    }

    static void write(DimseSocket& socket, const std::string& bytes) {
        socket.write({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
    }

    std::unique_ptr<DimseConnection> connection;
    std::uint8_t context = 0;

  private:
    static std::string item(char type, const std::string& value) {
        return std::string{type, '\0', static_cast<char>(value.size() >> 8),
                           static_cast<char>(value.size() & 0xFF)} +
               value;
    }
    Listener listener_;
    std::thread thread_;
};

}  // namespace calcnode::dicom::testing

// What peers do wrong, and how an association ends.
#include <future>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dicom/association_server.h"
#include "dicom/uid.h"
#include "tests/dicom/test_node.h"

namespace calcnode::dicom {
namespace {

using testing::RawPeer;
using testing::TestNode;
using testing::usual_contexts;

StoreAnswer take(const StoreRequest&, DatasetStream& stream) {
    testing::read_all(stream);
    return {};
}

class AssociationTroubleTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { testing::start_library(); }
};

TEST_F(AssociationTroubleTest, RefusesIllegalInstanceUids) {
    TestNode node({}, take);
    RawPeer peer(node.port(), usual_contexts());
    for (const std::string& uid : {std::string(), std::string("../../etc/passwd"), std::string("1.02.3"),
                                   "1." + std::string(63, '2')}) {
        const auto response = peer.store("data", uid);
        ASSERT_TRUE(response) << uid;
        EXPECT_EQ(response->status, 0x0117) << uid;
        EXPECT_TRUE(response->affected_sop_instance.empty());
    }
    EXPECT_EQ(peer.store("data")->status, 0);
}

TEST_F(AssociationTroubleTest, RefusesWhatIsTooLargeAndGoesOn) {
    AssociationPolicy policy;
    policy.max_object_bytes = 100000;
    std::optional<ErrorCode> seen;
    TestNode node(policy, [&](const StoreRequest&, DatasetStream& stream) {
        try {
            testing::read_all(stream);
        } catch (const Error& error) {
            seen = error.code();  // even a StoreFunction that calls it success
        }
        return StoreAnswer{};
    });
    RawPeer peer(node.port(), usual_contexts());
    EXPECT_EQ(peer.store(std::string(100000, 'x'))->status, 0);
    EXPECT_FALSE(seen);
    const auto response = peer.store(std::string(100002, 'x'));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 0xA700);
    EXPECT_EQ(response->error_comment, "object over 100000 bytes");
    EXPECT_EQ(seen, ErrorCode::too_large);
    EXPECT_EQ(peer.store("small")->status, 0);
    peer.connection().send_release_request();
    peer.hang_up();
    const AssociationOutcome outcome = node.outcome();
    EXPECT_EQ(outcome.stored, 2u);
    EXPECT_EQ(outcome.refused, 1u);
}

TEST_F(AssociationTroubleTest, DoesNotAcknowledgeAnObjectThatBreaksOff) {
    for (const bool swallow : {false, true}) {
        std::promise<ErrorCode> seen;
        TestNode node({}, [&](const StoreRequest&, DatasetStream& stream) {
            try {
                testing::read_all(stream);
            } catch (const Error& error) {
                seen.set_value(error.code());
                if (!swallow) throw;
            }
            return StoreAnswer{};
        });
        {
            RawPeer peer(node.port(), usual_contexts());
            peer.send_command(3, testing::store_command(kMammographyForPresentation, "1.2.3"));
            peer.send_data(3, std::string(50000, 'x'), false);
        }
        EXPECT_EQ(seen.get_future().get(), ErrorCode::network_error);
        const AssociationOutcome outcome = node.outcome();
        EXPECT_EQ(outcome.stored, 0u);
        EXPECT_EQ(outcome.end.substr(0, 6), "error:") << outcome.end;
    }
}

TEST_F(AssociationTroubleTest, SurvivesNestedSequencesInACommand) {
    TestNode node({}, take);
    std::string attack(12, '\0');  // (0000,0000), then 30,000 opened sequences
    attack[4] = 4;
    const std::string open("\x08\x00\x40\x11\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF", 16);
    for (int i = 0; i < 30000; ++i)
        attack += open;
    const std::span<const unsigned char> bytes(reinterpret_cast<const unsigned char*>(attack.data()),
                                               attack.size());
    {
        RawPeer peer(node.port(), usual_contexts());
        try {
            peer.connection().send({1, true, true, bytes});
        } catch (const Error&) {  // cut off before it could say it all
        }
        peer.hang_up();
        EXPECT_EQ(node.outcome().end, "error: protocol error: command set too long");
    }
    RawPeer small(node.port(), usual_contexts());
    small.connection().send({1, true, true, bytes.first(12 + 16 * 20)});
    EXPECT_TRUE(small.is_aborted());
    EXPECT_EQ(node.outcome().end, "error: protocol error: element outside group 0000 in a command set");
    RawPeer peer(node.port(), usual_contexts());
    EXPECT_EQ(peer.store("data")->status, 0);
}

TEST_F(AssociationTroubleTest, AbortsOnWhatPs38DoesNotAllow) {
    TestNode node({}, take);
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {std::string("\x09\0\0\0\0\4\0\0\0\0", 10), "unexpected PDU type"},
        {std::string("\x04\0\x7F\xFF\xFF\xFF", 6), "PDU longer than negotiated"},
        {std::string("\x04\0\0\0\0\3\0\0\0", 9), "truncated PDV"},
        {std::string("\x04\0\0\0\0\6\0\0\0\1\3\3", 12), "PDV length outside its PDU"},
        {std::string("\x04\0\0\0\0\6\xFF\xFF\xFF\xFF\3\3", 12), "PDV length outside its PDU"},
        {std::string("\x04\0\0\0\0\6\0\0\0\2\3\2", 12), "a data set without a command"},
        {std::string("\x06\0\0\0\0\4\0\0\0\0", 10), "unexpected release reply"},
        {std::string("\x05\0\0\0\0\5\0\0\0\0\0", 11), "wrong length of a release or abort PDU"},
    };
    for (const auto& [bytes, why] : wrong) {
        RawPeer peer(node.port(), usual_contexts());
        peer.socket().write({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
        EXPECT_TRUE(peer.is_aborted()) << why;
        EXPECT_EQ(node.outcome().end, "error: protocol error: " + why);
    }
}

TEST_F(AssociationTroubleTest, AbortsOnAContextThatWasNotAccepted) {
    TestNode node({}, take);
    RawPeer peer(node.port(), usual_contexts());
    peer.send_command(7, testing::store_command(kMammographyForPresentation, "1.2.3"));
    EXPECT_TRUE(peer.is_aborted());
    EXPECT_EQ(node.outcome().end, "error: protocol error: a presentation context that was not accepted");
}

TEST_F(AssociationTroubleTest, StopEndsAnIdleAssociationWithinASecond) {
    TestNode node({}, take);
    RawPeer peer(node.port(), usual_contexts());
    EXPECT_EQ(peer.store("data")->status, 0);
    const auto start = std::chrono::steady_clock::now();
    node.stop = true;
    EXPECT_TRUE(peer.is_aborted());
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
    EXPECT_EQ(node.outcome().end, "stopped");
}

TEST_F(AssociationTroubleTest, StopLetsTheCommandFinish) {
    std::promise<void> begun;
    TestNode node({}, [&](const StoreRequest&, DatasetStream& stream) {
        (void)stream.next();
        begun.set_value();
        testing::read_all(stream);
        return StoreAnswer{};
    });
    RawPeer peer(node.port(), usual_contexts());
    peer.send_command(3, testing::store_command(kMammographyForPresentation, "1.2.3"));
    peer.send_data(3, "first", false);
    begun.get_future().get();
    node.stop = true;
    peer.send_data(3, "second");
    EXPECT_EQ(peer.response()->status, 0);
    EXPECT_TRUE(peer.is_aborted());
    const AssociationOutcome outcome = node.outcome();
    EXPECT_EQ(outcome.stored, 1u);
    EXPECT_EQ(outcome.end, "stopped");
}

TEST_F(AssociationTroubleTest, EndsSilentAssociations) {
    AssociationPolicy policy;
    policy.idle_timeout = std::chrono::seconds(1);
    TestNode node(policy, take);
    RawPeer idle(node.port(), usual_contexts());
    RawPeer stalled(node.port(), usual_contexts());
    stalled.send_command(3, testing::store_command(kMammographyForPresentation, "1.2.3"));
    stalled.send_data(3, "first", false);
    EXPECT_TRUE(idle.is_aborted());
    EXPECT_TRUE(stalled.is_aborted());
    EXPECT_EQ(node.outcome().end, "error: time-out: the peer was silent for 1 s");
    EXPECT_EQ(node.outcome().end, "error: time-out: the peer was silent for 1 s");
}

TEST_F(AssociationTroubleTest, EndsAssociationsThatTakeTooLong) {
    AssociationPolicy policy;
    policy.total_timeout = std::chrono::seconds(1);
    TestNode node(policy, take);
    RawPeer peer(node.port(), usual_contexts());
    while (const auto response = peer.store("data"))
        EXPECT_EQ(response->status, 0);
    peer.hang_up();
    EXPECT_EQ(node.outcome().end, "error: the association took too long");
}

TEST_F(AssociationTroubleTest, EndsWithAPeerThatSaysNoWholeRequest) {
    const std::vector<std::pair<std::string, std::string>> openings = {
        {std::string("\1\0\0\0", 4), "error: the peer closed the connection"},
        {std::string("\1\0\0\0\0\x44", 6), "error: the peer closed the connection"},
        {"GET / HTTP/1.1\r\n\r\n", "error: protocol error: no A-ASSOCIATE-RQ"},
        {std::string("\1\0\xFF\xFF\xFF\xFF", 6), "error: protocol error: no A-ASSOCIATE-RQ"},
        {std::string("\1\0\0\0\0\1\0", 7), "error: protocol error: malformed A-ASSOCIATE-RQ"},
    };
    for (const auto& [bytes, end] : openings) {
        int pair[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        ASSERT_EQ(::write(pair[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
        ::close(pair[1]);
        const std::atomic<bool> stop{false};
        EXPECT_EQ(AssociationServer::serve(pair[0], "10.0.0.1", {}, {take}, stop).end, end);
    }
}

// Every way out of serve() gives its descriptors back; a reset right after the request is the nasty one,
// because DCMTK then fails before it has taken the socket over.
TEST_F(AssociationTroubleTest, KeepsNoDescriptors) {
    AssociationPolicy policy;
    policy.called_ae_titles = {"CALCNODE"};
    testing::Listener listener;
    const std::atomic<bool> stop{false};
    const auto serve_one = [&] {
        const int fd = listener.accept();
        if (testing::await_request(fd)) {
            (void)AssociationServer::serve(fd, "127.0.0.1", policy, {take}, stop);
        } else {
            ::close(fd);
        }
    };
    const auto round = [&](int kind) {
        if (kind == 0) {  // request, then reset
            const int fd = connect_to_peer("127.0.0.1", listener.port(), std::chrono::seconds(5));
            const auto request = encode_associate_request({"TESTS", "CALCNODE", 16384, usual_contexts()});
            ASSERT_EQ(::write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
            const linger reset{1, 0};
            ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            ::close(fd);
            serve_one();
            return;
        }
        std::thread serving(serve_one);
        {
            RawPeer peer(listener.port(), usual_contexts(), kind == 1 ? "ELSE" : "CALCNODE");
            if (kind == 2) peer.send_command(3, testing::store_command(kMammographyForPresentation, "1.2.3"));
            if (kind == 3) {
                EXPECT_EQ(peer.store("data")->status, 0);
                peer.connection().send_release_request();
                Pdv pdv;
                EXPECT_EQ(peer.connection().next(pdv), PduEvent::release_reply);
            }
        }
        serving.join();
    };
    for (int kind = 0; kind < 4; ++kind)
        round(kind);
    const int before = testing::open_descriptors();
    for (int i = 0; i < 200; ++i)
        round(i % 4);
    EXPECT_EQ(testing::open_descriptors(), before);
}

}  // namespace
}  // namespace calcnode::dicom

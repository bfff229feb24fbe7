#include "dicom/association_server.h"

#include <future>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcwcache.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dicom/associate_items.h"
#include "dicom/uid.h"
#include "tests/dicom/dcmtk_scu.h"
#include "tests/dicom/test_node.h"

namespace calcnode::dicom {
namespace {

using testing::RawPeer;
using testing::Scu;
using testing::TestNode;
using testing::usual_contexts;

StoreAnswer take(const StoreRequest&, DatasetStream& stream) {
    testing::read_all(stream);
    return {};
}

class AssociationServerTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { testing::start_library(); }
};

DcmDataset small_dataset() {
    DcmDataset dataset;
    dataset.putAndInsertString(DCM_SOPClassUID, kMammographyForPresentation);
    dataset.putAndInsertString(DCM_SOPInstanceUID, "1.2.826.0.1.77");
    dataset.putAndInsertString(DCM_PatientID, "X1");
    const std::vector<Uint16> pixels(100000, 0x0203);  // more than a PDU
    dataset.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size());
    return dataset;
}

std::string encoded(DcmDataset& dataset) {
    std::string bytes(1 << 20, '\0');
    DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    DcmWriteCache cache;
    dataset.transferInit();
    EXPECT_TRUE(dataset.write(stream, EXS_LittleEndianExplicit, EET_ExplicitLength, &cache).good());
    dataset.transferEnd();
    void* data = nullptr;
    offile_off_t size = 0;
    stream.flushBuffer(data, size);
    return bytes.substr(0, static_cast<std::size_t>(size));
}

TEST_F(AssociationServerTest, AnswersEcho) {
    TestNode node({}, take);
    Scu scu(node.port());
    scu.offer(kVerification, {kImplicitLittleEndian});
    ASSERT_TRUE(scu.associate().good());
    EXPECT_TRUE(scu.sendECHORequest(0).good());
    EXPECT_TRUE(scu.releaseAssociation().good());
    const AssociationOutcome outcome = node.outcome();
    EXPECT_EQ(outcome.end, "released");
    EXPECT_FALSE(outcome.rejected);
}

TEST_F(AssociationServerTest, HandsOnADataSetByteByByte) {
    std::string received;
    StoreRequest request;
    TestNode node({}, [&](const StoreRequest& asked, DatasetStream& stream) {
        request = asked;
        received = testing::read_all(stream);
        return StoreAnswer{};
    });
    Scu scu(node.port());
    scu.offer(kMammographyForPresentation, {kExplicitLittleEndian});
    ASSERT_TRUE(scu.associate().good());
    DcmDataset dataset = small_dataset();
    const std::string sent = encoded(dataset);
    Uint16 status = 0xFFFF;
    ASSERT_TRUE(scu.sendSTORERequest(scu.context(), "", &dataset, status).good());
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(scu.releaseAssociation().good());
    const AssociationOutcome outcome = node.outcome();
    EXPECT_EQ(outcome.stored, 1u);
    EXPECT_EQ(outcome.bytes, sent.size());
    EXPECT_EQ(received, sent);
    EXPECT_EQ(request.sop_class_uid, kMammographyForPresentation);
    EXPECT_EQ(request.sop_instance_uid, "1.2.826.0.1.77");
    EXPECT_EQ(request.transfer_syntax_uid, kExplicitLittleEndian);
    EXPECT_EQ(request.peer.calling_ae_title, "MODALITY");
    EXPECT_EQ(request.peer.called_ae_title, "CALCNODE");
    EXPECT_EQ(request.peer.address, "127.0.0.1");
}

TEST_F(AssociationServerTest, ChoosesTheBestSyntaxOfThoseProposed) {
    AssociationPolicy policy;
    policy.other_storage_classes = {kComprehensive3dSr};
    TestNode node(policy, take);
    Scu scu(node.port());
    scu.offer(kMammographyForPresentation,
              {kImplicitLittleEndian, kJpegBaseline, kJpegLsLossless, kJpegLosslessSv1});
    scu.offer(kMammographyForProcessing, {kImplicitLittleEndian, kExplicitLittleEndian});
    scu.offer(kVerification, {kExplicitBigEndian});
    scu.offer(kComprehensive3dSr, {kJpeg2000, kImplicitLittleEndian});
    scu.offer(kSegmentationStorage, {kExplicitLittleEndian});  // not in the policy
    ASSERT_TRUE(scu.associate().good());
    EXPECT_EQ(scu.accepted_syntax(kMammographyForPresentation), kJpegLosslessSv1);
    EXPECT_EQ(scu.accepted_syntax(kMammographyForProcessing), kExplicitLittleEndian);
    EXPECT_EQ(scu.accepted_syntax(kVerification), kExplicitBigEndian);
    EXPECT_EQ(scu.accepted_syntax(kComprehensive3dSr), kImplicitLittleEndian);
    EXPECT_EQ(scu.accepted_syntax(kSegmentationStorage), "");
    scu.releaseAssociation();
}

TEST_F(AssociationServerTest, RefusesUnknownTransferSyntaxesOfAKnownClass) {
    TestNode node({}, take);
    RawPeer peer(node.port(), {{1, kMammographyForPresentation, {"1.2.840.10008.1.2.4.100"}}});
    EXPECT_EQ(peer.reply().kind, AssociateReply::Kind::accepted);
    EXPECT_TRUE(peer.reply().contexts.empty());
}

TEST_F(AssociationServerTest, RejectsUnknownAeTitles) {
    AssociationPolicy policy;
    policy.called_ae_titles = {"CALCNODE"};
    policy.calling_ae_titles = {"MODALITY"};
    TestNode node(policy, take);
    RawPeer wrong_called(node.port(), usual_contexts(), "ELSE", "MODALITY");
    EXPECT_EQ(wrong_called.reply().text, "association rejected (permanent): called AE title not recognised");
    wrong_called.hang_up();
    EXPECT_EQ(node.outcome().end, "rejected: called AE title");
    RawPeer wrong_calling(node.port(), usual_contexts(), "CALCNODE", "STRANGER");
    EXPECT_EQ(wrong_calling.reply().text,
              "association rejected (permanent): calling AE title not recognised");
    wrong_calling.hang_up();
    const AssociationOutcome outcome = node.outcome();
    EXPECT_EQ(outcome.end, "rejected: calling AE title");
    EXPECT_TRUE(outcome.rejected);
    Scu right(node.port());
    right.offer(kVerification, {kImplicitLittleEndian});
    EXPECT_TRUE(right.associate().good());
    right.releaseAssociation();
}

TEST_F(AssociationServerTest, RefusesAClassThatIsNotTheContexts) {
    bool called = false;
    TestNode node({}, [&](const StoreRequest&, DatasetStream&) {
        called = true;
        return StoreAnswer{};
    });
    RawPeer peer(node.port(), usual_contexts());
    peer.send_command(3, testing::store_command(kMammographyForProcessing, "1.2.3"));
    peer.send_data(3, std::string(50000, 'x'));
    const auto response = peer.response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 0xA900);
    EXPECT_EQ(response->message_id_responded_to, 1);
    EXPECT_EQ(response->error_comment, "SOP class is not the presentation context's");
    EXPECT_FALSE(called);
}

TEST_F(AssociationServerTest, RefusesAStoreWithoutDataSet) {
    TestNode node({}, take);
    RawPeer peer(node.port(), usual_contexts());
    CommandSet command = testing::store_command(kMammographyForPresentation, "1.2.3");
    command.data_set_type = kNoDataSet;
    peer.send_command(3, command);
    EXPECT_EQ(peer.response()->status, 0xC000);
    EXPECT_EQ(peer.store("data")->status, 0);
}

TEST_F(AssociationServerTest, DropsWhatTheStoreFunctionDoesNotRead) {
    TestNode node({}, [](const StoreRequest&, DatasetStream& stream) {
        (void)stream.next();
        return StoreAnswer{StoreStatus::cannot_understand, "no image"};
    });
    RawPeer peer(node.port(), usual_contexts());
    for (int i = 0; i < 3; ++i) {
        const auto response = peer.store(std::string(200000, 'x'));
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, 0xC000);
        EXPECT_EQ(response->error_comment, "no image");
    }
}

TEST_F(AssociationServerTest, AnswersAThrowingStoreFunctionWithProcessingFailure) {
    TestNode node(
        {}, [](const StoreRequest&, DatasetStream&) -> StoreAnswer { throw std::runtime_error("secret"); });
    RawPeer peer(node.port(), usual_contexts());
    const auto response = peer.store(std::string(50000, 'x'));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 0x0110);
    EXPECT_EQ(response->error_comment, "internal error");
    EXPECT_EQ(peer.store("again")->status, 0x0110);
}

TEST_F(AssociationServerTest, EndsWhenThePeerAborts) {
    TestNode node({}, take);
    Scu scu(node.port());
    scu.offer(kVerification, {kImplicitLittleEndian});
    ASSERT_TRUE(scu.associate().good());
    scu.abortAssociation();
    EXPECT_EQ(node.outcome().end, "aborted by peer");
}

TEST_F(AssociationServerTest, AnswersOperationsThatItDoesNotKnow) {
    TestNode node({}, take);
    RawPeer peer(node.port(), usual_contexts());
    for (const std::uint16_t field : {std::uint16_t{0x0020}, std::uint16_t{0x0130}, std::uint16_t{0x1234}}) {
        CommandSet command = testing::store_command(kMammographyForPresentation, "");
        command.command_field = field;
        peer.send_command(3, command);
        peer.send_data(3, "identifier");
        const auto response = peer.response();
        ASSERT_TRUE(response) << field;
        EXPECT_EQ(response->status, 0x0211) << field;
        EXPECT_EQ(response->command_field, field | 0x8000);
    }
    EXPECT_EQ(peer.store("data")->status, 0);
}

TEST_F(AssociationServerTest, RejectsWhenBusy) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    AssociationServer::reject_busy(pair[0]);
    unsigned char answer[16];
    ASSERT_EQ(::read(pair[1], answer, sizeof answer), 10);
    const AssociateReply reply = parse_associate_reply(answer[0], std::span(answer).subspan(6, 4), {});
    EXPECT_EQ(reply.text, "association rejected (transient): local limit exceeded");
    EXPECT_EQ(::read(pair[1], answer, sizeof answer), 0);
    ::close(pair[1]);
}

TEST_F(AssociationServerTest, RejectsWhenBusyReachesARequestor) {
    testing::Listener listener;
    std::thread busy([&] {
        const int fd = listener.accept();
        EXPECT_TRUE(testing::await_request(fd));
        AssociationServer::reject_busy(fd);
    });
    Scu scu(listener.port());
    scu.offer(kVerification, {kImplicitLittleEndian});
    EXPECT_EQ(scu.associate(), DUL_ASSOCIATIONREJECTED);
    busy.join();
}

TEST_F(AssociationServerTest, ServesAUnixSocketPair) {  // as the plain side of TLS will be
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    const std::atomic<bool> stop{false};
    AssociationOutcome outcome;
    std::thread serving([&] {
        ASSERT_TRUE(testing::await_request(pair[0]));
        outcome = AssociationServer::serve(pair[0], "10.0.0.1", {}, {take}, stop);
    });
    {
        RawPeer peer(pair[1]);
        EXPECT_EQ(peer.store(std::string(300000, 'x'))->status, 0);
        peer.connection().send_release_request();
        Pdv pdv;
        EXPECT_EQ(peer.connection().next(pdv), PduEvent::release_reply);
    }
    serving.join();
    EXPECT_EQ(outcome.end, "released");
    EXPECT_EQ(outcome.bytes, 300000u);
}

TEST_F(AssociationServerTest, ServesIpv6Peers) {
    TestNode node({}, take, true);
    if (!node.usable()) GTEST_SKIP() << "no IPv6 loopback here";
    RawPeer peer(node.port(), usual_contexts(), "CALCNODE", "SIX", "::1");
    EXPECT_EQ(peer.store("data")->status, 0);
}

TEST_F(AssociationServerTest, ServesAssociationsSideBySide) {
    std::promise<void> release;
    std::shared_future<void> released = release.get_future().share();
    std::atomic<int> inside{0};
    std::promise<void> all_inside;
    TestNode node({}, [&](const StoreRequest&, DatasetStream& stream) {
        testing::read_all(stream);
        if (++inside == 8) all_inside.set_value();
        released.wait();
        return StoreAnswer{};
    });
    std::vector<std::thread> peers;
    std::atomic<int> good{0};
    for (int i = 0; i < 8; ++i) {
        peers.emplace_back([&] {
            RawPeer peer(node.port(), usual_contexts());
            const auto response = peer.store(std::string(100000, 'x'));
            good += response && response->status == 0 ? 1 : 0;
        });
    }
    EXPECT_EQ(all_inside.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
    release.set_value();
    for (std::thread& peer : peers)
        peer.join();
    EXPECT_EQ(good, 8);
}

// Nagle in the sender against delayed acknowledgements in us: 88 ms an object unless we acknowledge at once.
TEST_F(AssociationServerTest, AcknowledgesAtOnce) {
    TestNode node({}, take);
    Scu scu(node.port());  // DCMTK leaves Nagle on
    scu.offer(kMammographyForPresentation, {kExplicitLittleEndian});
    ASSERT_TRUE(scu.associate().good());
    DcmDataset dataset;
    dataset.putAndInsertString(DCM_SOPClassUID, kMammographyForPresentation);
    dataset.putAndInsertString(DCM_SOPInstanceUID, "1.2.3");
    const std::vector<Uint16> pixels(5000, 1);
    dataset.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size());
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 50; ++i) {
        Uint16 status = 0xFFFF;
        ASSERT_TRUE(scu.sendSTORERequest(scu.context(), "", &dataset, status).good());
        ASSERT_EQ(status, 0);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1500));  // else over 2 s
    scu.releaseAssociation();
}

}  // namespace
}  // namespace calcnode::dicom

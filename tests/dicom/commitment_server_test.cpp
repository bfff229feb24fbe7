// Storage commitment at the association server: asked by senders, told by destinations.
#include <mutex>

#include <gmock/gmock.h>

#include "dicom/association_server.h"
#include "dicom/commitment_scu.h"
#include "dicom/dimse_message.h"
#include "dicom/uid.h"
#include "tests/dicom/dcmtk_commitment_peer.h"
#include "tests/dicom/dcmtk_scu.h"
#include "tests/dicom/test_node.h"

namespace calcnode::dicom {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::RawPeer;
using testing::Scu;
using testing::TestNode;

const SopReference kOne{kSegmentationStorage, "1.2.3.1"};
const SopReference kTwo{kMammographyCadSr, "1.2.3.22"};

/// Commits everything but kTwo, and keeps what it was called with.
class Desk {
  public:
    AssociationHandlers handlers() {
        CommitmentHandlers commitment;
        commitment.requested = [this](const PeerInfo& peer, const CommitmentRequest& request) {
            const std::lock_guard lock(mutex_);
            asked.push_back(peer.calling_ae_title + " " + request.transaction_uid);
            CommitmentReport report{request.transaction_uid, {}, {}};
            for (const SopReference& one : request.references) {
                if (one == kTwo) report.failed.push_back({one, kReasonNoSuchObject});
                if (!(one == kTwo)) report.committed.push_back(one);
            }
            return CommitmentAnswer{kStatusSuccess, "", report};
        };
        commitment.reported = [this](const PeerInfo&, const CommitmentReport& report, bool taken) {
            const std::lock_guard lock(mutex_);
            reported.push_back(report.transaction_uid + (taken ? " taken" : " not taken"));
        };
        commitment.told = [this](const PeerInfo& peer, const CommitmentReport& report) {
            const std::lock_guard lock(mutex_);
            told.push_back(peer.calling_ae_title + " " + report.transaction_uid);
            const bool known = report.transaction_uid != "2.25.404";
            return CommitmentAnswer{known ? kStatusSuccess : kStatusInvalidArgument, "", {}};
        };
        return {[](const StoreRequest&, DatasetStream& stream) {
                    testing::read_all(stream);
                    return StoreAnswer{};
                },
                commitment};
    }
    std::vector<std::string> asked, reported, told;

  private:
    std::mutex mutex_;
};

AssociationPolicy both_ways() {
    AssociationPolicy policy;
    policy.commitment_requests = true;
    policy.commitment_reports = true;
    return policy;
}

std::vector<ProposedContext> contexts() {
    return {{1, kStorageCommitmentPushModel, {kExplicitLittleEndian}},
            {3, kMammographyForPresentation, {kExplicitLittleEndian}}};
}

CommandSet action() {
    CommandSet command;
    command.command_field = kCommandAction;
    command.message_id = 5;
    command.data_set_type = kWithDataSet;
    command.requested_sop_class = kStorageCommitmentPushModel;
    command.requested_sop_instance = kStorageCommitmentInstance;
    command.action_type = kActionRequestCommitment;
    return command;
}

CommandSet event() {
    CommandSet command;
    command.command_field = kCommandEventReport;
    command.message_id = 6;
    command.data_set_type = kWithDataSet;
    command.affected_sop_class = kStorageCommitmentPushModel;
    command.affected_sop_instance = kStorageCommitmentInstance;
    command.event_type = kEventCommitted;
    return command;
}

const std::vector<unsigned char> kAsk =
    encode_commitment_request({"2.25.7", {kOne, kTwo}}, kExplicitLittleEndian);
const std::vector<unsigned char> kTell =
    encode_commitment_report({"2.25.8", {kOne}, {}}, kExplicitLittleEndian);

std::uint16_t status_of(RawPeer& peer, const CommandSet& command, const std::vector<unsigned char>& dataset,
                        std::uint8_t context = 1) {
    send_message(peer.connection(), {context, command}, dataset);
    const auto response = peer.response();
    EXPECT_TRUE(response);
    if (!response) return 0xFFFF;
    EXPECT_EQ(response->command_field, command.command_field | kResponseBit);
    return response->status;
}

class CommitmentServerTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { testing::start_library(); }
    Desk desk_;
};

TEST_F(CommitmentServerTest, DcmtkAsksAndIsToldOnTheSameAssociation) {
    TestNode node(both_ways(), desk_.handlers());
    Scu scu(node.port());
    scu.offer(kStorageCommitmentPushModel, {kImplicitLittleEndian});
    ASSERT_TRUE(scu.associate().good());
    const auto id = scu.findPresentationContextID(kStorageCommitmentPushModel, kImplicitLittleEndian);
    DcmDataset request;
    request.putAndInsertString(DCM_TransactionUID, "2.25.7");
    testing::add_dcmtk_reference(request, DCM_ReferencedSOPSequence, kOne);
    testing::add_dcmtk_reference(request, DCM_ReferencedSOPSequence, kTwo);
    Uint16 status = 0xFFFF;
    ASSERT_TRUE(scu.sendACTIONRequest(id, kStorageCommitmentInstance, 1, &request, status).good());
    EXPECT_EQ(status, 0);
    DcmDataset* result = nullptr;
    Uint16 type = 0;
    ASSERT_TRUE(scu.handleEVENTREPORTRequest(result, type, 10).good());
    const auto told = testing::dcmtk_message(*result, type);
    delete result;
    EXPECT_EQ(told.type, 2);
    EXPECT_EQ(told.transaction_uid, "2.25.7");
    EXPECT_EQ(told.references, std::vector{kOne});
    EXPECT_EQ(told.failed, std::vector{kTwo});
    EXPECT_TRUE(scu.releaseAssociation().good());
    EXPECT_EQ(node.outcome().end, "released");
    EXPECT_THAT(desk_.asked, ElementsAre("MODALITY 2.25.7"));
    EXPECT_THAT(desk_.reported, ElementsAre("2.25.7 taken"));
}

TEST_F(CommitmentServerTest, OurOwnUserIsServed) {
    TestNode node(both_ways(), desk_.handlers());
    const Peer peer{.name = "n", .ae_title = "CALCNODE", .host = "127.0.0.1", .port = node.port()};
    const auto outcome = request_commitment(peer, {"2.25.9", {kOne}}, {.longest = 10s});
    ASSERT_EQ(outcome.kind, CommitmentOutcome::Kind::answered) << outcome.text;
    EXPECT_EQ(outcome.report->committed, std::vector{kOne});
}

TEST_F(CommitmentServerTest, AReleaseRightAfterTheRequestLeavesTheResultUntold) {
    TestNode node(both_ways(), desk_.handlers());
    RawPeer peer(node.port(), contexts());
    EXPECT_EQ(status_of(peer, action(), kAsk), 0);
    peer.connection().send_release_request();
    Pdv pdv;
    EXPECT_EQ(peer.connection().next(pdv), PduEvent::release_reply);
    peer.hang_up();
    EXPECT_EQ(node.outcome().end, "released");
    EXPECT_THAT(desk_.reported, ElementsAre("2.25.7 not taken"));
}

TEST_F(CommitmentServerTest, StoringGoesOnWhileAResultIsDue) {
    TestNode node(both_ways(), desk_.handlers());
    RawPeer peer(node.port(), contexts());
    EXPECT_EQ(status_of(peer, action(), kAsk), 0);
    DimseMessage report;
    ASSERT_FALSE(read_command(peer.connection(), report));
    EXPECT_EQ(report.command.command_field, kCommandEventReport);
    ASSERT_TRUE(read_dataset(peer.connection(), 1, kMaxCommitmentDataset));
    EXPECT_EQ(peer.store("data")->status, 0);  // before it answers the report
    CommandSet response;
    response.command_field = kCommandEventReport | kResponseBit;
    response.message_id_responded_to = report.command.message_id;
    peer.send_command(1, response);
    EXPECT_EQ(peer.store("data")->status, 0);
    peer.hang_up();
    (void)node.outcome();
    EXPECT_THAT(desk_.reported, ElementsAre("2.25.7 taken"));
}

TEST_F(CommitmentServerTest, AReportThatThePeerRefusesIsNotTaken) {
    TestNode node(both_ways(), desk_.handlers());
    RawPeer peer(node.port(), contexts());
    EXPECT_EQ(status_of(peer, action(), kAsk), 0);
    DimseMessage report;
    ASSERT_FALSE(read_command(peer.connection(), report));
    ASSERT_TRUE(read_dataset(peer.connection(), 1, kMaxCommitmentDataset));
    CommandSet response;
    response.command_field = kCommandEventReport | kResponseBit;
    response.message_id_responded_to = report.command.message_id;
    response.status = 0x0110;
    peer.send_command(1, response);
    EXPECT_EQ(peer.store("data")->status, 0);
    EXPECT_THAT(desk_.reported, ElementsAre("2.25.7 not taken"));
}

TEST_F(CommitmentServerTest, AnUnaskedResponseEndsTheAssociation) {
    TestNode node(both_ways(), desk_.handlers());
    RawPeer peer(node.port(), contexts());
    CommandSet response;
    response.command_field = kCommandEventReport | kResponseBit;
    peer.send_command(1, response);
    EXPECT_TRUE(peer.is_aborted());
    EXPECT_EQ(node.outcome().end, "error: protocol error: a response where a request was due");
}

TEST_F(CommitmentServerTest, DcmtkTellsOnAReversedAssociation) {
    TestNode node(both_ways(), desk_.handlers());
    Scu scu(node.port(), "CALCNODE", "PACS");
    OFList<OFString> syntaxes;
    syntaxes.push_back(kImplicitLittleEndian);
    ASSERT_TRUE(scu.addPresentationContext(kStorageCommitmentPushModel, syntaxes, ASC_SC_ROLE_SCP).good());
    ASSERT_TRUE(scu.associate().good());
    const auto id =
        scu.findPresentationContextID(kStorageCommitmentPushModel, kImplicitLittleEndian, ASC_SC_ROLE_SCP);
    ASSERT_NE(id, 0) << "the role SCP is accepted";
    for (const auto& [transaction, expected] : {std::pair{"2.25.8", 0}, std::pair{"2.25.404", 0x0115}}) {
        DcmDataset result;
        result.putAndInsertString(DCM_TransactionUID, transaction);
        testing::add_dcmtk_reference(result, DCM_ReferencedSOPSequence, kOne);
        Uint16 status = 0xFFFF;
        ASSERT_TRUE(scu.sendEVENTREPORTRequest(id, kStorageCommitmentInstance, 1, &result, status).good());
        EXPECT_EQ(status, expected);
    }
    EXPECT_TRUE(scu.releaseAssociation().good());
    EXPECT_EQ(node.outcome().end, "released");
    EXPECT_THAT(desk_.told, ElementsAre("PACS 2.25.8", "PACS 2.25.404"));
}

TEST_F(CommitmentServerTest, AnswersOnlyTheRolesThatWeHave) {
    struct Case {
        bool requests, reports, scu, scp;
    };
    for (const auto& [requests, reports, scu, scp] :
         {Case{true, true, true, true}, Case{true, false, true, false}, Case{false, true, false, true}}) {
        AssociationPolicy policy;
        policy.commitment_requests = requests;
        policy.commitment_reports = reports;
        TestNode node(policy, desk_.handlers());
        const Peer peer{.name = "n", .ae_title = "CALCNODE", .host = "127.0.0.1", .port = node.port()};
        DimseClient client(peer, contexts(), {{kStorageCommitmentPushModel, true, true}});
        const auto role = client.role(kStorageCommitmentPushModel);
        ASSERT_TRUE(role);
        EXPECT_EQ(role->scu, scu);
        EXPECT_EQ(role->scp, scp);
        client.release();
    }
}

TEST_F(CommitmentServerTest, TheClassIsOnlyAcceptedWhereItIsServed) {
    TestNode node({}, desk_.handlers());
    RawPeer peer(node.port(), contexts());
    EXPECT_FALSE(peer.reply().contexts.contains(1));
    EXPECT_TRUE(peer.reply().contexts.contains(3));
}

TEST_F(CommitmentServerTest, WrongCommandsGetTheStatusesOfPs37) {
    TestNode node(both_ways(), desk_.handlers());
    RawPeer peer(node.port(), contexts());
    CommandSet command = action();
    command.requested_sop_class = kMammographyForPresentation;
    EXPECT_EQ(status_of(peer, command, kAsk), kStatusNoSuchSopClass);
    command = action();
    command.requested_sop_instance = "1.2.3";
    EXPECT_EQ(status_of(peer, command, kAsk), kStatusNoSuchSopInstance);
    command = action();
    command.action_type = 2;
    EXPECT_EQ(status_of(peer, command, kAsk), kStatusNoSuchActionType);
    command = action();
    command.data_set_type = kNoDataSet;
    EXPECT_EQ(status_of(peer, command, {}), kStatusInvalidArgument);
    EXPECT_EQ(status_of(peer, action(), kAsk, 3), kStatusUnrecognizedOperation) << "on a storage context";
    command = event();
    command.affected_sop_class = "1.2.3";
    EXPECT_EQ(status_of(peer, command, kTell), kStatusNoSuchSopClass);
    command = event();
    command.affected_sop_instance = "1.2.3";
    EXPECT_EQ(status_of(peer, command, kTell), kStatusNoSuchSopInstance);
    for (const std::uint16_t type : {3, 0xFFFF}) {
        command = event();
        command.event_type = type;
        EXPECT_EQ(status_of(peer, command, kTell), kStatusNoSuchEventType);
    }
    EXPECT_TRUE(desk_.asked.empty());
    EXPECT_TRUE(desk_.told.empty());
    EXPECT_EQ(status_of(peer, event(), kTell), 0) << "the association has outlived all that";
}

TEST_F(CommitmentServerTest, BadDataSetsAreRefusedAndSurvived) {
    TestNode node(both_ways(), desk_.handlers());
    RawPeer peer(node.port(), contexts());
    std::vector<unsigned char> bomb;
    const std::string level("\x08\0\x99\x11SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF", 20);
    for (int i = 0; i < 30000; ++i)
        bomb.insert(bomb.end(), level.begin(), level.end());
    EXPECT_EQ(status_of(peer, action(), bomb), kStatusResourceLimitation);
    const std::vector<unsigned char> huge(kMaxCommitmentDataset + 1, 'x');
    EXPECT_EQ(status_of(peer, action(), huge), kStatusResourceLimitation);
    EXPECT_EQ(status_of(peer, event(), huge), kStatusResourceLimitation);
    const std::vector<unsigned char> noise(1000, 0xA5);
    EXPECT_EQ(status_of(peer, action(), noise), kStatusInvalidArgument);
    EXPECT_EQ(status_of(peer, event(), noise), kStatusInvalidArgument);
    const std::vector<unsigned char> cut(kTell.begin(), kTell.end() - 3);
    EXPECT_EQ(status_of(peer, event(), cut), kStatusInvalidArgument);
    EXPECT_TRUE(desk_.asked.empty());
    EXPECT_TRUE(desk_.told.empty());
    EXPECT_EQ(status_of(peer, action(), kAsk), 0);
}

}  // namespace
}  // namespace calcnode::dicom

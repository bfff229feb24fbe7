#include "dicom/commitment_scu.h"

#include <gtest/gtest.h>

#include "dicom/dimse_message.h"
#include "dicom/uid.h"
#include "tests/dicom/dcmtk_commitment_peer.h"
#include "tests/dicom/fake_pacs.h"
#include "tests/dicom/test_node.h"

namespace calcnode::dicom {
namespace {

using namespace std::chrono_literals;
using Kind = CommitmentOutcome::Kind;
using testing::DcmtkCommitmentPeer;
using testing::FakePacs;
using Role = DcmtkCommitmentPeer::Role;

class CommitmentScuTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { testing::start_library(); }
};

const SopReference kOne{kSegmentationStorage, "1.2.3.1"};
const SopReference kTwo{kMammographyCadSr, "1.2.3.22"};
const CommitmentRequest kRequest{"2.25.99", {kOne, kTwo}};

Peer peer_at(int port) {
    return {.name = "pacs",
            .ae_title = "PACS",
            .host = "127.0.0.1",
            .port = port,
            .connect_timeout = 5s,
            .response_timeout = 5s};
}

CommitmentWait wait_for(std::chrono::milliseconds longest) {
    return {.longest = longest};
}

/// Reads the N-ACTION-RQ and its data set.
CommandSet take_action(FakePacs& pacs) {
    DimseMessage message;
    EXPECT_FALSE(read_command(*pacs.connection, message));
    EXPECT_TRUE(read_dataset(*pacs.connection, message.context_id, 1 << 20));
    pacs.context = message.context_id;
    return message.command;
}

/// N-EVENT-REPORT of this report; returns the status that we answer.
std::uint16_t tell(FakePacs& pacs, const CommitmentReport& report, CommandSet command = {}) {
    command.command_field = kCommandEventReport;
    command.message_id = 9;
    command.data_set_type = kWithDataSet;
    if (command.affected_sop_class.empty()) command.affected_sop_class = kStorageCommitmentPushModel;
    if (command.affected_sop_instance.empty()) command.affected_sop_instance = kStorageCommitmentInstance;
    if (command.event_type == 0) command.event_type = report.event_type();
    send_message(*pacs.connection, {pacs.context, command},
                 encode_commitment_report(report, kExplicitLittleEndian));
    DimseMessage response;
    EXPECT_FALSE(read_command(*pacs.connection, response));
    EXPECT_EQ(response.command.command_field, kCommandEventReport | kResponseBit);
    EXPECT_EQ(response.command.message_id_responded_to, 9);
    return response.command.status;
}

TEST_F(CommitmentScuTest, DcmtkCommitsOnTheSameAssociation) {
    DcmtkCommitmentPeer pacs(Role::provider, {});
    int taken = 0;
    const auto outcome =
        request_commitment(peer_at(pacs.port()), kRequest, {.longest = 10s, .taken = [&] { ++taken; }});
    ASSERT_EQ(outcome.kind, Kind::answered) << outcome.text;
    EXPECT_EQ(outcome.report->transaction_uid, "2.25.99");
    EXPECT_EQ(outcome.report->committed, kRequest.references);
    EXPECT_TRUE(outcome.report->failed.empty());
    EXPECT_EQ(taken, 1);
    const auto asked = pacs.messages();
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked[0].type, 1);
    EXPECT_EQ(asked[0].transaction_uid, "2.25.99");
    EXPECT_EQ(asked[0].references, kRequest.references);
    EXPECT_EQ(pacs.report_status(), 0);
}

TEST_F(CommitmentScuTest, DcmtkCommitsAPart) {
    DcmtkCommitmentPeer pacs(Role::provider, {.lost = {"1.2.3.22"}});
    const auto outcome = request_commitment(peer_at(pacs.port()), kRequest, wait_for(10s));
    ASSERT_EQ(outcome.kind, Kind::answered) << outcome.text;
    EXPECT_EQ(outcome.report->committed, std::vector{kOne});
    EXPECT_EQ(outcome.report->failed, (std::vector<FailedReference>{{kTwo, kReasonNoSuchObject}}));
}

TEST_F(CommitmentScuTest, NoAnswerOnThisAssociationIsNoFailure) {
    DcmtkCommitmentPeer pacs(Role::provider, {.reports = false});
    EXPECT_EQ(request_commitment(peer_at(pacs.port()), kRequest, wait_for(300ms)).kind, Kind::taken);
    EXPECT_EQ(request_commitment(peer_at(pacs.port()), kRequest, wait_for(0ms)).kind, Kind::taken);
}

TEST_F(CommitmentScuTest, TheWaitEndsWhenTheAnswerCameOtherwise) {
    DcmtkCommitmentPeer pacs(Role::provider, {.reports = false});
    const auto start = std::chrono::steady_clock::now();
    int asked = 0;
    const auto outcome = request_commitment(peer_at(pacs.port()), kRequest,
                                            {.longest = 60s, .still_waiting = [&] { return ++asked < 3; }});
    EXPECT_EQ(outcome.kind, Kind::taken);
    EXPECT_EQ(asked, 3);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST_F(CommitmentScuTest, ARefusalHasItsStatus) {
    DcmtkCommitmentPeer pacs(Role::provider, {.status = 0x0213});
    const auto outcome = request_commitment(peer_at(pacs.port()), kRequest, wait_for(10s));
    EXPECT_EQ(outcome.kind, Kind::refused);
    EXPECT_EQ(outcome.status, 0x0213);
    EXPECT_EQ(outcome.text, "refused, status 0213");
}

TEST_F(CommitmentScuTest, APeerWithoutTheClassIsNotNegotiated) {
    testing::TestNode node({}, [](const StoreRequest&, DatasetStream&) { return StoreAnswer{}; });
    const auto outcome = request_commitment(peer_at(node.port()), kRequest, wait_for(1s));
    EXPECT_EQ(outcome.kind, Kind::not_negotiated);
    EXPECT_EQ(node.outcome().end, "released");
}

TEST_F(CommitmentScuTest, NobodyThereIsUnreachable) {
    const int port = testing::Listener().port();
    EXPECT_EQ(request_commitment(peer_at(port), kRequest, wait_for(1s)).kind, Kind::unreachable);
}

TEST_F(CommitmentScuTest, APeerThatBreaksBeforeItsAnswerIsUnreachable) {
    FakePacs pacs([](FakePacs& self) {
        self.accept({{1, kExplicitLittleEndian}});
        take_action(self);
        self.connection.reset();
    });
    EXPECT_EQ(request_commitment(peer_at(pacs.port()), kRequest, wait_for(1s)).kind, Kind::unreachable);
}

TEST_F(CommitmentScuTest, APeerThatBreaksAfterItsAnswerHasTakenTheRequest) {
    FakePacs pacs([](FakePacs& self) {
        self.accept({{1, kExplicitLittleEndian}});
        self.answer(take_action(self), 0);
        self.connection.reset();
    });
    EXPECT_EQ(request_commitment(peer_at(pacs.port()), kRequest, wait_for(5s)).kind, Kind::taken);
}

TEST_F(CommitmentScuTest, OnlyTheAwaitedReportIsTaken) {
    const CommitmentReport good{"2.25.99", {kOne, kTwo}, {}};
    FakePacs pacs([&](FakePacs& self) {
        self.accept({{1, kExplicitLittleEndian}});
        self.answer(take_action(self), 0);
        EXPECT_EQ(tell(self, {"2.25.1", {kOne}, {}}), kStatusProcessingFailure) << "another transaction";
        EXPECT_EQ(tell(self, good, {.event_type = 3}), kStatusUnrecognizedOperation);
        EXPECT_EQ(tell(self, good, {.affected_sop_class = "1.2.3"}), kStatusUnrecognizedOperation);
        EXPECT_EQ(tell(self, good, {.affected_sop_instance = "1.2.3"}), kStatusUnrecognizedOperation);
        EXPECT_EQ(tell(self, {"2.25.99", {}, {}}), kStatusInvalidArgument);
        const CommitmentReport huge{"2.25.99", std::vector<SopReference>(20000, kOne), {}};
        EXPECT_EQ(tell(self, huge), kStatusResourceLimitation);
        EXPECT_EQ(tell(self, good), kStatusSuccess);
        self.finish_release();
    });
    const auto outcome = request_commitment(peer_at(pacs.port()), kRequest, wait_for(20s));
    ASSERT_EQ(outcome.kind, Kind::answered) << outcome.text;
    EXPECT_EQ(outcome.report->committed, kRequest.references);
}

TEST_F(CommitmentScuTest, DcmtkIsToldOnAReversedAssociation) {
    DcmtkCommitmentPeer sender(Role::user, {});
    const auto outcome = report_commitment(peer_at(sender.port()), {"2.25.5", {kOne}, {{kTwo, 0x0112}}});
    EXPECT_EQ(outcome.kind, Kind::taken) << outcome.text;
    const auto told = sender.messages();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].type, 2);
    EXPECT_EQ(told[0].transaction_uid, "2.25.5");
    EXPECT_EQ(told[0].references, std::vector{kOne});
    EXPECT_EQ(told[0].failed, std::vector{kTwo});
}

TEST_F(CommitmentScuTest, APeerThatRefusesTheResultSaysSo) {
    DcmtkCommitmentPeer sender(Role::user, {.status = 0x0110});
    EXPECT_EQ(report_commitment(peer_at(sender.port()), {"2.25.5", {kOne}, {}}).kind, Kind::refused);
}

TEST_F(CommitmentScuTest, APeerThatRefusesOurRoleIsNotTold) {
    AssociationPolicy policy;
    policy.commitment_requests = true;  // it commits, but is told nothing
    testing::TestNode node(policy, AssociationHandlers{});
    EXPECT_EQ(report_commitment(peer_at(node.port()), {"2.25.5", {kOne}, {}}).kind, Kind::not_negotiated);
}

}  // namespace
}  // namespace calcnode::dicom

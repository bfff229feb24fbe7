// Being asked by senders: the journal's side.
#include "journal_fixture.h"

namespace calcnode::service {
namespace {

using State = DeliveryOutcome::State;
constexpr Duration kLease{1000};

class JournalCommitmentReports : public JournalTest {
  protected:
    static CommitmentDuty duty(const std::string& uid, const std::vector<std::string>& instances) {
        CommitmentDuty duty{0, "MODALITY", "CALCNODE", {uid, {}, {}}, 0};
        for (const std::string& instance : instances)
            duty.report.committed.push_back({"1.2.840.10008.5.1.4.1.1.1.2", instance});
        return duty;
    }
};
CALCNODE_ON_BOTH_DATABASES(JournalCommitmentReports);

TEST_P(JournalCommitmentReports, SaysWhatIsHeld) {
    Journal journal = open();
    record_one(journal, sample_instance("1.1", "1.1.1"));
    const auto held = journal.held_instances({{"any", "1.1.9"}, {"any", "1.1.1"}, {"any", "1.1.1"}});
    ASSERT_EQ(held.size(), 3u);
    EXPECT_TRUE(held[0].path.empty());
    EXPECT_EQ(held[1].path, sample_instance("1.1", "1.1.1").path);
    EXPECT_EQ(held[1].sop_class_uid, "1.2.840.10008.5.1.4.1.1.1.2");
    EXPECT_EQ(held[2].path, held[1].path);
}

TEST_P(JournalCommitmentReports, AReportIsDueFromItsTimeOn) {
    Journal journal = open();
    CommitmentDuty made = duty("t1", {"1.1.1", "1.1.2"});
    made.report.failed.push_back({{"1.2", "1.1.3"}, dicom::kReasonNoSuchObject});
    journal.record_commitment_duty(made, at(0), at(100));
    EXPECT_FALSE(journal.claim_commitment_report("a", at(99), kLease));
    const auto claimed = journal.claim_commitment_report("a", at(100), kLease);
    ASSERT_TRUE(claimed);
    EXPECT_EQ(claimed->calling_ae_title, "MODALITY");
    EXPECT_EQ(claimed->called_ae_title, "CALCNODE");
    EXPECT_EQ(claimed->attempt, 1);
    EXPECT_EQ(claimed->report.transaction_uid, "t1");
    EXPECT_EQ(claimed->report.committed, made.report.committed);
    EXPECT_EQ(claimed->report.failed, made.report.failed);
    EXPECT_FALSE(journal.claim_commitment_report("b", at(101), kLease)) << "leased";
    EXPECT_EQ(journal.claim_commitment_report("b", at(1100), kLease)->attempt, 2) << "the lease ran out";
}

TEST_P(JournalCommitmentReports, WhatTheAssociationTookIsDone) {
    Journal journal = open();
    journal.record_commitment_duty(duty("t1", {"1.1.1"}), at(0), at(100));
    journal.commitment_reported("MODALITY", "t1", true, at(1));
    EXPECT_FALSE(journal.claim_commitment_report("a", at(99999), kLease));
    EXPECT_EQ(journal.counts().commitment_reports_reported, 1);
}

TEST_P(JournalCommitmentReports, WhatTheAssociationDidNotTakeIsDueAtOnce) {
    Journal journal = open();
    journal.record_commitment_duty(duty("t1", {"1.1.1"}), at(0), at(100));
    journal.commitment_reported("OTHER", "t1", true, at(1));  // not its transaction
    journal.commitment_reported("MODALITY", "t1", false, at(2));
    EXPECT_TRUE(journal.claim_commitment_report("a", at(2), kLease));
}

TEST_P(JournalCommitmentReports, ARetryWaitsAndTheLastOneIsCounted) {
    Journal journal = open();
    journal.record_commitment_duty(duty("t1", {"1.1.1"}), at(0), at(0));
    auto claimed = journal.claim_commitment_report("a", at(0), kLease);
    journal.finish_commitment_report(*claimed, "a", {State::retry, "nobody there", at(500)}, at(1));
    EXPECT_FALSE(journal.claim_commitment_report("a", at(499), kLease));
    claimed = journal.claim_commitment_report("a", at(500), kLease);
    EXPECT_EQ(claimed->attempt, 2);
    journal.finish_commitment_report(*claimed, "b", {State::delivered, "", {}}, at(501));
    EXPECT_EQ(journal.counts().commitment_reports_pending, 1) << "not the owner";
    journal.finish_commitment_report(*claimed, "a", {State::dead, "nobody there", {}}, at(501));
    EXPECT_EQ(journal.counts().commitment_reports_unreported, 1);
    EXPECT_FALSE(journal.claim_commitment_report("a", at(99999), kLease));
}

TEST_P(JournalCommitmentReports, TheSameRequestAgainIsToldAgain) {
    Journal journal = open();
    journal.record_commitment_duty(duty("t1", {"1.1.1", "1.1.2"}), at(0), at(0));
    const auto claimed = journal.claim_commitment_report("a", at(0), kLease);
    journal.finish_commitment_report(*claimed, "a", {State::delivered, "", {}}, at(1));
    const auto report = journal.record_commitment_duty(duty("t1", {"1.1.2", "1.1.1"}), at(2), at(3));
    EXPECT_EQ(report.committed.size(), 2u);
    EXPECT_EQ(journal.claim_commitment_report("a", at(3), kLease)->attempt, 1);
}

TEST_P(JournalCommitmentReports, ATransactionUidForSomethingElseIsADuplicate) {
    Journal journal = open();
    journal.record_commitment_duty(duty("t1", {"1.1.1"}), at(0), at(0));
    const auto report = journal.record_commitment_duty(duty("t1", {"1.1.1", "1.1.2"}), at(2), at(3));
    EXPECT_TRUE(report.committed.empty());
    ASSERT_EQ(report.failed.size(), 2u);
    for (const dicom::FailedReference& failed : report.failed)
        EXPECT_EQ(failed.reason, dicom::kReasonDuplicateTransaction);
    EXPECT_EQ(journal.claim_commitment_report("a", at(3), kLease)->report.failed, report.failed);
}

TEST_P(JournalCommitmentReports, TwoSendersMayHaveOneTransactionUid) {
    Journal journal = open();
    journal.record_commitment_duty(duty("t1", {"1.1.1"}), at(0), at(0));
    CommitmentDuty other = duty("t1", {"1.1.2"});
    other.calling_ae_title = "OTHER";
    EXPECT_EQ(journal.record_commitment_duty(other, at(0), at(0)).committed.size(), 1u);
    EXPECT_EQ(journal.counts().commitment_reports_pending, 2);
}

}  // namespace
}  // namespace calcnode::service

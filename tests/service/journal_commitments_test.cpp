// Asking destinations to commit: the journal's side, from a delivery to the last word on an object.
#include "journal_fixture.h"

namespace calcnode::service {
namespace {

using State = DeliveryOutcome::State;
using Transaction = CommitmentChanges::Transaction;
using Why = UntakenCommitment::Why;
constexpr Duration kLease{1000};
constexpr const char* kClass = "1.2.840.10008.5.1.4.1.1.88.50";

class JournalCommitments : public JournalTest {
  protected:
    /// A study 1.1 whose job made the results 2.1, 2.2, ... for "pacs", none of them sent yet.
    static void make_results(Journal& journal, int number) {
        record_one(journal, sample_instance("1.1", "1.1.1"));
        close_all(journal, at(0));
        const auto job = journal.claim_job("w", at(0), kLease);
        std::vector<ResultToRecord> results;
        for (int i = 1; i <= number; ++i)
            results.push_back(sample_result("2." + std::to_string(i)));
        journal.complete_job(job.value(), "w", results, false, "", at(0));
    }

    /// Sends what is due at `time`; returns how many.
    static int deliver(Journal& journal, long long time, int limit = 100) {
        const auto batch = journal.claim_deliveries("pacs", "s", at(time), kLease, limit);
        for (const PendingDelivery& one : batch) {
            DeliveryOutcome outcome{.state = State::delivered, .text = "stored", .next_attempt = {}};
            outcome.ask_commitment = true;
            journal.finish_delivery(one, "s", outcome, at(time));
        }
        return static_cast<int>(batch.size());
    }

    static std::optional<OpenCommitment> open_at(Journal& journal, const std::string& uid, long long time) {
        return journal.open_commitment("pacs", uid, at(time), at(time + 100));
    }

    static CommitmentLimits limits(int attempts, long long next) { return {attempts, at(next)}; }

    static dicom::SopReference reference(int number) { return {kClass, "2." + std::to_string(number)}; }

    struct Counts {
        std::int64_t pending, committed, failed;
        bool operator==(const Counts&) const = default;
    };
    static Counts counts(Journal& journal) {
        const JournalCounts all = journal.counts();
        return {all.commitments_pending, all.commitments_committed, all.commitments_failed};
    }
};
CALCNODE_ON_BOTH_DATABASES(JournalCommitments);

TEST_P(JournalCommitments, AStudyIsAskedForWhenAllOfItWasDelivered) {
    Journal journal = open();
    make_results(journal, 3);
    EXPECT_EQ(deliver(journal, 1, 2), 2);
    EXPECT_FALSE(open_at(journal, "t1", 2)) << "one is still to be sent";
    deliver(journal, 3);
    const auto asked = open_at(journal, "t1", 4);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->study_instance_uid, "1.1");
    EXPECT_EQ(asked->request.transaction_uid, "t1");
    EXPECT_EQ(asked->request.references, (std::vector{reference(1), reference(2), reference(3)}));
    EXPECT_EQ(asked->attempt, 1);
    EXPECT_TRUE(journal.commitment_awaited(asked->id));
    EXPECT_FALSE(open_at(journal, "t2", 5)) << "nothing is asked for twice";
    EXPECT_EQ(counts(journal), (Counts{3, 0, 0}));
}

TEST_P(JournalCommitments, NothingIsAskedOfADestinationThatIsNotToCommit) {
    Journal journal = open();
    make_results(journal, 1);
    const auto batch = journal.claim_deliveries("pacs", "s", at(1), kLease, 9);
    journal.finish_delivery(batch.at(0), "s", {State::delivered, "", {}}, at(1));
    EXPECT_FALSE(open_at(journal, "t1", 2));
    EXPECT_EQ(counts(journal), (Counts{0, 0, 0}));
}

TEST_P(JournalCommitments, ForwardedInstancesAreAskedForByTheirStudy) {
    Journal journal = open();
    ReceivedInstance instance = sample_instance("1.7", "1.7.1");
    instance.analysable = false;
    record_one(journal, instance);
    deliver(journal, 1);
    const auto asked = open_at(journal, "t1", 2);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->study_instance_uid, "1.7");
}

TEST_P(JournalCommitments, SuccessIsTheEnd) {
    Journal journal = open();
    make_results(journal, 2);
    deliver(journal, 1);
    const auto asked = open_at(journal, "t1", 2);
    EXPECT_EQ(journal.commitment_destination("t1"), "pacs");
    const auto changes =
        journal.record_commitment({"t1", asked->request.references, {}}, limits(3, 50), at(3));
    EXPECT_EQ(changes.transaction, Transaction::open);
    EXPECT_EQ(changes.committed, 2);
    EXPECT_FALSE(journal.commitment_awaited(asked->id));
    EXPECT_EQ(counts(journal), (Counts{0, 2, 0}));
    EXPECT_FALSE(open_at(journal, "t2", 99999));
    EXPECT_EQ(journal.expire_commitments("pacs", limits(3, 50), at(99999)).transaction, Transaction::unknown);
}

TEST_P(JournalCommitments, AnUnknownTransactionChangesNothing) {
    Journal journal = open();
    make_results(journal, 1);
    deliver(journal, 1);
    open_at(journal, "t1", 2);
    EXPECT_FALSE(journal.commitment_destination("t2"));
    const auto changes = journal.record_commitment({"t2", {reference(1)}, {}}, limits(3, 50), at(3));
    EXPECT_EQ(changes.transaction, Transaction::unknown);
    EXPECT_EQ(counts(journal), (Counts{1, 0, 0}));
}

TEST_P(JournalCommitments, WhatFailedIsSentAgainAndAskedForAgain) {
    Journal journal = open();
    make_results(journal, 2);
    deliver(journal, 1);
    open_at(journal, "t1", 2);
    const auto changes = journal.record_commitment(
        {"t1", {reference(1)}, {{reference(2), dicom::kReasonNoSuchObject}}}, limits(3, 50), at(3));
    EXPECT_EQ(changes.committed, 1);
    EXPECT_EQ(changes.sent_again, 1);
    EXPECT_EQ(counts(journal), (Counts{1, 1, 0}));
    EXPECT_EQ(deliver(journal, 49), 0);
    EXPECT_FALSE(open_at(journal, "t2", 49));
    EXPECT_EQ(deliver(journal, 50), 1);
    const auto again = open_at(journal, "t2", 51);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->request.references, std::vector{reference(2)});
    EXPECT_EQ(again->attempt, 2);
    journal.record_commitment({"t2", {reference(2)}, {}}, limits(3, 99), at(52));
    EXPECT_EQ(counts(journal), (Counts{0, 2, 0}));
}

TEST_P(JournalCommitments, WhatKeepsFailingIsGivenUp) {
    Journal journal = open();
    make_results(journal, 1);
    const dicom::FailedReference failed{reference(1), dicom::kReasonProcessingFailure};
    for (int attempt = 1; attempt <= 2; ++attempt) {
        const std::string uid = "t" + std::to_string(attempt);
        EXPECT_EQ(deliver(journal, 10 * attempt), 1);
        ASSERT_TRUE(open_at(journal, uid, 10 * attempt));
        const auto changes =
            journal.record_commitment({uid, {}, {failed}}, limits(2, 10 * attempt + 5), at(10 * attempt));
        EXPECT_EQ(changes.sent_again, attempt == 1 ? 1 : 0);
        EXPECT_EQ(changes.given_up, attempt == 2 ? 1 : 0);
    }
    EXPECT_EQ(counts(journal), (Counts{0, 0, 1}));
    EXPECT_EQ(deliver(journal, 99999), 0);
    EXPECT_EQ(journal.recent_events(1).at(0).kind, "uncommitted");
}

TEST_P(JournalCommitments, AConflictOfClassesIsNotSentAgain) {
    Journal journal = open();
    make_results(journal, 2);
    deliver(journal, 1);
    open_at(journal, "t1", 2);
    const auto changes = journal.record_commitment({"t1",
                                                    {},
                                                    {{reference(1), dicom::kReasonClassInstanceConflict},
                                                     {reference(2), dicom::kReasonClassNotSupported}}},
                                                   limits(9, 50), at(3));
    EXPECT_EQ(changes.given_up, 2);
    EXPECT_EQ(deliver(journal, 99999), 0);
}

TEST_P(JournalCommitments, ADuplicateTransactionIsAskedAgainWithoutSending) {
    Journal journal = open();
    make_results(journal, 1);
    deliver(journal, 1);
    open_at(journal, "t1", 2);
    const auto changes = journal.record_commitment(
        {"t1", {}, {{reference(1), dicom::kReasonDuplicateTransaction}}}, limits(3, 50), at(3));
    EXPECT_EQ(changes.asked_again, 1);
    EXPECT_EQ(deliver(journal, 50), 0);
    EXPECT_TRUE(open_at(journal, "t2", 50));
}

TEST_P(JournalCommitments, AnObjectThatTheResultDoesNotMentionIsAskedForAgain) {
    Journal journal = open();
    make_results(journal, 2);
    deliver(journal, 1);
    open_at(journal, "t1", 2);
    // The second is mentioned by another class: that is none of ours.
    const auto changes =
        journal.record_commitment({"t1", {reference(1), {"1.2", "2.2"}}, {}}, limits(3, 50), at(3));
    EXPECT_EQ(changes.committed, 1);
    EXPECT_EQ(changes.asked_again, 1);
    EXPECT_FALSE(open_at(journal, "t2", 49));
    EXPECT_EQ(open_at(journal, "t2", 50)->request.references, std::vector{reference(2)});
}

TEST_P(JournalCommitments, OnlyObjectsOfTheTransactionAreCommitted) {
    Journal journal = open();
    make_results(journal, 1);
    deliver(journal, 1);
    open_at(journal, "t1", 2);
    ReceivedInstance other = sample_instance("1.7", "1.7.1");
    other.analysable = false;
    record_one(journal, other);
    deliver(journal, 3);
    const auto changes = journal.record_commitment(
        {"t1", {reference(1), {other.header.sop_class_uid, "1.7.1"}}, {}}, limits(3, 50), at(4));
    EXPECT_EQ(changes.committed, 1);
    EXPECT_TRUE(open_at(journal, "t2", 5)) << "the other has not been asked for";
}

TEST_P(JournalCommitments, ASilentDestinationIsAskedAgainAndGivenUpInTheEnd) {
    Journal journal = open();
    make_results(journal, 1);
    deliver(journal, 1);
    const auto first = open_at(journal, "t1", 2);
    journal.commitment_taken(first->id, at(1000));
    EXPECT_EQ(journal.expire_commitments("pacs", limits(2, 1100), at(999)).transaction, Transaction::unknown);
    EXPECT_EQ(journal.expire_commitments("other", limits(2, 1100), at(1000)).transaction,
              Transaction::unknown);
    EXPECT_EQ(journal.expire_commitments("pacs", limits(2, 1100), at(1000)).asked_again, 1);
    EXPECT_FALSE(journal.commitment_awaited(first->id));
    EXPECT_FALSE(open_at(journal, "t2", 1099));
    ASSERT_TRUE(open_at(journal, "t2", 1100));
    EXPECT_EQ(journal.expire_commitments("pacs", limits(2, 9000), at(1200)).given_up, 1)
        << "never known to be taken: its first deadline counts";
    EXPECT_EQ(counts(journal), (Counts{0, 0, 1}));
}

TEST_P(JournalCommitments, ALateResultCounts) {
    Journal journal = open();
    make_results(journal, 2);
    deliver(journal, 1);
    open_at(journal, "t1", 2);
    journal.expire_commitments("pacs", limits(1, 0), at(500));
    EXPECT_EQ(counts(journal), (Counts{0, 0, 2}));
    const auto changes = journal.record_commitment(
        {"t1", {reference(1)}, {{reference(2), dicom::kReasonNoSuchObject}}}, limits(9, 700), at(600));
    EXPECT_EQ(changes.transaction, Transaction::ended);
    EXPECT_EQ(changes.committed, 1);
    EXPECT_EQ(changes.sent_again, 0);
    EXPECT_EQ(counts(journal), (Counts{0, 1, 1}));
}

TEST_P(JournalCommitments, ALateResultCountsBesideANewerRequest) {
    Journal journal = open();
    make_results(journal, 1);
    deliver(journal, 1);
    open_at(journal, "t1", 2);
    journal.expire_commitments("pacs", limits(5, 0), at(500));
    const auto second = open_at(journal, "t2", 501);
    EXPECT_EQ(journal.record_commitment({"t1", {reference(1)}, {}}, limits(5, 0), at(502)).committed, 1);
    EXPECT_TRUE(journal.commitment_awaited(second->id));
    journal.expire_commitments("pacs", limits(5, 0), at(9000));
    EXPECT_EQ(counts(journal), (Counts{0, 1, 0})) << "the newer one's time-out takes nothing back";
}

TEST_P(JournalCommitments, ALateSuccessDoesNotHideALaterFailure) {
    Journal journal = open();
    make_results(journal, 1);
    deliver(journal, 1);
    open_at(journal, "t1", 2);
    journal.expire_commitments("pacs", limits(5, 0), at(500));
    open_at(journal, "t2", 501);
    journal.record_commitment({"t2", {}, {{reference(1), dicom::kReasonNoSuchObject}}}, limits(5, 502),
                              at(502));
    deliver(journal, 502);
    open_at(journal, "t3", 503);
    EXPECT_EQ(journal.record_commitment({"t1", {reference(1)}, {}}, limits(5, 0), at(504)).committed, 0);
    EXPECT_EQ(journal.record_commitment({"t3", {reference(1)}, {}}, limits(5, 0), at(505)).committed, 1);
}

TEST_P(JournalCommitments, AResultThatComesTwiceChangesNothing) {
    Journal journal = open();
    make_results(journal, 1);
    deliver(journal, 1);
    open_at(journal, "t1", 2);
    const dicom::CommitmentReport report{"t1", {}, {{reference(1), dicom::kReasonNoSuchObject}}};
    EXPECT_EQ(journal.record_commitment(report, limits(9, 10), at(3)).sent_again, 1);
    EXPECT_EQ(journal.record_commitment(report, limits(9, 10), at(4)).sent_again, 0);
    deliver(journal, 10);
    open_at(journal, "t2", 11);
    const auto changes = journal.record_commitment({"t1", {reference(1)}, {}}, limits(9, 10), at(12));
    EXPECT_EQ(changes.committed, 0) << "and it cannot contradict itself";
}

TEST_P(JournalCommitments, AnUnreachableDestinationCostsNoAttempt) {
    Journal journal = open();
    make_results(journal, 1);
    deliver(journal, 1);
    for (int i = 0; i < 20; ++i) {
        const auto asked = open_at(journal, "t" + std::to_string(i), 10 * i + 10);
        ASSERT_TRUE(asked);
        EXPECT_EQ(asked->attempt, 1);
        const auto changes = journal.commitment_not_taken(asked->id, {Why::unreachable, "nobody there"},
                                                          limits(2, 10 * i + 15), at(10 * i + 11));
        EXPECT_EQ(changes.asked_again, 1);
    }
    EXPECT_EQ(counts(journal), (Counts{1, 0, 0}));
}

TEST_P(JournalCommitments, ARefusalCostsOne) {
    Journal journal = open();
    make_results(journal, 1);
    deliver(journal, 1);
    const UntakenCommitment refused{Why::refused, "status 0213"};
    const auto first = open_at(journal, "t1", 2);
    EXPECT_EQ(journal.commitment_not_taken(first->id, refused, limits(2, 10), at(3)).asked_again, 1);
    EXPECT_EQ(journal.commitment_not_taken(first->id, refused, limits(2, 10), at(3)).transaction,
              Transaction::ended);
    const auto second = open_at(journal, "t2", 10);
    EXPECT_EQ(journal.commitment_not_taken(second->id, refused, limits(2, 10), at(11)).given_up, 1);
    EXPECT_EQ(counts(journal), (Counts{0, 0, 1}));
}

TEST_P(JournalCommitments, AnObjectThatCannotBeSentAgainIsGivenUp) {
    Journal journal = open();
    make_results(journal, 1);
    deliver(journal, 1);
    open_at(journal, "t1", 2);
    journal.record_commitment({"t1", {}, {{reference(1), dicom::kReasonNoSuchObject}}}, limits(9, 3), at(3));
    const auto batch = journal.claim_deliveries("pacs", "s", at(3), kLease, 9);
    journal.finish_delivery(batch.at(0), "s", {State::dead, "refused", {}}, at(4));
    EXPECT_EQ(counts(journal), (Counts{0, 0, 1}));
    EXPECT_FALSE(open_at(journal, "t2", 99999));
}

TEST_P(JournalCommitments, AResultFindsItsTransactionAfterARestart) {
    {
        Journal journal = open();
        make_results(journal, 1);
        deliver(journal, 1);
        open_at(journal, "t1", 2);
    }
    Journal journal = open();
    EXPECT_EQ(journal.record_commitment({"t1", {reference(1)}, {}}, limits(3, 50), at(3)).committed, 1);
}

TEST_P(JournalCommitments, TwoProcessesAskForNothingTwice) {
    Journal first = open();
    Journal second = open();
    make_results(first, 4);
    deliver(first, 1);
    const bool one = open_at(first, "t1", 2).has_value();
    const bool other = open_at(second, "t2", 2).has_value();
    EXPECT_TRUE(one && !other);
}

}  // namespace
}  // namespace calcnode::service

#include <map>
#include <mutex>
#include <thread>

#include "journal_fixture.h"

namespace calcnode::service {
namespace {

using State = DeliveryOutcome::State;
constexpr Duration kLease{1000};

class JournalDeliveries : public JournalTest {
  protected:
    /// Objects 1.1.1 ... to be forwarded to "pacs" from at(0) on.
    static void queue(Journal& journal, int objects) {
        std::vector<ReceivedInstance> batch;
        for (int i = 1; i <= objects; ++i) {
            batch.push_back(sample_instance("1.1", "1.1." + std::to_string(i)));
            batch.back().analysable = false;
        }
        journal.record(batch);
    }
};
CALCNODE_ON_BOTH_DATABASES(JournalDeliveries);

TEST_P(JournalDeliveries, ClaimsUpToTheLimit) {
    Journal journal = open();
    queue(journal, 5);
    EXPECT_EQ(journal.claim_deliveries("pacs", "a", at(0), kLease, 3).size(), 3u);
    EXPECT_EQ(journal.claim_deliveries("pacs", "b", at(0), kLease, 3).size(), 2u);
    EXPECT_TRUE(journal.claim_deliveries("pacs", "c", at(0), kLease, 3).empty());
    EXPECT_TRUE(journal.claim_deliveries("viewer", "c", at(0), kLease, 3).empty());
    EXPECT_TRUE(journal.due_destinations(at(0)).empty());
}

TEST_P(JournalDeliveries, ADeliveredObjectIsDone) {
    Journal journal = open();
    queue(journal, 1);
    const auto claimed = journal.claim_deliveries("pacs", "a", at(0), kLease, 3);
    journal.finish_delivery(claimed.at(0), "a", {State::delivered, "0000", {}}, at(10));
    EXPECT_EQ(journal.counts().deliveries_delivered, 1);
    EXPECT_FALSE(journal.next_delivery_due());
    EXPECT_TRUE(journal.claim_deliveries("pacs", "a", at(99999), kLease, 3).empty());
}

TEST_P(JournalDeliveries, ARetryWaitsForItsTime) {
    Journal journal = open();
    queue(journal, 1);
    auto claimed = journal.claim_deliveries("pacs", "a", at(0), kLease, 3);
    EXPECT_EQ(claimed.at(0).attempt, 1);
    journal.finish_delivery(claimed.at(0), "a", {State::retry, "connection refused", at(5000)}, at(10));
    EXPECT_EQ(journal.next_delivery_due(), at(5000));
    EXPECT_TRUE(journal.claim_deliveries("pacs", "b", at(4999), kLease, 3).empty());
    claimed = journal.claim_deliveries("pacs", "b", at(5000), kLease, 3);
    EXPECT_EQ(claimed.at(0).attempt, 2);
}

TEST_P(JournalDeliveries, ADeadOneIsNotTriedAgain) {
    Journal journal = open();
    queue(journal, 1);
    const auto claimed = journal.claim_deliveries("pacs", "a", at(0), kLease, 3);
    journal.finish_delivery(claimed.at(0), "a", {State::dead, "refused: 0122", {}}, at(10));
    EXPECT_EQ(journal.counts().deliveries_dead, 1);
    EXPECT_TRUE(journal.claim_deliveries("pacs", "a", at(99999), kLease, 3).empty());
    EXPECT_EQ(journal.recent_events(1).at(0).kind, "delivery_dead");
}

TEST_P(JournalDeliveries, WhatThePeerDoesNotNegotiateIsNoFailureAndNotTriedAgain) {
    Journal journal = open();
    queue(journal, 2);
    const auto claimed = journal.claim_deliveries("pacs", "a", at(0), kLease, 3);
    journal.finish_delivery(claimed.at(0), "a", {State::not_accepted, "not accepted by peer", {}}, at(10));
    EXPECT_EQ(journal.counts().deliveries_not_accepted, 1);
    EXPECT_EQ(journal.counts().deliveries_dead, 0);
    EXPECT_EQ(journal.counts().deliveries_pending, 1) << "the rest still goes";
    EXPECT_EQ(journal.recent_events(1).at(0).kind, "delivery_not_accepted");
    EXPECT_EQ(journal.recent_events(1).at(0).text,
              claimed[0].sop_instance_uid + " to pacs: not accepted by peer");
    const auto later = journal.claim_deliveries("pacs", "a", at(99999), kLease, 3);
    ASSERT_EQ(later.size(), 1u);
    EXPECT_EQ(later[0].sop_instance_uid, claimed[1].sop_instance_uid);
}

/// Ends the delivery of object 1.1.<n> at once.
void end_as(Journal& journal, const std::string& sop, DeliveryOutcome outcome) {
    for (const PendingDelivery& delivery : journal.claim_deliveries("pacs", "a", at(0), kLease, 99)) {
        if (delivery.sop_instance_uid == sop) journal.finish_delivery(delivery, "a", outcome, at(10));
    }
    journal.release_deliveries("a");
}

TEST_P(JournalDeliveries, AReplayPutsBackWhatIsDeadOrNotAcceptedAndNothingElse) {
    Journal journal = open();
    queue(journal, 4);
    end_as(journal, "1.1.1", {State::dead, "refused, status 0122", {}});
    end_as(journal, "1.1.2", {State::not_accepted, "not accepted by peer", {}});
    end_as(journal, "1.1.3", {State::delivered, "stored", {}});
    EXPECT_EQ(journal.replay({.destination = "viewer"}, "somebody", at(20)).deliveries, 0);
    EXPECT_EQ(journal.replay({.study_instance_uid = "9.9"}, "somebody", at(20)).deliveries, 0);
    EXPECT_EQ(
        journal.replay({.destination = "pacs", .study_instance_uid = "1.1"}, "somebody", at(20)).deliveries,
        2);
    EXPECT_EQ(journal.counts().deliveries_pending, 3);
    EXPECT_EQ(journal.counts().deliveries_delivered, 1);
    const auto claimed = journal.claim_deliveries("pacs", "a", at(20), kLease, 9);
    ASSERT_EQ(claimed.size(), 3u);
    EXPECT_EQ(claimed[0].attempt, 1) << "with all its tries";
    const auto events = journal.recent_events(3);
    EXPECT_EQ(events.at(0).text, "2 sent again, 0 asked for again, by somebody");
    EXPECT_EQ(events.at(2).text, "1.1.1 to pacs: refused, status 0122") << "the reason stays";
}

TEST_P(JournalDeliveries, AReplayOfOneTakesOnlyThatOne) {
    Journal journal = open();
    queue(journal, 2);
    end_as(journal, "1.1.1", {State::dead, "gone", {}});
    end_as(journal, "1.1.2", {State::dead, "gone", {}});
    const auto dead = journal.list_deliveries({.state = "dead"});
    ASSERT_EQ(dead.size(), 2u);
    EXPECT_EQ(journal.replay({.id = dead[0].id}, "somebody", at(20)).deliveries, 1);
    EXPECT_EQ(journal.list_deliveries({.state = "dead"}).at(0).id, dead[1].id);
}

TEST_P(JournalDeliveries, AReplayAsksAgainForWhatWasNotCommitted) {
    Journal journal = open();
    queue(journal, 1);
    end_as(journal, "1.1.1", {State::delivered, "stored", {}, true});
    const auto open_one = journal.open_commitment("pacs", "2.25.1", at(20), at(99));
    ASSERT_TRUE(open_one);
    journal.commitment_not_taken(open_one->id, {UntakenCommitment::Why::refused, "0122"}, {1, at(30)},
                                 at(30));
    ASSERT_EQ(journal.counts().commitments_failed, 1);
    const Replayed replayed = journal.replay({}, "somebody", at(40));
    EXPECT_EQ(replayed.commitments, 1);
    EXPECT_EQ(replayed.deliveries, 0);
    const auto again = journal.open_commitment("pacs", "2.25.2", at(50), at(99));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->attempt, 1) << "with all its tries";
    const dicom::CommitmentReport report{"2.25.2", again->request.references, {}};
    EXPECT_EQ(journal.record_commitment(report, {1, at(60)}, at(60)).committed, 1);
}

TEST_P(JournalDeliveries, LeasesRunOutUnlessRenewed) {
    Journal journal = open();
    queue(journal, 1);
    const auto first = journal.claim_deliveries("pacs", "a", at(0), kLease, 3);
    journal.renew_deliveries("a", at(900), kLease);
    EXPECT_EQ(journal.next_delivery_due(), at(1900));
    EXPECT_TRUE(journal.claim_deliveries("pacs", "b", at(1899), kLease, 3).empty());
    const auto second = journal.claim_deliveries("pacs", "b", at(1900), kLease, 3);
    ASSERT_EQ(second.size(), 1u);
    journal.finish_delivery(first[0], "a", {State::dead, "late", {}}, at(1910));
    EXPECT_EQ(journal.counts().deliveries_pending, 1) << "only the present owner may give up";
    journal.renew_deliveries("a", at(1920), Duration(99999));
    EXPECT_EQ(journal.next_delivery_due(), at(2900)) << "nor does the former owner's renewal count";
}

TEST_P(JournalDeliveries, DeliveredIsAFactWhoeverHasTheLease) {
    Journal journal = open();
    queue(journal, 1);
    const auto first = journal.claim_deliveries("pacs", "a", at(0), kLease, 3);
    const auto second = journal.claim_deliveries("pacs", "b", at(2000), kLease, 3);
    journal.finish_delivery(first.at(0), "a", {State::delivered, "", {}}, at(2001));
    journal.finish_delivery(second.at(0), "b", {State::retry, "", at(3000)}, at(2002));
    EXPECT_EQ(journal.counts().deliveries_delivered, 1);
    EXPECT_FALSE(journal.next_delivery_due());
}

TEST_P(JournalDeliveries, ADeadOwnersDeliveriesAreGivenBack) {
    Journal journal = open();
    queue(journal, 2);
    journal.claim_deliveries("pacs", "dead", at(0), kLease, 3);
    EXPECT_EQ(journal.release_deliveries("dead"), 2);
    EXPECT_EQ(journal.claim_deliveries("pacs", "b", at(1), kLease, 3).size(), 2u);
}

TEST_P(JournalDeliveries, ManySendersTakeNoneTwice) {
    constexpr int kObjects = 60;
    {
        Journal journal = open();
        queue(journal, kObjects);
    }
    std::mutex mutex;
    std::map<std::string, int> sent;
    std::vector<std::thread> senders;
    for (int sender = 0; sender < 4; ++sender)
        senders.emplace_back([&, sender] {
            Journal journal = open();
            const std::string owner = std::to_string(sender);
            for (;;) {
                const auto batch = journal.claim_deliveries("pacs", owner, at(0), kLease, 4);
                if (batch.empty()) break;
                for (const PendingDelivery& delivery : batch) {
                    {
                        const std::lock_guard lock(mutex);
                        ++sent[delivery.sop_instance_uid];
                    }
                    journal.finish_delivery(delivery, owner, {State::delivered, "", {}}, at(1));
                }
            }
        });
    for (std::thread& sender : senders)
        sender.join();
    Journal journal = open();
    EXPECT_EQ(journal.counts().deliveries_delivered, kObjects);
    for (const auto& [sop, times] : sent)
        EXPECT_EQ(times, 1) << sop;
}

}  // namespace
}  // namespace calcnode::service

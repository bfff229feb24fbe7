#include <string>

#include "journal_fixture.h"

namespace calcnode::service {
namespace {

constexpr Duration kLease{60'000};

class JournalLeases : public JournalTest {};
CALCNODE_ON_BOTH_DATABASES(JournalLeases);

bool is_dead(const std::string& owner) {
    return owner == "dead";
}

TEST_P(JournalLeases, OfTheGoneAreGivenBackAtOnce) {
    Journal journal = open();
    record_one(journal, sample_instance("1.1", "1.1.1"));
    record_one(journal, sample_instance("1.2", "1.2.1"));
    close_all(journal, at(10));
    ASSERT_TRUE(journal.claim_job("dead", at(20), kLease));
    ASSERT_TRUE(journal.claim_job("alive", at(20), kLease));
    EXPECT_FALSE(journal.claim_job("next", at(30), kLease));
    EXPECT_EQ(journal.release_leases(is_dead), 1);
    const auto job = journal.claim_job("next", at(30), kLease);
    ASSERT_TRUE(job);
    EXPECT_EQ(job->study_instance_uid, "1.1");
    EXPECT_EQ(job->attempt, 2);
    EXPECT_EQ(job->worker_deaths, 0) << "that the machine went down is not the job's fault";
    EXPECT_EQ(journal.release_leases(is_dead), 0);
}

TEST_P(JournalLeases, OfDeliveriesToo) {
    Journal journal = open();
    record_one(journal, sample_instance("1.1", "1.1.1"));
    close_all(journal, at(10));
    const auto job = journal.claim_job("w", at(20), kLease);
    ASSERT_TRUE(journal.complete_job(*job, "w", {sample_result("9.1")}, false, "", at(30)));
    ASSERT_EQ(journal.claim_deliveries("pacs", "dead", at(40), kLease, 10).size(), 1u);
    EXPECT_TRUE(journal.claim_deliveries("pacs", "next", at(50), kLease, 10).empty());
    EXPECT_EQ(journal.release_leases(is_dead), 1);
    EXPECT_EQ(journal.claim_deliveries("pacs", "next", at(50), kLease, 10).size(), 1u);
}

TEST_P(JournalLeases, ADeadWorkersJobKnowsOfTheDeath) {
    Journal journal = open();
    record_one(journal, sample_instance("1.1", "1.1.1"));
    close_all(journal, at(10));
    for (int deaths = 0; deaths < 3; ++deaths) {
        const auto job = journal.claim_job("w", at(20), kLease);
        ASSERT_TRUE(job);
        EXPECT_EQ(job->worker_deaths, deaths);
        const auto running = journal.running_jobs();
        ASSERT_EQ(running.size(), 1u);
        EXPECT_EQ(running[0].id, job->id);
        EXPECT_EQ(running[0].attempt, job->attempt);
        EXPECT_EQ(running[0].owner, "w");
        EXPECT_EQ(journal.release_jobs("w"), 1);
    }
    EXPECT_TRUE(journal.running_jobs().empty());
}

}  // namespace
}  // namespace calcnode::service

#include <atomic>
#include <thread>

#include <sys/stat.h>

#include "journal_fixture.h"
#include "service/journal_migrations.h"
#include "service/journal_writer.h"

namespace calcnode::service {
namespace {

class JournalOpen : public JournalTest {};
CALCNODE_ON_BOTH_DATABASES(JournalOpen);

TEST(JournalUrl, RefusesWhatItCannotBe) {
    EXPECT_THROW(Journal::open("mysql://host/db"), JournalError);
    EXPECT_THROW(Journal::open("sqlite://relative.db"), JournalError);
    EXPECT_THROW(Journal::open("sqlite:///tmp/a\"b.db"), JournalError);
    EXPECT_THROW(Journal::open(""), JournalError);
}

TEST(JournalUrl, TellsNoPassword) {
    try {
        Journal::open("postgresql://user:secret@127.0.0.1:1/db");
        FAIL() << "opened";
    } catch (const JournalError& error) {
        EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
    }
}

TEST_P(JournalOpen, ManyProcessesMayStartTogether) {
    std::atomic<int> opened{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([&] {
            Journal journal = open();
            if (journal.counts().instances == 0) ++opened;
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(opened, 8);
    int steps = 0;
    *raw() << "select count(*) from schema_version", soci::into(steps);
    EXPECT_EQ(steps, journal_schema_version());
}

TEST_P(JournalOpen, KeepsWhatItHolds) {
    {
        Journal journal = open();
        record_one(journal, sample_instance("1.1", "1.1.1"));
    }
    Journal journal = open();
    EXPECT_EQ(journal.counts().instances, 1);
}

/// A journal of calcnode's first version, with something in it.
TEST_P(JournalOpen, BringsTheFirstVersionUpToDate) {
    {
        auto sql = raw();
        migrate_journal(*sql, parse_journal_url(url()).dialect, 1);
        for (const char* state : {"pending", "delivered", "dead"}) {
            *sql << "insert into delivery (destination, path, sop_class_uid, sop_instance_uid, "
                    "transfer_syntax_uid, state, attempt, next_attempt, owner, lease_until, text, created, "
                    "finished) values ('pacs', 'p', '1.1', :sop, '1.2', :state, 2, 0, '', 0, 't', 7, 0)",
                soci::use("9." + std::string(state)), soci::use(std::string(state));
        }
        int version = 0;
        *sql << "select max(version) from schema_version", soci::into(version);
        ASSERT_EQ(version, 1);
    }
    Journal journal = open();
    EXPECT_EQ(journal.counts().deliveries_pending, 1);
    EXPECT_EQ(journal.counts().deliveries_delivered, 1);
    EXPECT_EQ(journal.counts().deliveries_dead, 1);
    const auto due = journal.claim_deliveries("pacs", "a", at(0), Duration(1000), 10);
    ASSERT_EQ(due.size(), 1u);
    EXPECT_EQ(due[0].attempt, 3);
    journal.finish_delivery(due[0], "a", {DeliveryOutcome::State::not_accepted, "", {}}, at(1));
    EXPECT_EQ(journal.counts().deliveries_not_accepted, 1);
    ReceivedInstance forwarded = sample_instance("1.1", "1.1.1");
    forwarded.analysable = false;
    record_one(journal, forwarded);  // the generated key goes on
    EXPECT_EQ(journal.claim_deliveries("pacs", "a", at(0), Duration(1000), 10).size(), 1u);
}

TEST_P(JournalOpen, RefusesAJournalFromANewerVersion) {
    open();
    const int newer = journal_schema_version() + 1;
    *raw() << "insert into schema_version (version, applied) values (:version, 0)", soci::use(newer);
    try {
        open();
        FAIL() << "opened";
    } catch (const JournalError& error) {
        EXPECT_NE(std::string(error.what()).find("version " + std::to_string(newer)), std::string::npos);
    }
}

TEST_P(JournalOpen, CommitsAreDurable) {
    open();
    auto sql = raw();
    if (on_postgresql()) {
        std::string mode;
        *sql << "show synchronous_commit", soci::into(mode);
        EXPECT_EQ(mode, "on");
        return;
    }
    std::string journal_mode;
    int synchronous = 0;
    *sql << "pragma journal_mode", soci::into(journal_mode);
    *sql << "pragma synchronous", soci::into(synchronous);
    EXPECT_EQ(journal_mode, "wal");
    EXPECT_EQ(synchronous, 2);
    struct stat status {};
    ASSERT_EQ(::stat((folder_.path() / "journal.db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_P(JournalOpen, RecoversFromALostConnectionOnTheNextCall) {
    if (!on_postgresql()) GTEST_SKIP() << "SQLite has no connection to lose";
    Journal journal = open();
    record_one(journal, sample_instance("1.1", "1.1.1"));
    break_connections();
    EXPECT_EQ(record_one(journal, sample_instance("1.1", "1.1.2")), Acceptance::recorded);
    break_connections();
    EXPECT_EQ(journal.open_studies().at(0).instances.size(), 2u);
}

TEST_P(JournalOpen, TheWriterRecoversFromALostConnection) {
    if (!on_postgresql()) GTEST_SKIP() << "SQLite has no connection to lose";
    JournalWriter writer(url());
    writer.record(sample_instance("1.1", "1.1.1"));
    break_connections();
    EXPECT_EQ(writer.record(sample_instance("1.1", "1.1.2")), Acceptance::recorded);
}

TEST_P(JournalOpen, AFailedTransactionLeavesTheJournalUsable) {
    Journal journal = open();
    *raw() << "alter table instance rename to away";
    EXPECT_THROW(record_one(journal, sample_instance("1.1", "1.1.1")), JournalError);
    EXPECT_THROW(journal.open_studies(), JournalError);
    *raw() << "alter table away rename to instance";
    EXPECT_EQ(record_one(journal, sample_instance("1.1", "1.1.1")), Acceptance::recorded);
}

}  // namespace
}  // namespace calcnode::service

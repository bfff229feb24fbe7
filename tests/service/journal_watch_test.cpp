#include "service/journal_watch.h"

#include <gmock/gmock.h>

#include "journal_fixture.h"

namespace calcnode::service {
namespace {

using testing::ElementsAre;
constexpr Duration kLease{1000};

class JournalWatch : public JournalTest {
  protected:
    /// A study that got its image at(received).
    static void receive(Journal& journal, const std::string& study, long long received) {
        ReceivedInstance instance = sample_instance(study, study + ".1");
        instance.received = at(received);
        record_one(journal, instance);
    }
    /// Closes what is open and completes its job, with one result named after it.
    static void analyse(Journal& journal, const std::string& result, bool failed = false) {
        close_all(journal, at(0));
        const auto job = journal.claim_job("worker", at(0), kLease);
        ASSERT_TRUE(job);
        ASSERT_TRUE(
            journal.complete_job(*job, "worker", {sample_result(result)}, failed, "1 analysed", at(1)));
    }
    static void end_delivery(Journal& journal, DeliveryOutcome::State state, const std::string& text = "") {
        const auto claimed = journal.claim_deliveries("pacs", "send", at(5), kLease, 1);
        ASSERT_EQ(claimed.size(), 1u);
        journal.finish_delivery(claimed.front(), "send", {state, text, at(60'000)}, at(6));
    }
    static std::vector<std::string> uids(Journal& journal, StudyQuery query = {}) {
        std::vector<std::string> found;
        for (const StudyRow& study : journal.list_studies(query))
            found.push_back(study.study_instance_uid);
        return found;
    }
    /// The states that list the study, when each is asked for.
    static std::vector<StudyState> listed_as(Journal& journal, const std::string& study) {
        std::vector<StudyState> states;
        for (int i = 0; i <= static_cast<int>(StudyState::trouble); ++i) {
            StudyQuery query;
            query.state = static_cast<StudyState>(i);
            query.study_instance_uid = study;
            for (const StudyRow& row : journal.list_studies(query)) {
                EXPECT_EQ(state_of(row), *query.state);
                states.push_back(*query.state);
            }
        }
        return states;
    }
};
CALCNODE_ON_BOTH_DATABASES(JournalWatch);

TEST_P(JournalWatch, TheLastToReceiveComesFirstAndPagesGoOn) {
    Journal journal = open();
    for (int i = 1; i <= 5; ++i)
        receive(journal, "1." + std::to_string(i), i < 4 ? 1000 : 2000);
    EXPECT_THAT(uids(journal), ElementsAre("1.5", "1.4", "1.3", "1.2", "1.1"));
    StudyQuery query;
    query.limit = 2;
    EXPECT_THAT(uids(journal, query), ElementsAre("1.5", "1.4"));
    const auto page = journal.list_studies(query);
    query.after = ListCursor{page.back().last_received.time_since_epoch().count(), page.back().id};
    EXPECT_THAT(uids(journal, query), ElementsAre("1.3", "1.2"));
}

TEST_P(JournalWatch, AStudyIsListedUnderItsStateAndNoOther) {
    Journal journal = open();
    receive(journal, "1.1", 0);
    EXPECT_THAT(listed_as(journal, "1.1"), ElementsAre(StudyState::receiving));
    close_all(journal, at(0));
    EXPECT_THAT(listed_as(journal, "1.1"), ElementsAre(StudyState::queued));
    const auto job = journal.claim_job("worker", at(0), kLease);
    EXPECT_THAT(listed_as(journal, "1.1"), ElementsAre(StudyState::analysing));
    journal.complete_job(*job, "worker", {sample_result("9.1")}, false, "", at(1));
    EXPECT_THAT(listed_as(journal, "1.1"), ElementsAre(StudyState::delivering));
    end_delivery(journal, DeliveryOutcome::State::delivered);
    EXPECT_THAT(listed_as(journal, "1.1"), ElementsAre(StudyState::done));
}

TEST_P(JournalWatch, ADeadDeliveryAndAFailedJobAreTrouble) {
    Journal journal = open();
    receive(journal, "1.1", 0);
    analyse(journal, "9.1");
    end_delivery(journal, DeliveryOutcome::State::dead, "refused, status A900");
    EXPECT_THAT(listed_as(journal, "1.1"), ElementsAre(StudyState::trouble));
    receive(journal, "1.2", 0);
    analyse(journal, "9.2", true);
    EXPECT_THAT(listed_as(journal, "1.2"), ElementsAre(StudyState::trouble));
}

TEST_P(JournalWatch, SinceAndUntilAreAboutTheLastInstance) {
    Journal journal = open();
    receive(journal, "1.1", 1000);
    receive(journal, "1.2", 2000);
    StudyQuery query;
    query.since = at(2000);
    EXPECT_THAT(uids(journal, query), ElementsAre("1.2"));
    query.since = {};
    query.until = at(2000);
    EXPECT_THAT(uids(journal, query), ElementsAre("1.1"));
}

TEST_P(JournalWatch, AStudyIsFoundWithAllThatBelongsToIt) {
    Journal journal = open();
    receive(journal, "1.1", 0);
    analyse(journal, "9.1");
    end_delivery(journal, DeliveryOutcome::State::retry, "connection refused");
    const auto found = journal.find_study("1.1");
    ASSERT_TRUE(found);
    ASSERT_EQ(found->study.instances.size(), 1u);
    EXPECT_EQ(found->study.instances.front().instance.header.sop_instance_uid, "1.1.1");
    ASSERT_EQ(found->jobs.size(), 1u);
    EXPECT_EQ(found->jobs.front().images.size(), 1u);
    ASSERT_EQ(found->results.size(), 1u);
    EXPECT_EQ(found->results.front().sop_instance_uid, "9.1");
    ASSERT_EQ(found->deliveries.size(), 1u);
    EXPECT_EQ(found->deliveries.front().text, "connection refused");
    EXPECT_EQ(found->deliveries.front().kind, "cad_sr");
    EXPECT_EQ(found->deliveries.front().next_attempt, at(60'000));
    EXPECT_FALSE(journal.study_events("1.1", 10).empty());
    EXPECT_TRUE(journal.study_events("1.2", 10).empty());
    EXPECT_FALSE(journal.find_study("1.2"));
    EXPECT_EQ(journal.result_path("9.1"), found->results.front().path);
    EXPECT_FALSE(journal.result_path("9.2"));
}

TEST_P(JournalWatch, AForwardedObjectsDeliveryHasNoStudy) {
    Journal journal = open();
    ReceivedInstance instance = sample_instance("1.1", "1.1.1");
    instance.analysable = false;
    record_one(journal, instance);
    const auto deliveries = journal.list_deliveries({.after = {}});
    ASSERT_EQ(deliveries.size(), 1u);
    EXPECT_EQ(deliveries.front().study_instance_uid, "");
    EXPECT_EQ(deliveries.front().kind, "instance");
}

TEST_P(JournalWatch, ReplayStartsWhatIsDeadAnewAndNothingElse) {
    Journal journal = open();
    for (const char* study : {"1.1", "1.2", "1.3"}) {
        receive(journal, study, 0);
        analyse(journal, "9." + std::string(study));
    }
    end_delivery(journal, DeliveryOutcome::State::dead);
    end_delivery(journal, DeliveryOutcome::State::not_accepted);
    end_delivery(journal, DeliveryOutcome::State::delivered);
    const auto dead = journal.list_deliveries({.state = "dead", .after = {}});
    ASSERT_EQ(dead.size(), 1u);
    EXPECT_EQ(journal.replay({.id = 999}, "anna", at(7)).deliveries, 0);
    EXPECT_EQ(journal.replay({.destination = "elsewhere"}, "anna", at(7)).deliveries, 0);
    EXPECT_EQ(journal.replay({.id = dead.front().id}, "anna", at(7)).deliveries, 1);
    EXPECT_EQ(journal.replay({.destination = "pacs", .study_instance_uid = "1.2"}, "anna", at(7)).deliveries,
              1);
    EXPECT_EQ(journal.replay({.destination = "pacs"}, "anna", at(7)).deliveries, 0);
    const auto pending = journal.claim_deliveries("pacs", "send", at(7), kLease, 10);
    ASSERT_EQ(pending.size(), 2u);
    EXPECT_EQ(pending.front().attempt, 1);
}

TEST_P(JournalWatch, ReanalysingOpensTheStudyForItsNextGeneration) {
    Journal journal = open();
    receive(journal, "1.1", 0);
    EXPECT_FALSE(journal.reanalyse("1.1", "anna", at(10))) << "it is open";
    analyse(journal, "9.1");
    EXPECT_TRUE(journal.reanalyse("1.1", "anna", at(10)));
    EXPECT_FALSE(journal.reanalyse("1.2", "anna", at(10))) << "there is none";
    const auto open_studies = journal.open_studies();
    ASSERT_EQ(open_studies.size(), 1u);
    EXPECT_EQ(open_studies.front().last_received, at(10));
    EXPECT_EQ(open_studies.front().generation, 1);
    analyse(journal, "9.2");
    EXPECT_EQ(journal.find_study("1.1")->study.generation, 2);
}

TEST_P(JournalWatch, DestinationsSayWhatTheyLastRefused) {
    Journal journal = open();
    receive(journal, "1.1", 0);
    analyse(journal, "9.1");
    end_delivery(journal, DeliveryOutcome::State::retry, "connection refused");
    const auto activity = journal.destination_activity();
    ASSERT_EQ(activity.size(), 1u);
    EXPECT_EQ(activity.front().destination, "pacs");
    EXPECT_EQ(activity.front().deliveries.pending, 1);
    EXPECT_EQ(activity.front().last_error, "connection refused");
}

TEST_P(JournalWatch, EveryStepMovesAMark) {
    Journal journal = open();
    JournalMarks before = journal.marks();
    const auto moved = [&] {
        const JournalMarks after = journal.marks();
        return !(std::exchange(before, after) == after);
    };
    receive(journal, "1.1", 0);
    EXPECT_TRUE(moved());
    analyse(journal, "9.1");
    EXPECT_TRUE(moved());
    EXPECT_FALSE(moved());
    end_delivery(journal, DeliveryOutcome::State::delivered);
    EXPECT_TRUE(moved());
}

TEST_P(JournalWatch, QueuesSayHowLongTheirOldestWaits) {
    Journal journal = open();
    EXPECT_EQ(journal.queue_ages().oldest_open_study, Time{});
    receive(journal, "1.1", 500);
    EXPECT_EQ(journal.queue_ages().oldest_open_study, at(500));
    close_all(journal, at(700));
    EXPECT_EQ(journal.queue_ages().oldest_queued_job, at(700));
}

}  // namespace
}  // namespace calcnode::service

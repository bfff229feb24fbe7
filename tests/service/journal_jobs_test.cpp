#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "journal_fixture.h"

namespace calcnode::service {
namespace {

constexpr Duration kLease{1000};

class JournalJobs : public JournalTest {
  protected:
    /// A queued job for each study.
    static void queue(Journal& journal, const std::vector<std::string>& studies) {
        for (const std::string& study : studies)
            record_one(journal, sample_instance(study, study + ".1"));
        close_all(journal, at(10));
    }
    static void add_generation(Journal& journal, const std::string& study) {
        record_one(journal, sample_instance(study, study + ".2"));
        close_all(journal, at(20));
    }
};
CALCNODE_ON_BOTH_DATABASES(JournalJobs);

TEST_P(JournalJobs, ClaimsTheOldestFirst) {
    Journal journal = open();
    queue(journal, {"1.1", "1.2"});
    const auto first = journal.claim_job("a", at(100), kLease);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->study_instance_uid, "1.1");
    EXPECT_EQ(first->generation, 1);
    EXPECT_EQ(first->attempt, 1);
    EXPECT_EQ(first->destinations, std::vector<std::string>{"pacs"});
    ASSERT_EQ(first->images.size(), 1u);
    EXPECT_EQ(first->images[0].path, "instances/20260201/1.1.1.dcm");
    EXPECT_EQ(first->images[0].sop_instance_uid, "1.1.1");
    EXPECT_TRUE(first->images[0].attempt);
    EXPECT_EQ(journal.claim_job("b", at(100), kLease)->study_instance_uid, "1.2");
    EXPECT_FALSE(journal.claim_job("c", at(100), kLease));
}

TEST_P(JournalJobs, ReasonsTravelWithTheImages) {
    Journal journal = open();
    record_one(journal, sample_instance("1.1", "1.1.1"));
    const OpenStudy study = journal.open_studies().at(0);
    journal.close_study(study, {{study.instances[0].id, "p", "1.1.1", false, "specimen"}}, {"a", "b"},
                        "quiet", at(1));
    const auto job = journal.claim_job("w", at(2), kLease);
    EXPECT_FALSE(job->images.at(0).attempt);
    EXPECT_EQ(job->images.at(0).reason, "specimen");
    EXPECT_EQ(job->images.at(0).instance_id, study.instances[0].id);
    EXPECT_EQ(job->destinations, (std::vector<std::string>{"a", "b"}));
}

TEST_P(JournalJobs, AJobWhoseLeaseRanOutIsGivenToAnother) {
    Journal journal = open();
    queue(journal, {"1.1"});
    const auto first = journal.claim_job("a", at(0), kLease);
    EXPECT_TRUE(journal.renew_job(first->id, "a", at(900), kLease));
    EXPECT_FALSE(journal.claim_job("b", at(1899), kLease));
    const auto second = journal.claim_job("b", at(1900), kLease);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->id, first->id);
    EXPECT_EQ(second->attempt, 2);
    EXPECT_FALSE(journal.renew_job(first->id, "a", at(1950), kLease));
    EXPECT_FALSE(journal.complete_job(*first, "a", {sample_result("9.1")}, false, "", at(1960)));
    EXPECT_EQ(journal.counts().results, 0);
    EXPECT_EQ(journal.counts().deliveries_pending, 0);
    EXPECT_TRUE(journal.complete_job(*second, "b", {sample_result("9.1")}, false, "", at(1970)));
    EXPECT_EQ(journal.counts().results, 1);
}

TEST_P(JournalJobs, AnEarlierAttemptOfTheSameOwnerCannotCompleteTheJob) {
    Journal journal = open();
    queue(journal, {"1.1"});
    const auto first = journal.claim_job("a", at(0), kLease);
    const auto second = journal.claim_job("a", at(5000), kLease);
    ASSERT_TRUE(second);
    EXPECT_FALSE(journal.complete_job(*first, "a", {}, false, "", at(5001)));
    EXPECT_TRUE(journal.complete_job(*second, "a", {}, false, "", at(5002)));
}

TEST_P(JournalJobs, CompletingRecordsResultsAndTheirDeliveries) {
    Journal journal = open();
    queue(journal, {"1.1"});
    auto job = journal.claim_job("a", at(0), kLease);
    job->destinations = {"pacs", "viewer"};
    const std::vector<ResultToRecord> results = {sample_result("9.1", {"a", "b"}),
                                                 sample_result("9.2", {"a", "b"})};
    EXPECT_TRUE(journal.complete_job(*job, "a", results, true, "nothing could be read", at(50)));
    const JournalCounts counts = journal.counts();
    EXPECT_EQ(counts.jobs_done, 1);
    EXPECT_EQ(counts.jobs_failed, 1);
    EXPECT_EQ(counts.jobs_running, 0);
    EXPECT_EQ(counts.results, 2);
    EXPECT_EQ(counts.deliveries_pending, 4);
    EXPECT_EQ(journal.recent_events(1).at(0).kind, "job_failed");
    EXPECT_EQ(journal.recent_events(1).at(0).text, "nothing could be read");
    EXPECT_EQ(journal.known_paths().size(), 3u);
    // As after a connection that broke in the commit:
    EXPECT_TRUE(journal.complete_job(*job, "a", results, true, "", at(60)));
    EXPECT_EQ(journal.counts().deliveries_pending, 4);
}

TEST_P(JournalJobs, WhatADestinationHasIsNotSentAgain) {
    Journal journal = open();
    queue(journal, {"1.1"});
    journal.complete_job(*journal.claim_job("a", at(30), kLease), "a",
                         {sample_result("9.1"), sample_result("9.2")}, false, "", at(40));
    const auto sent = journal.claim_deliveries("pacs", "d", at(50), kLease, 10);
    ASSERT_EQ(sent.size(), 2u);
    journal.finish_delivery(sent[0], "d", {DeliveryOutcome::State::delivered, "", {}}, at(60));
    journal.finish_delivery(sent[1], "d", {DeliveryOutcome::State::dead, "refused", {}}, at(60));

    add_generation(journal, "1.1");
    const auto again = journal.claim_job("a", at(70), kLease);
    const std::vector<std::string> both{"pacs", "viewer"};
    journal.complete_job(*again, "a",
                         {sample_result("9.1", both), sample_result("9.2", both), sample_result("9.3", both)},
                         false, "", at(80));
    EXPECT_EQ(journal.counts().results, 3);
    const auto due = journal.claim_deliveries("pacs", "d", at(90), kLease, 10);
    ASSERT_EQ(due.size(), 2u) << "the one that was given up, and the new one";
    EXPECT_EQ(due[0].sop_instance_uid, "9.2");
    EXPECT_EQ(due[0].attempt, 1);
    EXPECT_EQ(due[1].sop_instance_uid, "9.3");
    EXPECT_EQ(journal.claim_deliveries("viewer", "d", at(90), kLease, 10).size(), 3u);
}

TEST_P(JournalJobs, AnObjectGoesOnlyWhereItIsWanted) {
    Journal journal = open();
    queue(journal, {"1.1"});
    journal.complete_job(*journal.claim_job("a", at(30), kLease), "a",
                         {sample_result("9.1", {"viewer"}), sample_result("9.2", {}), sample_result("9.3")},
                         false, "", at(40));
    EXPECT_EQ(journal.counts().results, 3);
    const auto viewer = journal.claim_deliveries("viewer", "d", at(50), kLease, 10);
    ASSERT_EQ(viewer.size(), 1u);
    EXPECT_EQ(viewer[0].sop_instance_uid, "9.1");
    const auto pacs = journal.claim_deliveries("pacs", "d", at(50), kLease, 10);
    ASSERT_EQ(pacs.size(), 1u);
    EXPECT_EQ(pacs[0].sop_instance_uid, "9.3");
}

TEST_P(JournalJobs, WhatWasNotAcceptedIsOfferedOnceMoreWithTheNextJob) {
    Journal journal = open();
    queue(journal, {"1.1"});
    journal.complete_job(*journal.claim_job("a", at(30), kLease), "a", {sample_result("9.1")}, false, "",
                         at(40));
    const auto sent = journal.claim_deliveries("pacs", "d", at(50), kLease, 10);
    journal.finish_delivery(sent.at(0), "d", {DeliveryOutcome::State::not_accepted, "", {}}, at(60));
    add_generation(journal, "1.1");
    journal.complete_job(*journal.claim_job("a", at(70), kLease), "a", {sample_result("9.1")}, false, "",
                         at(80));
    EXPECT_EQ(journal.claim_deliveries("pacs", "d", at(90), kLease, 10).size(), 1u);
}

TEST_P(JournalJobs, KnowsTheReportsThatItsOwnReplace) {
    const auto report = [](const std::string& sop, dicom::ResultKind kind, dicom::CodeScheme scheme) {
        ResultToRecord result = sample_result(sop);
        result.object.kind = kind;
        result.object.code_scheme = scheme;
        result.object.series_instance_uid = sop + ".1";
        return result;
    };
    using dicom::CodeScheme;
    using dicom::ResultKind;
    Journal journal = open();
    queue(journal, {"1.1", "1.2"});
    const auto first = journal.claim_job("a", at(30), kLease);
    EXPECT_TRUE(first->earlier_reports.empty());
    journal.complete_job(*first, "a",
                         {report("9.1", ResultKind::segmentation, CodeScheme::sct),
                          report("9.2", ResultKind::cad_sr, CodeScheme::sct),
                          report("9.3", ResultKind::cad_sr, CodeScheme::srt)},
                         false, "", at(40));
    const auto other = journal.claim_job("a", at(41), kLease);
    EXPECT_TRUE(other->earlier_reports.empty()) << "another study's";
    journal.complete_job(*other, "a", {}, false, "", at(42));

    add_generation(journal, "1.1");
    const auto second = journal.claim_job("a", at(50), kLease);
    ASSERT_EQ(second->earlier_reports.size(), 2u);
    EXPECT_EQ(second->earlier_reports[0].sop_instance_uid, "9.2");
    EXPECT_EQ(second->earlier_reports[0].series_instance_uid, "9.2.1");
    EXPECT_EQ(second->earlier_reports[0].kind, ResultKind::cad_sr);
    EXPECT_EQ(second->earlier_reports[1].code_scheme, CodeScheme::srt);
    journal.complete_job(*second, "a",
                         {report("9.4", ResultKind::cad_sr, CodeScheme::sct),
                          report("9.5", ResultKind::measurement_report, CodeScheme::sct)},
                         false, "", at(60));

    record_one(journal, sample_instance("1.1", "1.1.3"));
    close_all(journal, at(70));
    const auto third = journal.claim_job("a", at(80), kLease);
    std::vector<std::string> uids;
    for (const EarlierReport& earlier : third->earlier_reports)
        uids.push_back(earlier.sop_instance_uid);
    EXPECT_EQ(uids, (std::vector<std::string>{"9.4", "9.5", "9.3"})) << "the latest of each kind and scheme";
}

TEST_P(JournalJobs, OneJobOfAStudyAtATime) {
    Journal journal = open();
    queue(journal, {"1.1"});
    const auto first = journal.claim_job("a", at(0), kLease);
    add_generation(journal, "1.1");
    EXPECT_FALSE(journal.claim_job("b", at(500), kLease));
    EXPECT_TRUE(journal.complete_job(*first, "a", {}, false, "", at(600)));
    EXPECT_EQ(journal.claim_job("b", at(700), kLease)->generation, 2);
}

TEST_P(JournalJobs, ADeadWorkersJobGivesWayToANewerGeneration) {
    Journal journal = open();
    queue(journal, {"1.1"});
    const auto first = journal.claim_job("a", at(0), kLease);
    add_generation(journal, "1.1");
    EXPECT_EQ(journal.claim_job("b", at(2000), kLease)->generation, 2);
    EXPECT_FALSE(journal.claim_job("c", at(2000), kLease));
    EXPECT_FALSE(journal.renew_job(first->id, "a", at(2001), kLease));
    EXPECT_FALSE(journal.complete_job(*first, "a", {sample_result("9.1")}, false, "", at(2002)));
}

TEST_P(JournalJobs, ReleasedJobsKeepTheirAttempts) {
    Journal journal = open();
    queue(journal, {"1.1", "1.2", "1.3"});
    journal.claim_job("dead", at(0), kLease);
    journal.claim_job("dead", at(0), kLease);
    journal.claim_job("alive", at(0), kLease);
    EXPECT_EQ(journal.release_jobs("dead"), 2);
    EXPECT_EQ(journal.counts().jobs_queued, 2);
    EXPECT_EQ(journal.claim_job("b", at(1), kLease)->attempt, 2);
}

TEST_P(JournalJobs, AReturnedJobsAttemptDoesNotCount) {
    Journal journal = open();
    queue(journal, {"1.1"});
    const auto job = journal.claim_job("a", at(0), kLease);
    journal.return_job(*job, "b");
    EXPECT_EQ(journal.counts().jobs_running, 1) << "not the owner's to return";
    journal.return_job(*job, "a");
    EXPECT_EQ(journal.claim_job("b", at(1), kLease)->attempt, 1);
}

TEST_P(JournalJobs, ManyWorkersShareTheJobsAndTakeNoneTwice) {
    constexpr int kStudies = 40;
    {
        Journal journal = open();
        std::vector<std::string> studies;
        for (int i = 0; i < kStudies; ++i)
            studies.push_back("1." + std::to_string(i));
        queue(journal, studies);
    }
    std::mutex mutex;
    std::map<std::int64_t, int> taken;
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 4; ++worker)
        workers.emplace_back([&, worker] {
            Journal journal = open();
            const std::string owner = std::to_string(worker);
            int idle = 0;
            while (idle < 3) {  // a job may be passed over while another looks at it
                const auto job = journal.claim_job(owner, at(100), kLease);
                if (!job) {
                    ++idle;
                    continue;
                }
                idle = 0;
                {
                    const std::lock_guard lock(mutex);
                    ++taken[job->id];
                }
                EXPECT_TRUE(journal.complete_job(*job, owner, {sample_result("9." + std::to_string(job->id))},
                                                 false, "", at(200)));
            }
        });
    for (std::thread& worker : workers)
        worker.join();
    Journal journal = open();
    while (const auto job = journal.claim_job("last", at(100), kLease))
        ++taken[job->id];
    EXPECT_EQ(taken.size(), static_cast<std::size_t>(kStudies));
    for (const auto& [job, times] : taken)
        EXPECT_EQ(times, 1) << "job " << job;
}

TEST_P(JournalJobs, GenerationsThatArriveWhileWorkersRunAreNeverAnalysedSideBySide) {
    constexpr int kStudies = 4;
    open();
    std::mutex mutex;
    std::map<std::string, int> running;
    std::atomic<bool> done{false};
    std::atomic<bool> overlap{false};
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 4; ++worker)
        workers.emplace_back([&, worker] {
            Journal journal = open();
            const std::string owner = std::to_string(worker);
            while (!done) {
                const auto job = journal.claim_job(owner, at(100), kLease);
                if (!job) continue;
                {
                    const std::lock_guard lock(mutex);
                    if (++running[job->study_instance_uid] > 1) overlap = true;
                }
                std::this_thread::yield();
                {
                    const std::lock_guard lock(mutex);
                    --running[job->study_instance_uid];
                }
                journal.complete_job(*job, owner, {}, false, "", at(200));
            }
        });
    Journal journal = open();
    for (int i = 0; i < 60; ++i) {
        const std::string study = "1." + std::to_string(i % kStudies);
        record_one(journal, sample_instance(study, study + "." + std::to_string(i)));
        close_all(journal, at(50));
    }
    done = true;
    for (std::thread& worker : workers)
        worker.join();
    EXPECT_FALSE(overlap);
    for (int i = 0; i < kStudies; ++i) {
        if (const auto job = journal.claim_job("last", at(300), kLease)) {
            EXPECT_EQ(job->generation, 15);
        }
    }
}

}  // namespace
}  // namespace calcnode::service

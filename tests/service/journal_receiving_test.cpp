#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "journal_fixture.h"

namespace calcnode::service {
namespace {

class JournalReceiving : public JournalTest {};
CALCNODE_ON_BOTH_DATABASES(JournalReceiving);

TEST_P(JournalReceiving, RecordsANewInstanceAndOpensItsStudy) {
    Journal journal = open();
    ReceivedInstance instance = sample_instance("1.1", "1.1.1");
    instance.header.view = pipeline::View::xccl;
    instance.header.laterality = pipeline::Laterality::right;
    instance.header.intent = pipeline::Intent::processing;
    instance.header.implant_displaced = true;
    instance.header.rows = 3328;
    instance.header.source_instance_uids = {"1.9", "1.8"};
    instance.header.content_datetime = "20260201101112.5";
    instance.destinations = {"pacs", "viewer"};
    EXPECT_EQ(record_one(journal, instance), Acceptance::recorded);

    const auto studies = journal.open_studies();
    ASSERT_EQ(studies.size(), 1u);
    EXPECT_EQ(studies[0].study_instance_uid, "1.1");
    EXPECT_EQ(studies[0].generation, 0);
    EXPECT_EQ(studies[0].first_received, at(0));
    ASSERT_EQ(studies[0].instances.size(), 1u);
    const ReceivedInstance& stored = studies[0].instances[0].instance;
    EXPECT_EQ(stored.path, instance.path);
    EXPECT_EQ(stored.bytes, instance.bytes);
    EXPECT_EQ(stored.digest, instance.digest);
    EXPECT_EQ(stored.calling_ae_title, "MODALITY");
    EXPECT_EQ(stored.called_ae_title, "CALCNODE");
    EXPECT_EQ(stored.peer, "10.0.0.7");
    EXPECT_EQ(stored.destinations, instance.destinations);
    EXPECT_EQ(stored.received, at(0));
    EXPECT_EQ(stored.header.view, pipeline::View::xccl);
    EXPECT_EQ(stored.header.laterality, pipeline::Laterality::right);
    EXPECT_EQ(stored.header.intent, pipeline::Intent::processing);
    EXPECT_TRUE(stored.header.implant_displaced);
    EXPECT_FALSE(stored.header.implant_present);
    EXPECT_EQ(stored.header.rows, 3328);
    EXPECT_EQ(stored.header.source_instance_uids, instance.header.source_instance_uids);
    EXPECT_EQ(stored.header.content_datetime, instance.header.content_datetime);
}

TEST_P(JournalReceiving, KnowsTheSameBytesAgain) {
    Journal journal = open();
    const ReceivedInstance instance = sample_instance("1.1", "1.1.1");
    record_one(journal, instance);
    const auto revision = journal.open_studies().at(0).revision;
    EXPECT_EQ(record_one(journal, in_file(instance, "instances/again.dcm")), Acceptance::repeated);
    EXPECT_EQ(journal.open_studies().at(0).revision, revision);
    EXPECT_EQ(journal.known_paths().size(), 1u);
}

TEST_P(JournalReceiving, KeepsOtherBytesOfTheSameInstanceAsAVariant) {
    Journal journal = open();
    record_one(journal, sample_instance("1.1", "1.1.1"));
    ReceivedInstance other = in_file(sample_instance("1.1", "1.1.1"), "instances/other.dcm");
    other.digest = "another";
    EXPECT_EQ(record_one(journal, other), Acceptance::differing);
    EXPECT_EQ(record_one(journal, in_file(other, "instances/third.dcm")), Acceptance::repeated);
    EXPECT_EQ(journal.counts().instances, 1);
    EXPECT_EQ(journal.counts().variants, 1);
    ASSERT_EQ(journal.open_studies().at(0).instances.size(), 1u);
    EXPECT_EQ(journal.open_studies().at(0).instances[0].instance.digest, "digest-of-1.1.1");
    EXPECT_EQ(journal.known_paths().size(), 2u);
}

TEST_P(JournalReceiving, RecordingTheSameFileAgainChangesNothing) {
    Journal journal = open();
    const ReceivedInstance instance = sample_instance("1.1", "1.1.1");
    ReceivedInstance other = in_file(instance, "instances/other.dcm");
    other.digest = "another";
    record_one(journal, instance);
    record_one(journal, other);
    const auto revision = journal.open_studies().at(0).revision;
    EXPECT_EQ(record_one(journal, instance), Acceptance::recorded);
    EXPECT_EQ(record_one(journal, other), Acceptance::differing);
    EXPECT_EQ(journal.open_studies().at(0).revision, revision);
    EXPECT_EQ(journal.counts().variants, 1);
}

TEST_P(JournalReceiving, TellsTwinsInOneBatchApart) {
    Journal journal = open();
    const ReceivedInstance instance = sample_instance("1.1", "1.1.1");
    ReceivedInstance other = in_file(instance, "instances/other.dcm");
    other.digest = "another";
    const std::vector<ReceivedInstance> batch = {sample_instance("1.1", "1.1.2"), instance,
                                                 in_file(instance, "instances/twin.dcm"), other};
    const std::vector<Acceptance> expected = {Acceptance::recorded, Acceptance::recorded,
                                              Acceptance::repeated, Acceptance::differing};
    EXPECT_EQ(journal.record(batch), expected);
}

TEST_P(JournalReceiving, ForwardsWhatIsNotAnalysed) {
    Journal journal = open();
    ReceivedInstance instance = sample_instance("1.1", "1.1.1");
    instance.analysable = false;
    instance.destinations = {"pacs", "viewer"};
    record_one(journal, instance);
    EXPECT_TRUE(journal.open_studies().empty());
    EXPECT_EQ(journal.due_destinations(at(0)), (std::vector<std::string>{"pacs", "viewer"}));
    const auto due = journal.claim_deliveries("viewer", "me", at(0), Duration(1000), 10);
    ASSERT_EQ(due.size(), 1u);
    EXPECT_EQ(due[0].path, instance.path);
    EXPECT_EQ(due[0].transfer_syntax_uid, instance.header.transfer_syntax_uid);
    record_one(journal, in_file(instance, "instances/again.dcm"));
    EXPECT_EQ(journal.counts().deliveries_pending, 2);
}

TEST_P(JournalReceiving, TakesTextThatIsNoUtf8) {
    Journal journal = open();
    ReceivedInstance instance = sample_instance("1.1", "1.1.1");
    instance.header.station_name = std::string("caf\xe9\0x", 6);
    instance.calling_ae_title = "AE\xff\n";
    ASSERT_EQ(record_one(journal, instance), Acceptance::recorded);
    const ReceivedInstance stored = journal.open_studies().at(0).instances.at(0).instance;
    EXPECT_EQ(stored.calling_ae_title, "AE??");
    EXPECT_EQ(stored.header.station_name.substr(0, 3), "caf");
}

TEST_P(JournalReceiving, RefusesTwoInstancesInOneFileAndChangesNothing) {
    Journal journal = open();
    const ReceivedInstance first = sample_instance("1.1", "1.1.1");
    record_one(journal, first);
    const std::vector<ReceivedInstance> batch = {
        sample_instance("1.2", "1.2.1"), in_file(sample_instance("1.3", "1.3.1"), first.path.string())};
    EXPECT_THROW(journal.record(batch), JournalError);
    EXPECT_EQ(journal.counts().instances, 1);
    EXPECT_EQ(journal.open_studies().size(), 1u);
    EXPECT_EQ(record_one(journal, sample_instance("1.2", "1.2.1")), Acceptance::recorded);
}

TEST_P(JournalReceiving, ClosesAStudyOnce) {
    Journal journal = open();
    record_one(journal, sample_instance("1.1", "1.1.1"));
    const OpenStudy study = journal.open_studies().at(0);
    EXPECT_TRUE(journal.close_study(study, {}, {"pacs"}, "complete", at(5)));
    EXPECT_FALSE(journal.close_study(study, {}, {"pacs"}, "complete", at(5)));
    EXPECT_TRUE(journal.open_studies().empty());
    EXPECT_EQ(journal.counts().jobs_queued, 1);
}

TEST_P(JournalReceiving, DoesNotCloseAStudyThatHasGrown) {
    Journal journal = open();
    record_one(journal, sample_instance("1.1", "1.1.1"));
    const OpenStudy seen = journal.open_studies().at(0);
    record_one(journal, sample_instance("1.1", "1.1.2"));
    EXPECT_FALSE(journal.close_study(seen, {}, {"pacs"}, "quiet", at(5)));
    EXPECT_EQ(journal.open_studies().at(0).instances.size(), 2u);
    EXPECT_EQ(journal.counts().jobs_queued, 0);
}

TEST_P(JournalReceiving, ALateInstanceStartsTheNextGeneration) {
    Journal journal = open();
    record_one(journal, sample_instance("1.1", "1.1.1"));
    close_all(journal, at(5));
    ReceivedInstance late = sample_instance("1.1", "1.1.2");
    late.received = at(1000);
    record_one(journal, late);
    late = sample_instance("1.1", "1.1.3");
    late.received = at(3000);
    record_one(journal, late);

    const OpenStudy study = journal.open_studies().at(0);
    EXPECT_EQ(study.generation, 1);
    EXPECT_EQ(study.first_received, at(1000));
    EXPECT_EQ(study.last_received, at(3000));
    EXPECT_EQ(study.instances.size(), 3u);
    close_all(journal, at(4000));
    EXPECT_EQ(journal.counts().jobs_queued, 1) << "the first generation's job is superseded";
    EXPECT_EQ(journal.claim_job("worker", at(5000), Duration(1000))->generation, 2);
}

TEST_P(JournalReceiving, OneOfManyProcessesRecordsAnInstance) {
    constexpr int kThreads = 8;
    constexpr int kInstances = 40;
    std::atomic<int> recorded{0};
    std::atomic<int> repeated{0};
    std::vector<std::thread> threads;
    open();
    for (int thread = 0; thread < kThreads; ++thread)
        threads.emplace_back([&, thread] {
            Journal journal = open();
            std::mt19937 random(static_cast<unsigned>(thread));
            std::vector<ReceivedInstance> batch;
            for (int i = 0; i < kInstances; ++i) {
                const std::string sop = "1." + std::to_string(i % 4) + "." + std::to_string(i);
                batch.push_back(in_file(sample_instance("1." + std::to_string(i % 4), sop),
                                        sop + "-" + std::to_string(thread)));
            }
            std::shuffle(batch.begin(), batch.end(), random);
            for (std::size_t begin = 0; begin < batch.size(); begin += 10)
                for (const Acceptance acceptance : journal.record(std::span(batch).subspan(begin, 10)))
                    ++(acceptance == Acceptance::recorded ? recorded : repeated);
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(recorded, kInstances);
    EXPECT_EQ(repeated, kInstances * (kThreads - 1));
    Journal journal = open();
    EXPECT_EQ(journal.counts().instances, kInstances);
    std::size_t listed = 0;
    for (const OpenStudy& study : journal.open_studies()) {
        EXPECT_EQ(study.revision, kInstances / 4);
        listed += study.instances.size();
    }
    EXPECT_EQ(listed, static_cast<std::size_t>(kInstances));
}

TEST_P(JournalReceiving, AFileAdoptedByAnotherProcessAtTheSameTimeIsRecorded) {
    std::atomic<int> recorded{0};
    std::vector<std::thread> threads;
    open();
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&] {
            Journal journal = open();
            for (int i = 0; i < 25; ++i)
                if (record_one(journal, sample_instance("1.1", "1.1." + std::to_string(i))) ==
                    Acceptance::recorded)
                    ++recorded;
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(recorded, 100);
    Journal journal = open();
    EXPECT_EQ(journal.counts().instances, 25);
    EXPECT_EQ(journal.open_studies().at(0).revision, 25);
}

TEST_P(JournalReceiving, NoInstanceFallsBetweenTwoGenerations) {
    constexpr int kInstances = 60;
    open();
    std::atomic<bool> done{false};
    std::atomic<int> closed{0};
    std::vector<std::thread> closers;
    for (int thread = 0; thread < 3; ++thread)
        closers.emplace_back([&] {
            Journal journal = open();
            while (!done)
                closed += close_all(journal, at(5));
        });
    {
        Journal journal = open();
        for (int i = 0; i < kInstances; ++i)
            record_one(journal, sample_instance("1.1", "1.1." + std::to_string(i)));
    }
    done = true;
    for (std::thread& closer : closers)
        closer.join();
    Journal journal = open();
    closed += close_all(journal, at(6));
    EXPECT_TRUE(journal.open_studies().empty());
    const auto job = journal.claim_job("worker", at(7), Duration(1000));
    ASSERT_TRUE(job);
    EXPECT_EQ(job->generation, closed);
    EXPECT_EQ(job->images.size(), static_cast<std::size_t>(kInstances)) << "the last generation has all";
}

}  // namespace
}  // namespace calcnode::service

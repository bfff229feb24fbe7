#include "service/journal_writer.h"

#include <atomic>
#include <optional>
#include <thread>

#include "journal_fixture.h"

namespace calcnode::service {
namespace {

class JournalWriting : public JournalTest {};
CALCNODE_ON_BOTH_DATABASES(JournalWriting);

TEST_P(JournalWriting, WhatIsAnsweredIsInTheJournal) {
    JournalWriter writer(url());
    EXPECT_EQ(writer.record(sample_instance("1.1", "1.1.1")), Acceptance::recorded);
    Journal journal = open();
    EXPECT_EQ(journal.counts().instances, 1);
    EXPECT_EQ(writer.record(in_file(sample_instance("1.1", "1.1.1"), "again")), Acceptance::repeated);
}

TEST_P(JournalWriting, ServesManyAssociationsAtOnce) {
    constexpr int kThreads = 16;
    constexpr int kEach = 25;
    std::atomic<int> recorded{0};
    {
        JournalWriter writer(url());
        std::vector<std::thread> threads;
        for (int thread = 0; thread < kThreads; ++thread)
            threads.emplace_back([&, thread] {
                for (int i = 0; i < kEach; ++i) {
                    const std::string sop = "1." + std::to_string(thread) + "." + std::to_string(i);
                    if (writer.record(sample_instance("1." + std::to_string(thread), sop)) ==
                        Acceptance::recorded)
                        ++recorded;
                }
            });
        for (std::thread& thread : threads)
            thread.join();
    }
    EXPECT_EQ(recorded, kThreads * kEach);
    EXPECT_EQ(open().counts().instances, kThreads * kEach);
}

TEST_P(JournalWriting, OneRowThatIsRefusedCostsTheOthersNothing) {
    JournalWriter writer(url());
    const ReceivedInstance first = sample_instance("1.1", "1.1.1");
    writer.record(first);
    std::atomic<int> recorded{0};
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 5; ++i) {
                const std::string sop = "1." + std::to_string(2 + thread) + "." + std::to_string(i);
                ReceivedInstance instance = sample_instance("1.2", sop);
                if (thread == 0) instance.path = first.path;  // two instances cannot be one file
                try {
                    writer.record(instance);
                    ++recorded;
                } catch (const JournalError& error) {
                    EXPECT_FALSE(error.outcome_unknown());
                    ++refused;
                }
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(recorded, 35);
    EXPECT_EQ(refused, 5);
    EXPECT_EQ(open().counts().instances, 36);
}

TEST_P(JournalWriting, AnswersWithAnErrorWhenTheDatabaseFails) {
    JournalWriter writer(url());
    *raw() << "alter table instance rename to away";
    EXPECT_THROW(writer.record(sample_instance("1.1", "1.1.1")), JournalError);
    *raw() << "alter table away rename to instance";
    EXPECT_EQ(writer.record(sample_instance("1.1", "1.1.1")), Acceptance::recorded);
}

}  // namespace
}  // namespace calcnode::service

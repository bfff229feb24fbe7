#include "service/spool.h"

#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_fixture.h"

namespace calcnode::service {
namespace {

namespace fs = std::filesystem;

std::vector<unsigned char> bytes_of(const std::string& text) {
    return {text.begin(), text.end()};
}

std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

unsigned mode_of(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
}

std::size_t files_in(const Spool& spool) {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(spool.root()))
        if (entry.is_regular_file()) ++count;
    return count;
}

class SpoolTest : public testing::Test {
  protected:
    TemporaryFolder folder_;
    Spool spool_{folder_.path() / "deep" / "spool"};
};

TEST_F(SpoolTest, CommitsWhatWasWritten) {
    SpoolFile file = spool_.create_instance();
    file.write(bytes_of("head"));
    file.write_digested(bytes_of("ab"));
    file.write_digested(bytes_of("c"));
    EXPECT_EQ(file.bytes(), 7u);
    EXPECT_EQ(file.digest(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const fs::path relative = file.commit();
    EXPECT_TRUE(relative.is_relative());
    EXPECT_EQ(content(spool_.absolute(relative)), "headabc");
    EXPECT_FALSE(fs::exists(file.part_path()));
    EXPECT_EQ(spool_.instance_files(), std::vector<fs::path>{relative});
}

TEST_F(SpoolTest, FlushMakesThePartReadable) {
    SpoolFile file = spool_.create_instance();
    file.write(bytes_of("head"));
    file.flush();
    EXPECT_EQ(content(file.part_path()), "head");
    file.write(bytes_of("tail"));
    EXPECT_EQ(content(spool_.absolute(file.commit())), "headtail");
}

TEST_F(SpoolTest, KeepsLargeAndSmallPiecesInOrder) {
    std::string expected;
    SpoolFile file = spool_.create_instance();
    for (int i = 0; i < 60; ++i) {
        const std::string piece(static_cast<std::size_t>(i % 7 == 0 ? 300'001 : 1013),
                                static_cast<char>('a' + i % 26));
        file.write_digested(bytes_of(piece));
        expected += piece;
    }
    EXPECT_EQ(file.bytes(), expected.size());
    EXPECT_EQ(content(spool_.absolute(file.commit())), expected);
}

TEST_F(SpoolTest, LeavesNothingWhenNotCommitted) {
    {
        SpoolFile file = spool_.create_instance();
        file.write(bytes_of(std::string(1 << 20, 'x')));
        EXPECT_EQ(files_in(spool_), 1u);
        EXPECT_TRUE(spool_.instance_files().empty());
    }
    EXPECT_EQ(files_in(spool_), 0u);
}

TEST_F(SpoolTest, IsForItsOwnerOnly) {
    SpoolFile file = spool_.create_instance();
    const fs::path path = spool_.absolute(file.commit());
    EXPECT_EQ(mode_of(path), 0600u);
    EXPECT_EQ(mode_of(path.parent_path()), 0700u);
    EXPECT_EQ(mode_of(spool_.root()), 0700u);
    EXPECT_EQ(mode_of(spool_.absolute(spool_.result_folder("1.2", 1))), 0700u);
}

TEST_F(SpoolTest, GivesEveryFileAnotherName) {
    std::set<fs::path> names;
    for (int i = 0; i < 50; ++i) {
        SpoolFile file = spool_.create_instance();
        names.insert(file.commit());
    }
    EXPECT_EQ(names.size(), 50u);
}

TEST_F(SpoolTest, RemovesOnlyAbandonedParts) {
    SpoolFile alive = spool_.create_instance();
    alive.write(bytes_of("a"));
    const fs::path dead = alive.part_path().parent_path() / "dead.dcm.part";
    std::ofstream(dead) << "half";
    EXPECT_EQ(spool_.remove_abandoned_parts(), 1);
    EXPECT_FALSE(fs::exists(dead));
    EXPECT_TRUE(fs::exists(alive.part_path()));
    EXPECT_EQ(content(spool_.absolute(alive.commit())), "a");
}

TEST_F(SpoolTest, ACommittedFileIsHeldUntilItsWriterLetsGo) {
    fs::path relative;
    {
        SpoolFile file = spool_.create_instance();
        relative = file.commit();
        EXPECT_FALSE(spool_.try_lock(relative));
    }
    const auto lock = spool_.try_lock(relative);
    EXPECT_TRUE(lock);
    EXPECT_FALSE(spool_.try_lock(relative));
    EXPECT_FALSE(spool_.try_lock("instances/none.dcm"));
}

TEST_F(SpoolTest, ResultFoldersAreNamedByUs) {
    const fs::path first = spool_.result_folder("../../etc", 1);
    EXPECT_EQ(first.string().find(".."), std::string::npos);
    EXPECT_TRUE(fs::is_directory(spool_.absolute(first)));
    EXPECT_EQ(spool_.result_folder("../../etc", 1), first);
    EXPECT_NE(spool_.result_folder("../../etc", 2), first);
    EXPECT_NE(spool_.result_folder("1.2.3", 1), first);
}

TEST_F(SpoolTest, RemovesAFileOnce) {
    fs::path relative;
    {
        SpoolFile file = spool_.create_instance();
        relative = file.commit();
    }
    spool_.remove(relative);
    EXPECT_TRUE(spool_.instance_files().empty());
    EXPECT_NO_THROW(spool_.remove(relative));
}

TEST_F(SpoolTest, SaysWhatIsWrong) {
    std::ofstream(folder_.path() / "file") << "no folder";
    try {
        Spool spool(folder_.path() / "file" / "spool");
        FAIL() << "opened";
    } catch (const SpoolError& error) {
        EXPECT_EQ(error.errno_value(), ENOTDIR);
    }
    EXPECT_GT(spool_.free_bytes(), 0u);
}

// A small file system cannot be had without privileges: the size limit of a process (EFBIG) stands for
// ENOSPC.
[[noreturn]] void write_past_the_limit() {
    TemporaryFolder folder;
    const Spool spool(folder.path() / "spool");
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int code = 1;
    try {
        SpoolFile file = spool.create_instance();
        for (int i = 0; i < 64; ++i)
            file.write(std::vector<unsigned char>(100'000, 'x'));
        file.commit();
    } catch (const SpoolError& error) {
        code = error.errno_value() == EFBIG ? 0 : 2;
    }
    if (files_in(spool) != 0) code = 3;
    fs::remove_all(folder.path());
    ::_exit(code);
}

TEST(SpoolDeathTest, AWriteThatFailsLeavesNothing) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(write_past_the_limit(), testing::ExitedWithCode(0), "");
}

TEST_F(SpoolTest, ManyThreadsWriteAtOnce) {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([&] {
            for (int i = 0; i < 10; ++i) {
                SpoolFile file = spool_.create_instance();
                file.write_digested(bytes_of("x"));
                file.commit();
            }
        });
    while (spool_.instance_files().size() < 80)
        spool_.remove_abandoned_parts();  // never one of theirs
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(spool_.instance_files().size(), 80u);
}

}  // namespace
}  // namespace calcnode::service

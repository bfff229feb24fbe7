// What arms a fail point. Each test is a process of its own (EXPECT_EXIT), because the rules are read once.
#include "dicom/fail_point.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace calcnode::dicom {
namespace {

using testing::ExitedWithCode;
using testing::KilledBySignal;

constexpr int kWentOn = 0;

void arm(const char* rules) {
    ::setenv("CALCNODE_FAIL_POINTS", rules, 1);
}

/// Passes the points in order, then ends with the number of passes that were told to fail.
[[noreturn]] void pass(std::initializer_list<std::string_view> points, std::string_view subject = {}) {
    int failed = 0;
    for (const std::string_view point : points)
        failed += fail_point(point, subject) ? 1 : 0;
    ::_exit(failed);
}

TEST(FailPoint, DoesNothingUnlessArmed) {
    EXPECT_EXIT((arm(""), pass({"a", "b", "a"})), ExitedWithCode(kWentOn), "");
    EXPECT_EXIT((arm("c"), pass({"a", "b", "a"})), ExitedWithCode(kWentOn), "");
}

TEST(FailPoint, KillsAtTheNamedPass) {
    EXPECT_EXIT((arm("a"), pass({"b", "a"})), KilledBySignal(SIGKILL), "");
    EXPECT_EXIT((arm("a:3"), pass({"a", "b", "a"})), ExitedWithCode(kWentOn), "");
    EXPECT_EXIT((arm("a:3"), pass({"a", "b", "a", "a"})), KilledBySignal(SIGKILL), "");
    EXPECT_EXIT((arm("x;a=abort"), pass({"a"})), KilledBySignal(SIGABRT), "");
}

TEST(FailPoint, FailsACallWithItsError) {
    EXPECT_EXIT((arm("a:2=EIO"), pass({"a", "a", "a"})), ExitedWithCode(1), "");
    EXPECT_EXIT((arm("a:2-3=EIO"), pass({"a", "a", "a", "a"})), ExitedWithCode(2), "");
    EXPECT_EXIT((arm("a:2-=EIO"), pass({"a", "a", "a", "a"})), ExitedWithCode(3), "");
    const auto error_of_a = [] {
        arm("a=ENOSPC");
        errno = 0;
        ::_exit(fail_point("a") ? errno : 0);
    };
    EXPECT_EXIT(error_of_a(), ExitedWithCode(ENOSPC), "");
}

TEST(FailPoint, MeansOneSubjectAmongMany) {
    EXPECT_EXIT((arm("a@1.2.3=EIO"), pass({"a"}, "1.2.4")), ExitedWithCode(0), "");
    EXPECT_EXIT((arm("a@1.2.3=EIO"), pass({"a"}, "1.2.3")), ExitedWithCode(1), "");
    EXPECT_EXIT((arm("a@cannot close a study:1=EIO"), pass({"a"}, "cannot close a study")), ExitedWithCode(1),
                "");
}

TEST(FailPoint, ActsOnceAmongProcessesThatShareTheirMarks) {
    std::string folder = (std::filesystem::temp_directory_path() / "fail-point-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    ::setenv("CALCNODE_FAIL_POINT_MARKS", folder.c_str(), 1);
    EXPECT_EXIT((arm("a"), pass({"a"})), KilledBySignal(SIGKILL), "");
    EXPECT_TRUE(std::filesystem::exists(folder + "/a"));
    EXPECT_EXIT((arm("a"), pass({"a"})), ExitedWithCode(kWentOn), "");
    ::unsetenv("CALCNODE_FAIL_POINT_MARKS");
    std::filesystem::remove_all(folder);
}

TEST(FailPoint, RefusesARuleThatItCannotRead) {
    for (const char* rule : {"a=explode", "a:0", "a:x", "a:2-x", ":1", "=EIO"})
        EXPECT_EXIT((arm(rule), pass({"b"})), ExitedWithCode(4), "cannot read \"") << rule;
}

}  // namespace
}  // namespace calcnode::dicom

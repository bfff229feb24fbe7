#include "service/progress_bar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace calcnode::service {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

TEST(ProgressBar, ShowsShareAndTimeLeft) {
    const std::string line =
        progress_line({.title = "evaluate", .done = 12, .total = 24, .elapsed = 65s, .note = "mias006.dcm"});
    EXPECT_THAT(line, HasSubstr("evaluate"));
    EXPECT_THAT(line, HasSubstr("###..."));
    EXPECT_THAT(line, HasSubstr("50 %"));
    EXPECT_THAT(line, HasSubstr("12/24"));
    EXPECT_THAT(line, HasSubstr("1:05 left"));
    EXPECT_THAT(line, HasSubstr("mias006.dcm"));
}

TEST(ProgressBar, PromisesNoTimeBeforeAnythingIsDone) {
    EXPECT_THAT(progress_line({.title = "x", .done = 0, .total = 8, .elapsed = 3s, .note = ""}),
                Not(HasSubstr("left")));
}

TEST(ProgressBar, ShowsTheTimeTakenAtTheEnd) {
    const std::string line =
        progress_line({.title = "x", .done = 8, .total = 8, .elapsed = 3700s, .note = ""});
    EXPECT_THAT(line, HasSubstr("100 %"));
    EXPECT_THAT(line, HasSubstr("1:01:40"));
    EXPECT_THAT(line, Not(HasSubstr("left")));
}

TEST(ProgressBar, IsSilentUnlessForcedWhenStderrIsNoTerminal) {
    testing::internal::CaptureStderr();  // stderr is a file now
    {
        ProgressBar quiet("quiet", 2, false);
        quiet.update(2);
        ProgressBar forced("forced", 2, true);
        forced.update(1, "one");
        forced.update(2, "two");
    }
    const std::string output = testing::internal::GetCapturedStderr();
    EXPECT_THAT(output, Not(HasSubstr("quiet")));
    EXPECT_THAT(output, HasSubstr("forced"));
    EXPECT_THAT(output, HasSubstr("100 %"));
    EXPECT_THAT(output, Not(HasSubstr("\r")));
}

}  // namespace
}  // namespace calcnode::service

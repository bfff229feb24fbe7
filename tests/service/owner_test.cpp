#include "service/owner.h"

#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace calcnode::service {
namespace {

/// The name of a process that has ended and been waited for.
std::string owner_of_the_dead() {
    int ends[2];
    if (::pipe(ends) != 0) return {};
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string owner = make_owner("worker");
        ::_exit(::write(ends[1], owner.data(), owner.size()) > 0 ? 0 : 1);
    }
    ::close(ends[1]);
    char text[512];
    const ssize_t length = ::read(ends[0], text, sizeof text);
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return {text, static_cast<std::size_t>(length > 0 ? length : 0)};
}

TEST(Owner, IsGoneWhenItsProcessHasEnded) {
    const std::string owner = owner_of_the_dead();
    ASSERT_FALSE(owner.empty());
    EXPECT_TRUE(is_gone(owner)) << owner;
}

TEST(Owner, IsNotGoneWhileItsProcessRuns) {
    std::string owner = make_owner("worker");
    const std::string own = ":" + std::to_string(::getpid()) + ":";
    owner.replace(owner.find(own), own.size(), ":" + std::to_string(::getppid()) + ":");
    EXPECT_FALSE(is_gone(owner)) << owner;
}

TEST(Owner, OfTheSameNumberIsAPredecessor) {
    EXPECT_TRUE(is_gone(make_owner("worker")));
}

TEST(Owner, OfAnotherMachineMayLive) {
    EXPECT_FALSE(is_gone("elsewhere:" + owner_of_the_dead()));
    EXPECT_FALSE(is_gone("other-host:1:1700000000000:worker"));
}

TEST(Owner, OfNoFormOfOursMayLive) {
    const std::string own = make_owner("");
    const std::string host = own.substr(0, own.find(':'));
    for (const std::string& owner :
         {std::string(), host, host + ":", host + ":x:1:w", host + ":12", host + ":-3:1:w", host + ":0:1:w"})
        EXPECT_FALSE(is_gone(owner)) << owner;
}

}  // namespace
}  // namespace calcnode::service

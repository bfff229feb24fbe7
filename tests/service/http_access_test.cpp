#include "service/http_access.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/service/journal_fixture.h"

namespace calcnode::service {
namespace {

using testing::HasSubstr;

const std::string kToken(32, 'a');

class HttpAccessTest : public testing::Test {
  protected:
    HttpAccess open(const std::string& text, mode_t mode = 0600) {
        std::ofstream(file_) << text;
        ::chmod(file_.c_str(), mode);
        return HttpAccess::open(file_);
    }
    std::string refusal(const std::string& text, mode_t mode = 0600) {
        try {
            (void)open(text, mode);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "";
    }
    static HttpRequest with(const std::string& authorization) {
        HttpRequest request;
        request.headers["authorization"] = authorization;
        return request;
    }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_.path() / "tokens";
};

TEST_F(HttpAccessTest, MakesAFileThatOnlyWeCanReadWithOneUserWhoMayDoEverything) {
    const HttpAccess access = HttpAccess::open(file_);
    struct stat state {};
    ASSERT_EQ(::stat(file_.c_str(), &state), 0);
    EXPECT_EQ(state.st_mode & 0777, 0600u);
    std::ifstream stream(file_);
    std::string comment, name, permissions, token;
    std::getline(stream, comment);
    stream >> name >> permissions >> token;
    EXPECT_EQ(token.size(), 64u);
    const auto user = access.user_of(with("Bearer " + token));
    ASSERT_TRUE(user);
    EXPECT_TRUE(user->may(Permission::view) && user->may(Permission::operate) &&
                user->may(Permission::patient));
    EXPECT_TRUE(HttpAccess::open(file_).user_of(with("Bearer " + token))) << "made only once";
}

TEST_F(HttpAccessTest, AUserMayWhatItsLineSays) {
    const HttpAccess access = open("# comment\n\nwatch view " + kToken + "\n");
    const auto user = access.user_of(with("bearer " + kToken));
    ASSERT_TRUE(user);
    EXPECT_EQ(user->name, "watch");
    EXPECT_TRUE(user->may(Permission::view));
    EXPECT_FALSE(user->may(Permission::operate));
    EXPECT_FALSE(user->may(Permission::patient));
}

TEST_F(HttpAccessTest, NobodyElseGetsIn) {
    const HttpAccess access = open("watch view " + kToken + "\n");
    for (const std::string& header : {std::string(), std::string("Bearer "), "Bearer " + kToken + "a",
                                      "Bearer " + kToken.substr(1), "Basic " + kToken, kToken})
        EXPECT_FALSE(access.user_of(with(header))) << header;
}

TEST_F(HttpAccessTest, RefusesAFileThatOthersCanRead) {
    EXPECT_THAT(refusal("watch view " + kToken + "\n", 0640), HasSubstr("chmod 600"));
}

TEST_F(HttpAccessTest, NamesTheLineOfAMistake) {
    EXPECT_THAT(refusal("# x\nwatch view short\n"), HasSubstr("tokens:2: the token is shorter"));
    EXPECT_THAT(refusal("watch look " + kToken + "\n"), HasSubstr(":1: \"look\" is not one of"));
    EXPECT_THAT(refusal("watch view\n"), HasSubstr(":1: is not `name"));
    EXPECT_THAT(refusal("a view " + kToken + "\nb view " + kToken + "\n"), HasSubstr(":2: the token of a"));
    EXPECT_THAT(refusal("# nobody\n"), HasSubstr("names no user"));
}

}  // namespace
}  // namespace calcnode::service

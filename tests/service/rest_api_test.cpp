#include "service/rest_api.h"

#include <algorithm>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "journal_fixture.h"
#include "service/http_assets.h"
#include "service/rest_error.h"

namespace calcnode::service {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kViewer(32, 'v');
const std::string kOperator(32, 'o');

json description() {
    return json::parse(find_asset("/api/v1/openapi.json")->content);
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

class RestApiTest : public testing::Test {
  protected:
    RestApiTest() {
        config_.data_dir = folder_.path();
        config_.analysis.models_folder = folder_.path();
        config_.assembly.required_views = {"L-CC", "R-CC"};
        config_.destinations["pacs"] = {.ae_title = "PACS", .host = "127.0.0.1", .port = 1};
        std::ofstream(folder_.path() / "http-tokens")
            << "viewer view " << kViewer << "\noperator view,operate " << kOperator << "\n";
        ::chmod((folder_.path() / "http-tokens").c_str(), 0600);
    }

    HttpResponse ask(const std::string& method, const std::string& target, const std::string& token = "",
                     const std::string& body = "", std::map<std::string, std::string> headers = {}) {
        HttpRequest request{.method = method, .headers = std::move(headers), .body = body};
        EXPECT_TRUE(parse_target(target, request));
        if (!token.empty()) request.headers["authorization"] = "Bearer " + token;
        if (!body.empty()) request.headers.try_emplace("content-type", "application/json");
        return api_->answer(request);
    }
    static json parsed(const HttpResponse& response) { return json::parse(response.body); }

    TemporaryFolder folder_;
    config::Config config_;
    Spool spool_{folder_.path() / "spool"};
    Metrics metrics_;
    bool draining_ = false;
    std::unique_ptr<RestApi> api_;

    void SetUp() override {
        api_ = std::make_unique<RestApi>(config_, spool_, metrics_,
                                         NodeControls{.associations = [] { return 2; },
                                                      .workers = [] { return 1; },
                                                      .draining = [this] { return draining_; },
                                                      .drain = [this](bool on) { draining_ = on; }});
    }
};

TEST(RestDescription, ListsEveryPathWithItsMethodsAndPermissionAndNoOther) {
    std::set<std::string> described, served;
    const json all = description();
    for (const auto& [path, methods] : all["paths"].items())
        for (const auto& [method, operation] : methods.items())
            described.insert(method + " " + path + " " + operation["x-permission"].get<std::string>());
    for (const RestApi::Route& route : RestApi::routes())
        served.insert(lower(route.method) + " " + route.path + " " + to_string(route.permission));
    EXPECT_EQ(described, served);
}

TEST(RestDescription, ListsEveryErrorCode) {
    std::set<std::string> described, thrown{"internal"};
    const json all = description();
    for (const json& name : all["components"]["schemas"]["Error"]["properties"]["error"]["enum"])
        described.insert(name);
    for (int code = 0; code <= static_cast<int>(ErrorCode::journal_unavailable); ++code)
        thrown.insert(to_string(static_cast<ErrorCode>(code)));
    EXPECT_EQ(described, thrown);
}

TEST_F(RestApiTest, EveryPathThatNeedsATokenRefusesWhoHasNone) {
    for (const RestApi::Route& route : RestApi::routes()) {
        if (route.permission == Permission::none) continue;
        for (const std::string& token : {std::string(), std::string(32, 'x')}) {
            const HttpResponse response = ask(route.method, route.path, token);
            EXPECT_EQ(response.status, 401u) << route.path;
            EXPECT_EQ(parsed(response)["error"], "unauthenticated") << route.path;
        }
    }
}

TEST_F(RestApiTest, AViewerMayNotChangeAnythingNorSeeNames) {
    for (const RestApi::Route& route : RestApi::routes()) {
        if (route.permission != Permission::operate && route.permission != Permission::patient) continue;
        EXPECT_EQ(ask(route.method, route.path, kViewer, "{}").status, 403u) << route.path;
    }
}

TEST_F(RestApiTest, AChangeThatAForeignPageAsksForIsRefused) {
    const auto drain = [&](std::map<std::string, std::string> headers) {
        headers["host"] = "node:8042";
        return ask("POST", "/api/v1/drain", kOperator, "{\"draining\":true}", std::move(headers)).status;
    };
    EXPECT_EQ(drain({{"origin", "http://evil.example"}}), 403u);
    EXPECT_EQ(drain({{"origin", "null"}}), 403u);
    EXPECT_EQ(drain({{"sec-fetch-site", "cross-site"}}), 403u);
    EXPECT_FALSE(draining_);
    EXPECT_EQ(drain({{"origin", "http://node:8042"}, {"sec-fetch-site", "same-origin"}}), 200u);
    EXPECT_TRUE(draining_);
}

TEST_F(RestApiTest, AFormCannotPassForJson) {
    EXPECT_EQ(ask("POST", "/api/v1/drain", kOperator, "{\"draining\":true}", {{"content-type", "text/plain"}})
                  .status,
              400u);
}

TEST_F(RestApiTest, DrainingMakesTheNodeNotReady) {
    EXPECT_EQ(ask("GET", "/health/ready").status, 200u);
    EXPECT_EQ(ask("POST", "/api/v1/drain", kOperator, "{\"draining\":true}").status, 200u);
    EXPECT_EQ(ask("GET", "/health/ready").status, 503u);
    EXPECT_EQ(ask("GET", "/health/live").status, 200u);
    EXPECT_EQ(parsed(ask("GET", "/api/v1/drain", kViewer))["drained"], false) << "associations are open";
}

TEST_F(RestApiTest, WhatHasNotChangedIsNotSentAgain) {
    const HttpResponse first = ask("GET", "/api/v1/studies", kViewer);
    ASSERT_EQ(first.status, 200u);
    const auto tag = std::find_if(first.headers.begin(), first.headers.end(),
                                  [](const auto& header) { return header.first == "ETag"; });
    ASSERT_NE(tag, first.headers.end());
    EXPECT_EQ(ask("GET", "/api/v1/studies", kViewer, "", {{"if-none-match", tag->second}}).status, 304u);
    Journal journal = Journal::open(config::journal_url(config_));
    record_one(journal, sample_instance("1.1", "1.1.1"));
    EXPECT_EQ(ask("GET", "/api/v1/studies", kViewer, "", {{"if-none-match", tag->second}}).status, 200u);
}

TEST_F(RestApiTest, AStudySaysWhichViewsItWaitsFor) {
    Journal journal = Journal::open(config::journal_url(config_));
    record_one(journal, sample_instance("1.1", "1.1.1"));
    const json study = parsed(ask("GET", "/api/v1/studies/1.1", kViewer));
    EXPECT_EQ(study["state"], "receiving");
    EXPECT_EQ(study["missing_views"], json::array({"R-CC"}));
    EXPECT_EQ(study["images"][0]["view"], "L-CC");
}

TEST_F(RestApiTest, ParametersThatCannotBeReadAreNamed) {
    for (const char* query :
         {"limit=0", "limit=x", "limit=201", "cursor=1", "cursor=a-b", "state=nonsense", "since=yesterday",
          "until=2026-13-01T00:00:00Z", "since=2026-02-30T00:00:00Z"}) {
        const HttpResponse response = ask("GET", std::string("/api/v1/studies?") + query, kViewer);
        EXPECT_EQ(response.status, 400u) << query;
        const std::string name = std::string(query).substr(0, std::string(query).find('='));
        EXPECT_THAT(parsed(response)["message"], HasSubstr(name)) << query;
    }
    EXPECT_EQ(ask("GET", "/api/v1/studies?since=2026-01-31T23:59:59.5Z", kViewer).status, 200u);
}

TEST_F(RestApiTest, SaysWhatIsNotThere) {
    const auto error_of = [&](const std::string& method, const std::string& target) {
        return parsed(ask(method, target, kOperator, method == "POST" ? "{}" : ""))["error"]
            .get<std::string>();
    };
    EXPECT_EQ(error_of("GET", "/nowhere"), "not_found");
    EXPECT_EQ(error_of("GET", "/api/v1/studies/"), "not_found");
    EXPECT_EQ(error_of("GET", "/api/v1/studies/9.9"), "study_not_found");
    EXPECT_EQ(error_of("POST", "/api/v1/studies/9.9/reanalyse"), "study_not_found");
    EXPECT_EQ(error_of("POST", "/api/v1/deliveries/7/replay"), "object_not_found");
    EXPECT_EQ(error_of("POST", "/api/v1/deliveries/x/replay"), "bad_request");
    EXPECT_EQ(error_of("POST", "/api/v1/destinations/none/echo"), "destination_not_found");
    EXPECT_EQ(error_of("DELETE", "/api/v1/studies"), "method_not_allowed");
    EXPECT_EQ(error_of("POST", "/"), "method_not_allowed");
}

TEST_F(RestApiTest, AStudyThatIsOpenIsNotAnalysedTwice) {
    Journal journal = Journal::open(config::journal_url(config_));
    record_one(journal, sample_instance("1.1", "1.1.1"));
    EXPECT_EQ(parsed(ask("POST", "/api/v1/studies/1.1/reanalyse", kOperator, "{}"))["error"], "study_open");
}

TEST_F(RestApiTest, AConfigurationIsCheckedWithItsLines) {
    const json answer = parsed(ask("POST", "/api/v1/config/check", kOperator, "dicom:\n  port: x\n"));
    EXPECT_EQ(answer["good"], false);
    ASSERT_EQ(answer["mistakes"].size(), 1u);
    EXPECT_EQ(answer["mistakes"][0]["line"], 2);
    EXPECT_EQ(answer["mistakes"][0]["key"], "dicom.port");
    EXPECT_EQ(answer["mistakes"][0]["source"], "configuration");
    EXPECT_EQ(parsed(ask("POST", "/api/v1/config/check", kOperator, "dicom: {port: 104}\n"))["good"], true);
}

TEST_F(RestApiTest, AJournalThatIsGoneIsA503) {
    config_.journal.url =
        "sqlite://" + (folder_.path() / "http-tokens" / "journal.db").string();  // no folder
    SetUp();
    EXPECT_EQ(ask("GET", "/health/ready").status, 503u);
    EXPECT_EQ(parsed(ask("GET", "/api/v1/studies", kViewer))["error"], "journal_unavailable");
    EXPECT_EQ(ask("GET", "/health/live").status, 200u);
}

}  // namespace
}  // namespace calcnode::service

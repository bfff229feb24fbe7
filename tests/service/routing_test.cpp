#include "service/routing.h"

#include <chrono>

#include <gtest/gtest.h>

namespace calcnode::service {
namespace {

TEST(RoutingPattern, MatchesLikeAShell) {
    const struct {
        const char* pattern;
        const char* text;
        bool matches;
    } cases[] = {
        {"MAMMO1", "MAMMO1", true},
        {"MAMMO1", "MAMMO2", false},
        {"MAMMO1", "mammo1", false},
        {"MAMMO?", "MAMMO2", true},
        {"MAMMO?", "MAMMO", false},
        {"MAMMO?", "MAMMO12", false},
        {"MAMMO*", "MAMMO", true},
        {"MAMMO*", "MAMMO12", true},
        {"*1", "MAMMO1", true},
        {"*1", "MAMMO12", false},
        {"*", "", true},
        {"", "", true},
        {"", "x", false},
        {"?", "", false},
        {"a*b*c", "aXbYbZc", true},
        {"a*b*c", "aXcYb", false},
        {"**a**", "bab", true},
        {"10.1.*", "10.1.2.3", true},
        {"*.dcm", ".dcm", true},
        {"a[b]", "ab", false},
        {"a[b]", "a[b]", true},
    };
    for (const auto& c : cases)
        EXPECT_EQ(matches_pattern(c.pattern, c.text), c.matches) << c.pattern << " against " << c.text;
}

TEST(RoutingPattern, ManyStarsCostLittle) {
    std::string pattern;
    for (int i = 0; i < 50; ++i)
        pattern += "a*";
    pattern += "b";
    const auto started = std::chrono::steady_clock::now();
    EXPECT_FALSE(matches_pattern(pattern, std::string(2000, 'a')));
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(1));
}

class Routing : public testing::Test {
  protected:
    Routing() {
        header_.modality = "MG";
        header_.sop_class_uid = "1.2.840.10008.5.1.4.1.1.1.2";
        header_.station_name = "ROOM1";
        header_.manufacturer = "ACME";
    }
    static config::Route route(const std::string& name, config::RouteMatch match) {
        return {name, std::move(match), {name}};
    }
    std::string taken_by(const std::vector<config::Route>& routes) const {
        const config::Route* found = find_route(routes, {"MODALITY", "CALCNODE", "10.0.0.7", header_});
        return found ? found->name : "";
    }
    dicom::InstanceHeader header_;
};

TEST_F(Routing, AnEmptyMatchTakesEverything) {
    EXPECT_EQ(taken_by({route("all", {})}), "all");
}

TEST_F(Routing, NoRuleNoRoute) {
    EXPECT_EQ(taken_by({}), "");
    config::RouteMatch match;
    match.modality = {"CT"};
    EXPECT_EQ(taken_by({route("ct", match)}), "");
}

TEST_F(Routing, TheFirstRuleThatMatchesDecides) {
    config::RouteMatch other;
    other.station_name = {"ROOM2"};
    config::RouteMatch room;
    room.station_name = {"ROOM*"};
    EXPECT_EQ(taken_by({route("other", other), route("room", room), route("all", {})}), "room");
}

TEST_F(Routing, EveryConditionLooksAtItsOwnAttribute) {
    using Member = std::vector<std::string> config::RouteMatch::*;
    const std::pair<Member, const char*> conditions[] = {
        {&config::RouteMatch::calling_ae_title, "MODALITY"},
        {&config::RouteMatch::called_ae_title, "CALCNODE"},
        {&config::RouteMatch::peer, "10.0.0.7"},
        {&config::RouteMatch::modality, "MG"},
        {&config::RouteMatch::sop_class_uid, "1.2.840.10008.5.1.4.1.1.1.2"},
        {&config::RouteMatch::station_name, "ROOM1"},
        {&config::RouteMatch::manufacturer, "ACME"},
    };
    config::RouteMatch all;
    for (const auto& [member, value] : conditions) {
        config::RouteMatch yes;
        yes.*member = {"nothing", value};
        EXPECT_EQ(taken_by({route("r", yes)}), "r") << value;
        all.*member = {value};
    }
    EXPECT_EQ(taken_by({route("r", all)}), "r");
    for (const auto& [member, value] : conditions) {
        config::RouteMatch one_wrong = all;
        one_wrong.*member = {"x"};
        EXPECT_EQ(taken_by({route("r", one_wrong)}), "") << value;
    }
}

}  // namespace
}  // namespace calcnode::service

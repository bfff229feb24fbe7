#include "service/explain_route.h"

#include <gmock/gmock.h>

namespace calcnode::service {
namespace {

TEST(ExplainRules, NamesEveryConditionOfEveryRule) {
    dicom::InstanceHeader header;
    header.modality = "MG";
    header.manufacturer = "Acme";
    const std::vector<config::Route> routes{
        {.name = "others", .match = {.calling_ae_title = {"CT*"}, .modality = {"MG"}}, .destinations = {"a"}},
        {.name = "rest", .match = {}, .destinations = {"b"}}};
    const auto rules = explain_rules(routes, {"MODALITY", "CALCNODE", "10.0.0.1", header});
    ASSERT_EQ(rules.size(), 2U);
    EXPECT_FALSE(rules[0].matches);
    ASSERT_EQ(rules[0].conditions.size(), 2U);
    EXPECT_EQ(rules[0].conditions[0].condition, "calling_ae_title");
    EXPECT_EQ(rules[0].conditions[0].patterns, "[CT*]");
    EXPECT_EQ(rules[0].conditions[0].value, "MODALITY");
    EXPECT_FALSE(rules[0].conditions[0].holds);
    EXPECT_TRUE(rules[0].conditions[1].holds);
    EXPECT_TRUE(rules[1].matches);
}

/// The explanation and the routing itself must not drift apart.
TEST(ExplainRules, AgreesWithFindRoute) {
    dicom::InstanceHeader header;
    header.modality = "MG";
    header.station_name = "ROOM2";
    const std::vector<config::Route> routes{{.name = "1", .match = {.peer = {"10.*"}}},
                                            {.name = "2", .match = {.station_name = {"ROOM?"}}},
                                            {.name = "3"}};
    const RouteSubject subject{"M", "C", "192.168.0.1", header};
    const auto rules = explain_rules(routes, subject);
    const auto first =
        std::find_if(rules.begin(), rules.end(), [](const auto& rule) { return rule.matches; });
    ASSERT_NE(find_route(routes, subject), nullptr);
    EXPECT_EQ(first->name, find_route(routes, subject)->name);
    EXPECT_EQ(first->name, "2");
}

}  // namespace
}  // namespace calcnode::service

#include "pipeline/findings_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace calcnode::pipeline {
namespace {

ImageFindings one_cluster() {
    ImageFindings findings;
    findings.sop_instance_uid = "1.2.3";
    findings.status = ImageStatus::analysed;
    findings.labels = Image<std::uint16_t>(10, 20);
    findings.calcifications = {{.centroid = {4.5, 3.5},
                                .outline = {{4, 3}, {5, 3}, {5, 4}, {4, 3}},
                                .score = 0.9,
                                .area_mm2 = 0.0123456789,
                                .cluster = 0},
                               {.centroid = {15.5, 3.5}, .score = 0.8}};
    findings.clusters = {{.members = {0},
                          .centroid = {4.5, 3.5},
                          .score = 0.7,
                          .distribution = Distribution::linear,
                          .distribution_weights = {0, 0, 0, 0.25, 0.75, 0}}};
    return findings;
}

TEST(FindingsJson, NumbersFromOneAndLinksGrainsToClusters) {
    const ImageFindings findings = one_cluster();
    const StudyFindings study{
        .study_instance_uid = "1.2", .model = {"m", "1", "ab"}, .images = {{"a.dcm", 0.07, 0.07, &findings}}};
    const auto json = nlohmann::json::parse(findings_json(study));
    const auto& image = json["images"][0];
    EXPECT_EQ(json["model"]["name"], "m");
    EXPECT_EQ(image["status"], "analysed");
    EXPECT_EQ(image["rows"], 10);
    EXPECT_EQ(image["columns"], 20);
    EXPECT_EQ(image["calcifications"][0]["number"], 1);
    EXPECT_EQ(image["calcifications"][0]["cluster"], 1);
    EXPECT_TRUE(image["calcifications"][1]["cluster"].is_null());
    EXPECT_EQ(image["clusters"][0]["calcifications"][0], 1);
    EXPECT_EQ(image["clusters"][0]["distribution"], "linear");
    const auto weights = image["clusters"][0]["distribution_weights"];
    EXPECT_EQ(weights.size(), 5U);
    EXPECT_EQ(weights["linear"], 0.75);
    EXPECT_EQ(weights["grouped"], 0.25);
    EXPECT_DOUBLE_EQ(image["calcifications"][0]["area_mm2"], 0.012346);
    EXPECT_EQ(image["calcifications"][0]["outline"][2][1], 4.0);
}

TEST(FindingsJson, SameInputGivesTheSameText) {
    const ImageFindings findings = one_cluster();
    const StudyFindings study{
        .study_instance_uid = "1.2", .model = {}, .images = {{"a.dcm", 0.07, 0.07, &findings}}};
    EXPECT_EQ(findings_json(study), findings_json(study));
}

}  // namespace
}  // namespace calcnode::pipeline

#include "service/lab_strata.h"

#include <gtest/gtest.h>

namespace calcnode::service {
namespace {

pipeline::ImageCounts image(const char* patient, bool hit) {
    pipeline::ImageCounts counts;
    counts.patient = patient;
    counts.groups = 1;
    counts.marks = {{.score = 0.9, .hit = hit}};
    return counts;
}

Traits of(const char* density, const char* condition) {
    return {density, "0.1 mm", "", "", "", condition};
}

TEST(LabStrata, OneTableForEachTraitThatDiffers) {
    pipeline::ImageCounts normal = image("c", false);
    normal.normal = true;
    normal.groups = 0;
    const std::vector<Traits> traits = {of("a", ""), of("d", ""), of("d", "")};
    const std::vector<MethodImages> methods = {
        {.images = {image("a", true), image("b", false), normal}, .threshold = 0.5}};
    const auto tables = strata_of(traits, methods);
    ASSERT_EQ(tables.size(), 1u);
    EXPECT_EQ(tables[0].name, "density");
    ASSERT_EQ(tables[0].rows.size(), 2u);
    EXPECT_EQ(tables[0].rows[0].value, "a");
    EXPECT_DOUBLE_EQ(tables[0].rows[0].methods.at(0).sensitivity.value, 1);
    EXPECT_EQ(tables[0].rows[1].images, 2);
    EXPECT_EQ(tables[0].rows[1].normal_images, 1);
    EXPECT_DOUBLE_EQ(tables[0].rows[1].methods.at(0).sensitivity.value, 0);
    EXPECT_DOUBLE_EQ(tables[0].rows[1].methods.at(0).false_per_normal.value, 1);
    EXPECT_TRUE(tables[0].rows[1].less_reference.empty());
}

TEST(LabStrata, ConditionsAreComparedWithTheReference) {
    for (const char* reference : {"reference", ""}) {
        const std::vector<Traits> traits = {of("", reference), of("", reference), of("", "dose=0.5"),
                                            of("", "dose=0.5")};
        const std::vector<MethodImages> methods = {
            {.images = {image("a", true), image("b", true), image("a", true), image("b", false)},
             .threshold = 0.5}};
        const auto tables = strata_of(traits, methods);
        ASSERT_EQ(tables.size(), 1u);
        for (const Stratum& row : tables[0].rows) {
            if (row.value != "dose=0.5") {
                EXPECT_TRUE(row.less_reference.empty()) << row.value;
                continue;
            }
            ASSERT_EQ(row.less_reference.size(), 1u);
            EXPECT_DOUBLE_EQ(row.less_reference[0].value, -0.5);
        }
    }
}

TEST(LabStrata, ThresholdIsEachMethodsOwn) {
    const std::vector<Traits> traits = {of("a", ""), of("b", "")};
    const std::vector<MethodImages> methods = {
        {.images = {image("a", true), image("b", true)}, .threshold = 0.95},
        {.images = {image("a", true), image("b", true)}, .threshold = 0.1}};
    const auto tables = strata_of(traits, methods);
    EXPECT_DOUBLE_EQ(tables.at(0).rows.at(0).methods.at(0).sensitivity.value, 0);
    EXPECT_DOUBLE_EQ(tables.at(0).rows.at(0).methods.at(1).sensitivity.value, 1);
}

}  // namespace
}  // namespace calcnode::service

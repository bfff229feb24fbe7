#include "service/result_plan.h"

#include <gmock/gmock.h>

#include "config/loader.h"
#include "dicom/uid.h"

namespace calcnode::service {
namespace {

using dicom::CodeScheme;
using dicom::ResultKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

config::Config config_of() {
    config::Config config;
    config.destinations["plain"] = {};
    config.destinations["viewer"] = {.results = {"segmentation", "presentation_state"}};
    config.destinations["old"] = {.results = {"cad_sr"}, .code_scheme = "srt"};
    config.destinations["nothing"] = {.results = {}};
    return config;
}

dicom::ResultObject object(ResultKind kind, CodeScheme scheme = CodeScheme::sct) {
    dicom::ResultObject made;
    made.kind = kind;
    made.code_scheme = scheme;
    return made;
}

TEST(ResultPlan, IsTheUnionOfTheProfiles) {
    const auto plan = plan_results(config_of(), {"plain", "viewer"});
    ASSERT_EQ(plan.size(), 1u);
    EXPECT_EQ(plan[0].code_scheme, CodeScheme::sct);
    EXPECT_THAT(plan[0].kinds, ElementsAre(ResultKind::segmentation, ResultKind::cad_sr,
                                           ResultKind::measurement_report, ResultKind::presentation_state));
}

TEST(ResultPlan, ASetForEachCodeScheme) {
    const auto plan = plan_results(config_of(), {"old", "viewer"});
    ASSERT_EQ(plan.size(), 2u);
    EXPECT_EQ(plan[0].code_scheme, CodeScheme::sct);
    EXPECT_EQ(plan[1].code_scheme, CodeScheme::srt);
    EXPECT_THAT(plan[1].kinds, ElementsAre(ResultKind::cad_sr));
}

TEST(ResultPlan, EveryStudyGetsItsReport) {
    const auto plan = plan_results(config_of(), {"nothing"});
    ASSERT_EQ(plan.size(), 1u);
    EXPECT_THAT(plan[0].kinds, ElementsAre(ResultKind::cad_sr));
}

TEST(ResultPlan, NowhereAndAnUnknownDestinationWantWhatAPlainOneDoes) {
    const auto plain = plan_results(config_of(), {"plain"});
    for (const std::vector<std::string>& destinations :
         {std::vector<std::string>{}, std::vector<std::string>{"gone"}}) {
        const auto plan = plan_results(config_of(), destinations);
        ASSERT_EQ(plan.size(), 1u);
        EXPECT_EQ(plan[0].kinds, plain[0].kinds);
    }
}

TEST(ResultPlan, AnObjectGoesToThoseThatWantIt) {
    const std::vector<std::string> all{"plain", "viewer", "old", "nothing"};
    EXPECT_THAT(wanting_destinations(config_of(), all, object(ResultKind::segmentation)),
                ElementsAre("plain", "viewer"));
    EXPECT_THAT(wanting_destinations(config_of(), all, object(ResultKind::cad_sr)), ElementsAre("plain"));
    EXPECT_THAT(wanting_destinations(config_of(), all, object(ResultKind::cad_sr, CodeScheme::srt)),
                ElementsAre("old"));
    EXPECT_THAT(wanting_destinations(config_of(), all, object(ResultKind::secondary_capture)), IsEmpty());
}

/// The configuration's words and dicom/'s names for the kinds are one list.
TEST(ResultPlan, KnowsEveryKindThatTheConfigurationKnows) {
    std::string kinds;
    for (const ResultKind kind : dicom::kAllResultKinds)
        kinds += std::string(kinds.empty() ? "" : ", ") + dicom::to_string(kind);
    const config::Config config = config::load({}, {"destinations.pacs.results=[" + kinds + "]"});
    EXPECT_EQ(plan_results(config, {"pacs"}).at(0).kinds.size(), dicom::kAllResultKinds.size());
    try {
        config::load({}, {"destinations.pacs.results=[x]"});
        FAIL() << "taken";
    } catch (const config::Error& error) {
        EXPECT_NE(std::string(error.what()).find("not one of " + kinds), std::string::npos) << error.what();
    }
}

TEST(ResultPlan, TransferSyntaxesKeepTheirOrder) {
    config::Destination destination;
    EXPECT_THAT(transfer_syntaxes_of(destination),
                ElementsAre(dicom::kExplicitLittleEndian, dicom::kImplicitLittleEndian));
    destination.transfer_syntaxes = {"deflated", "implicit_le"};
    EXPECT_THAT(transfer_syntaxes_of(destination),
                ElementsAre(dicom::kDeflatedLittleEndian, dicom::kImplicitLittleEndian));
}

}  // namespace
}  // namespace calcnode::service

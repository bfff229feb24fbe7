#include "service/assembly.h"

#include <map>

#include <gtest/gtest.h>

namespace calcnode::service {
namespace {

using namespace std::chrono_literals;
using config::ImplantPolicy;
using pipeline::Intent;
using pipeline::Laterality;
using pipeline::View;

Time at(std::chrono::milliseconds since_start) {
    return Time(1'770'000'000'000ms + since_start);
}

config::Assembly default_rules() {
    config::Assembly rules;
    rules.required_views = {"L-CC", "L-MLO", "R-CC", "R-MLO"};
    rules.settle = 3s;
    rules.quiet = 60s;
    rules.max_age = 15min;
    return rules;
}

/// Builds a study image by image; each is received a second after the one before.
class StudyBuilder {
  public:
    StudyBuilder& add(Laterality side, View view) {
        StoredInstance stored;
        stored.id = static_cast<std::int64_t>(study_.instances.size()) + 1;
        dicom::InstanceHeader& header = stored.instance.header;
        header.laterality = side;
        header.view = view;
        header.sop_instance_uid = "1.2." + std::to_string(stored.id);
        stored.instance.path = "instances/" + std::to_string(stored.id) + ".dcm";
        stored.instance.received = at(std::chrono::seconds(stored.id - 1));
        study_.instances.push_back(stored);
        study_.first_received = at(0s);
        study_.last_received = stored.instance.received;
        return *this;
    }
    template <typename Change>
    StudyBuilder& with(Change change) {
        change(study_.instances.back().instance.header);
        return *this;
    }
    StudyBuilder& four_views() {
        return add(Laterality::left, View::cc)
            .add(Laterality::left, View::mlo)
            .add(Laterality::right, View::cc)
            .add(Laterality::right, View::mlo);
    }
    OpenStudy& study() { return study_; }

  private:
    OpenStudy study_;
};

using Header = dicom::InstanceHeader;

/// SOP instance UID -> reason; empty reason: attempted.
std::map<std::string, std::string> selection(const OpenStudy& study, const config::Assembly& rules) {
    std::map<std::string, std::string> reasons;
    for (const JobImage& image : select_images(study, rules)) {
        EXPECT_EQ(image.attempt, image.reason.empty()) << image.sop_instance_uid;
        reasons[image.sop_instance_uid] = image.reason;
    }
    EXPECT_EQ(reasons.size(), study.instances.size()) << "every image is listed once";
    return reasons;
}

int attempted(const OpenStudy& study, const config::Assembly& rules = default_rules()) {
    int count = 0;
    for (const auto& [uid, reason] : selection(study, rules))
        count += reason.empty();
    return count;
}

TEST(StudyAssembly, ClosesWhenAllFourViewsArrivedAndSettled) {
    StudyBuilder builder;
    builder.four_views();  // the last at 3 s
    const auto early = decide(builder.study(), at(5999ms), default_rules());
    EXPECT_FALSE(early.close);
    EXPECT_EQ(early.look_again, at(6s));
    EXPECT_EQ(decide(builder.study(), at(6s), default_rules()).close, CloseReason::complete);
    EXPECT_EQ(decide(builder.study(), at(1h), default_rules()).close, CloseReason::complete);
}

TEST(StudyAssembly, WaitsForAMissingViewUntilItIsQuiet) {
    StudyBuilder builder;
    builder.add(Laterality::left, View::cc).add(Laterality::left, View::mlo).add(Laterality::right, View::cc);
    const auto waiting = decide(builder.study(), at(61999ms), default_rules());
    EXPECT_FALSE(waiting.close);
    EXPECT_EQ(waiting.look_again, at(62s));
    EXPECT_EQ(decide(builder.study(), at(62s), default_rules()).close, CloseReason::quiet);
}

TEST(StudyAssembly, ClosesAnOldStudyThatNeverRests) {
    StudyBuilder builder;
    builder.add(Laterality::left, View::cc);
    builder.study().last_received = at(899s);
    const auto waiting = decide(builder.study(), at(899s), default_rules());
    EXPECT_FALSE(waiting.close);
    EXPECT_EQ(waiting.look_again, at(15min));
    EXPECT_EQ(decide(builder.study(), at(15min), default_rules()).close, CloseReason::too_old);
}

TEST(StudyAssembly, AnInstanceAfterTheFourthStartsTheSettlingAnew) {
    StudyBuilder builder;
    builder.four_views().add(Laterality::left, View::xccl);  // at 4 s
    EXPECT_FALSE(decide(builder.study(), at(6500ms), default_rules()).close);
    EXPECT_EQ(decide(builder.study(), at(7s), default_rules()).close, CloseReason::complete);
}

TEST(StudyAssembly, ALateViewOfACompleteStudySettlesQuickly) {
    StudyBuilder builder;
    builder.four_views().add(Laterality::right, View::ml);
    builder.study().generation = 1;
    builder.study().first_received = builder.study().last_received = at(2h);
    EXPECT_FALSE(decide(builder.study(), at(2h) + 2s, default_rules()).close);
    EXPECT_EQ(decide(builder.study(), at(2h) + 3s, default_rules()).close, CloseReason::complete);
}

TEST(StudyAssembly, FollowsTheConfiguredViews) {
    config::Assembly rules = default_rules();
    rules.required_views = {"R-ML"};
    StudyBuilder builder;
    builder.add(Laterality::right, View::ml);
    EXPECT_EQ(decide(builder.study(), at(3s), rules).close, CloseReason::complete);
    rules.required_views = {};
    EXPECT_EQ(decide(builder.study(), at(3s), rules).close, CloseReason::complete);
}

TEST(StudyAssembly, EveryViewHasItsWord) {
    const std::pair<View, const char*> views[] = {
        {View::cc, "CC"},     {View::mlo, "MLO"},   {View::ml, "ML"}, {View::lm, "LM"},   {View::lmo, "LMO"},
        {View::xccl, "XCCL"}, {View::xccm, "XCCM"}, {View::fb, "FB"}, {View::sio, "SIO"}, {View::iso, "ISO"}};
    for (const auto& [view, word] : views) {
        config::Assembly rules = default_rules();
        rules.required_views = {std::string("L-") + word};
        StudyBuilder builder;
        builder.add(Laterality::left, view);
        EXPECT_EQ(decide(builder.study(), at(3s), rules).close, CloseReason::complete) << word;
        rules.required_views = {std::string("R-") + word};
        EXPECT_FALSE(decide(builder.study(), at(3s), rules).close) << word;
    }
}

struct SubstituteCase {
    const char* name;
    void (*change)(Header&);
    ImplantPolicy policy;
    bool complete;
};

class StudyAssemblyArrival : public testing::TestWithParam<SubstituteCase> {};

// The fourth view is there, but as an image of another kind.
TEST_P(StudyAssemblyArrival, CountsAViewByItsOrdinaryExposure) {
    StudyBuilder builder;
    builder.four_views().with(GetParam().change);
    config::Assembly rules = default_rules();
    rules.implants = GetParam().policy;
    EXPECT_EQ(decide(builder.study(), at(6s), rules).close.has_value(), GetParam().complete);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, StudyAssemblyArrival,
    testing::Values(
        SubstituteCase{"Magnification", [](Header& h) { h.magnification = true; }, ImplantPolicy::skip,
                       false},
        SubstituteCase{"Spot", [](Header& h) { h.spot_compression = true; }, ImplantPolicy::skip, false},
        SubstituteCase{"Specimen", [](Header& h) { h.specimen = true; }, ImplantPolicy::skip, false},
        SubstituteCase{"Tomosynthesis", [](Header& h) { h.tomosynthesis = true; }, ImplantPolicy::skip,
                       false},
        SubstituteCase{"Quality", [](Header& h) { h.quality_control = true; }, ImplantPolicy::skip, false},
        SubstituteCase{"Partial", [](Header& h) { h.partial_view = true; }, ImplantPolicy::skip, true},
        SubstituteCase{"Processing", [](Header& h) { h.intent = Intent::processing; }, ImplantPolicy::skip,
                       true},
        SubstituteCase{"ImplantSkipped", [](Header& h) { h.implant_present = true; }, ImplantPolicy::skip,
                       true},
        SubstituteCase{"ImplantNotDisplaced", [](Header& h) { h.implant_present = true; },
                       ImplantPolicy::displaced_only, false},
        SubstituteCase{"ImplantDisplaced", [](Header& h) { h.implant_present = h.implant_displaced = true; },
                       ImplantPolicy::displaced_only, true},
        SubstituteCase{"ImplantAnalysed", [](Header& h) { h.implant_present = true; }, ImplantPolicy::analyse,
                       true}),
    [](const testing::TestParamInfo<SubstituteCase>& i) { return std::string(i.param.name); });

TEST(ImageSelection, AttemptsOrdinaryImagesInAFixedOrder) {
    StudyBuilder builder;
    builder.add(Laterality::right, View::mlo)
        .add(Laterality::left, View::mlo)
        .add(Laterality::right, View::cc)
        .add(Laterality::left, View::cc)
        .with([](Header& h) { h.content_datetime = "20260201101500"; })
        .add(Laterality::left, View::cc)
        .with([](Header& h) { h.content_datetime = "20260201101000"; });
    std::vector<std::int64_t> order;
    for (const JobImage& image : select_images(builder.study(), default_rules())) {
        EXPECT_TRUE(image.attempt) << image.reason;
        EXPECT_EQ(image.path, "instances/" + std::to_string(image.instance_id) + ".dcm");
        order.push_back(image.instance_id);
    }
    EXPECT_EQ(order, (std::vector<std::int64_t>{5, 4, 2, 3, 1}));
}

struct RefusalCase {
    void (*change)(Header&);
    ImplantPolicy policy;
    const char* reason;
};

TEST(ImageSelection, SaysWhyAnImageIsNotAttempted) {
    const RefusalCase cases[] = {
        {[](Header&) {}, ImplantPolicy::skip, ""},
        {[](Header& h) { h.partial_view = true; }, ImplantPolicy::skip, ""},
        {[](Header& h) { h.magnification = true; }, ImplantPolicy::skip, "magnification view"},
        {[](Header& h) { h.spot_compression = true; }, ImplantPolicy::skip, "spot compression view"},
        {[](Header& h) { h.specimen = true; }, ImplantPolicy::skip, "specimen"},
        {[](Header& h) { h.view = View::specimen; }, ImplantPolicy::skip, "specimen"},
        {[](Header& h) { h.tomosynthesis = true; }, ImplantPolicy::skip, "tomosynthesis or synthetic image"},
        {[](Header& h) { h.quality_control = true; }, ImplantPolicy::skip, "quality control image"},
        {[](Header& h) { h.implant_present = true; }, ImplantPolicy::skip, "breast implant"},
        {[](Header& h) { h.implant_displaced = true; }, ImplantPolicy::skip, "breast implant"},
        {[](Header& h) { h.implant_present = true; }, ImplantPolicy::displaced_only,
         "breast implant, not displaced"},
        {[](Header& h) { h.implant_present = h.implant_displaced = true; }, ImplantPolicy::displaced_only,
         ""},
        {[](Header& h) { h.implant_present = true; }, ImplantPolicy::analyse, ""},
        {[](Header& h) { h.implant_present = h.magnification = true; }, ImplantPolicy::analyse,
         "magnification view"},
    };
    for (const RefusalCase& c : cases) {
        StudyBuilder builder;
        builder.add(Laterality::left, View::cc).with(c.change);
        config::Assembly rules = default_rules();
        rules.implants = c.policy;
        EXPECT_EQ(selection(builder.study(), rules).at("1.2.1"), c.reason);
    }
}

class ImagePairs : public testing::Test {
  protected:
    static Header& processing(Header& h) {
        h.intent = Intent::processing;
        return h;
    }
    static config::Assembly preferring(config::Intent intent) {
        config::Assembly rules = default_rules();
        rules.preferred_intent = intent;
        return rules;
    }
    const config::Assembly presentation_ = preferring(config::Intent::presentation);
    const config::Assembly processing_ = preferring(config::Intent::processing);
};

TEST_F(ImagePairs, OneHalfOfALinkedPairIsAnalysed) {
    StudyBuilder builder;
    builder.add(Laterality::left, View::cc).with([](Header& h) { processing(h); });
    // The link counts even where the views are not told alike.
    builder.add(Laterality::left, View::unknown).with([](Header& h) { h.source_instance_uids = {"1.2.1"}; });
    auto reasons = selection(builder.study(), presentation_);
    EXPECT_EQ(reasons.at("1.2.1"), "its For Presentation image is analysed instead");
    EXPECT_EQ(reasons.at("1.2.2"), "");
    reasons = selection(builder.study(), processing_);
    EXPECT_EQ(reasons.at("1.2.1"), "");
    EXPECT_EQ(reasons.at("1.2.2"), "its For Processing image is analysed instead");
}

TEST_F(ImagePairs, OneHalfOfASimilarPairIsAnalysed) {
    StudyBuilder builder;
    builder.add(Laterality::right, View::mlo).with([](Header& h) { processing(h); });
    builder.add(Laterality::right, View::mlo);
    EXPECT_EQ(selection(builder.study(), presentation_).at("1.2.1"),
              "its For Presentation image is analysed instead");
    EXPECT_EQ(selection(builder.study(), processing_).at("1.2.2"),
              "its For Processing image is analysed instead");
}

TEST_F(ImagePairs, ALonelyHalfIsAnalysed) {
    StudyBuilder builder;
    builder.add(Laterality::left, View::cc).with([](Header& h) { processing(h); });
    builder.add(Laterality::left, View::mlo);
    EXPECT_EQ(attempted(builder.study(), presentation_), 2);
    EXPECT_EQ(attempted(builder.study(), processing_), 2);
}

TEST_F(ImagePairs, RepeatedExposuresAreAllAnalysed) {
    StudyBuilder builder;
    builder.add(Laterality::left, View::cc).add(Laterality::left, View::cc);
    EXPECT_EQ(attempted(builder.study(), presentation_), 2);
}

TEST_F(ImagePairs, RepeatedExposuresInBothIntentsGiveOneEach) {
    StudyBuilder builder;
    builder.add(Laterality::left, View::cc).with([](Header& h) { processing(h); });
    builder.add(Laterality::left, View::cc).with([](Header& h) { processing(h); });
    builder.add(Laterality::left, View::cc).add(Laterality::left, View::cc);
    const auto reasons = selection(builder.study(), presentation_);
    EXPECT_NE(reasons.at("1.2.1"), "");
    EXPECT_NE(reasons.at("1.2.2"), "");
    EXPECT_EQ(attempted(builder.study(), presentation_), 2);
}

TEST_F(ImagePairs, NoExposureIsMissedWhenItsPartnerCannotBeTold) {
    StudyBuilder builder;
    builder.add(Laterality::left, View::cc).with([](Header& h) { processing(h); });
    builder.add(Laterality::left, View::cc).with([](Header& h) { processing(h); });
    builder.add(Laterality::left, View::cc);
    EXPECT_EQ(attempted(builder.study(), presentation_), 3);
    EXPECT_EQ(attempted(builder.study(), processing_), 2);
}

TEST_F(ImagePairs, ALinkTellsThePartnerAmongRepeats) {
    StudyBuilder builder;
    builder.add(Laterality::left, View::cc).with([](Header& h) { processing(h); });
    builder.add(Laterality::left, View::cc).with([](Header& h) { processing(h); });
    builder.add(Laterality::left, View::cc).with([](Header& h) { h.source_instance_uids = {"1.2.2"}; });
    const auto reasons = selection(builder.study(), presentation_);
    EXPECT_EQ(reasons.at("1.2.1"), "");
    EXPECT_NE(reasons.at("1.2.2"), "");
    EXPECT_EQ(reasons.at("1.2.3"), "");
}

TEST_F(ImagePairs, ASourceThatIsNotHereMakesNoPair) {
    StudyBuilder builder;
    builder.add(Laterality::left, View::cc).with([](Header& h) { processing(h); });
    builder.add(Laterality::left, View::cc).with([](Header& h) { h.source_instance_uids = {"1.9.9"}; });
    EXPECT_EQ(attempted(builder.study(), presentation_), 2);
}

TEST_F(ImagePairs, TwoRenderingsOfOneExposureGiveWayToItTogether) {
    StudyBuilder builder;
    builder.add(Laterality::left, View::cc).with([](Header& h) { processing(h); });
    builder.add(Laterality::left, View::cc).with([](Header& h) { h.source_instance_uids = {"1.2.1"}; });
    builder.add(Laterality::left, View::cc).with([](Header& h) { h.source_instance_uids = {"1.2.1"}; });
    EXPECT_EQ(attempted(builder.study(), processing_), 1);
}

TEST_F(ImagePairs, AnImageThatIsNotAnalysedIsNobodysSubstitute) {
    StudyBuilder builder;
    builder.add(Laterality::left, View::cc).with([](Header& h) { processing(h); });
    builder.add(Laterality::left, View::cc).with([](Header& h) {
        h.source_instance_uids = {"1.2.1"};
        h.quality_control = true;
    });
    const auto reasons = selection(builder.study(), presentation_);
    EXPECT_EQ(reasons.at("1.2.1"), "");
    EXPECT_EQ(reasons.at("1.2.2"), "quality control image");
}

TEST_F(ImagePairs, UnknownViewsAndOtherDisplacementsDoNotPair) {
    StudyBuilder unknown;
    unknown.add(Laterality::unknown, View::cc).with([](Header& h) { processing(h); });
    unknown.add(Laterality::unknown, View::cc);
    EXPECT_EQ(attempted(unknown.study(), presentation_), 2);

    config::Assembly rules = presentation_;
    rules.implants = ImplantPolicy::analyse;
    StudyBuilder implants;
    implants.add(Laterality::left, View::cc).with([](Header& h) { processing(h).implant_present = true; });
    implants.add(Laterality::left, View::cc).with([](Header& h) {
        h.implant_present = h.implant_displaced = true;
    });
    EXPECT_EQ(attempted(implants.study(), rules), 2);
}

TEST(StudyDestinations, AreTheInstancesTogetherEachOnce) {
    StudyBuilder builder;
    builder.four_views();
    builder.study().instances[0].instance.destinations = {"pacs"};
    builder.study().instances[2].instance.destinations = {"viewer", "pacs"};
    EXPECT_EQ(study_destinations(builder.study()), (std::vector<std::string>{"pacs", "viewer"}));
}

}  // namespace
}  // namespace calcnode::service

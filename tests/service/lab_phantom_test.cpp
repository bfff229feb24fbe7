#include "service/lab_phantom.h"

#include <cstdlib>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "dicom/mammogram_reader.h"
#include "pipeline/error.h"
#include "pipeline/evaluation_picture.h"
#include "service/lab_cases.h"

namespace calcnode::service {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LabPhantom : public testing::Test {
  protected:
    LabPhantom() {
        std::string name = (fs::temp_directory_path() / "calcnode-lab-XXXXXX").string();
        options_.out = mkdtemp(name.data());
        options_.rows = 240;
        options_.columns = 220;
        options_.spacing_mm = 0.2;
    }
    ~LabPhantom() override { fs::remove_all(options_.out); }

    std::string refusal() const {
        try {
            run();
        } catch (const pipeline::Error& error) {
            EXPECT_EQ(error.code(), pipeline::ErrorCode::bad_argument);
            return error.what();
        }
        return "accepted";
    }
    void run() const {
        testing::internal::CaptureStdout();
        try {
            run_lab_phantom(options_);
        } catch (...) {
            testing::internal::GetCapturedStdout();
            throw;
        }
        testing::internal::GetCapturedStdout();
    }
    LabPhantomOptions options_;
};

TEST_F(LabPhantom, WritesFourViewsWithTruthThatFitsThem) {
    options_.exams = 1;
    options_.normal_exams = 1;
    options_.seed = 5;
    run();
    const auto rows = read_cases(options_.out / "cases.csv");
    ASSERT_EQ(rows.size(), 8u);
    std::set<std::string> patients;
    for (const CaseRow& row : rows) {
        patients.insert(row.patient);
        const pipeline::Mammogram image = dicom::read_mammogram(options_.out / row.image);
        const pipeline::Truth truth = read_truth(row, options_.out);
        EXPECT_EQ(truth.mask.rows, image.pixels.rows);
        EXPECT_EQ(truth.mask.columns, image.pixels.columns);
        EXPECT_DOUBLE_EQ(image.column_spacing_mm, row.spacing_mm);
        EXPECT_EQ(truth.is_normal(), row.patient == "PHANTOM-6");
    }
    EXPECT_EQ(patients, (std::set<std::string>{"PHANTOM-5", "PHANTOM-6"}));
}

TEST_F(LabPhantom, BothIntentsShareOneTruth) {
    options_.intent = "both";
    options_.views = {"L-MLO"};
    options_.patient_id = "P";
    run();
    const auto rows = read_cases(options_.out / "cases.csv");
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].truth, rows[1].truth);
    EXPECT_EQ(dicom::read_mammogram(options_.out / "P_L-MLO.processing.dcm").intent,
              pipeline::Intent::processing);
    EXPECT_EQ(dicom::read_mammogram(options_.out / "P_L-MLO.dcm").intent, pipeline::Intent::presentation);
}

TEST_F(LabPhantom, TruthOnDiskSaysWhatIsInThePicture) {
    options_.views = {"R-CC"};
    options_.clusters = 2;
    options_.family = "held-out";
    options_.condition.dose = 0.5;
    options_.curve = "steep";
    run();
    const auto rows = read_cases(options_.out / "cases.csv");
    ASSERT_EQ(rows.size(), 1u);
    std::ifstream stream(options_.out / "PHANTOM-1_R-CC.truth.json");
    const auto truth = nlohmann::json::parse(stream);
    EXPECT_EQ(truth["family"], "held-out");
    EXPECT_EQ(truth["condition"], "dose=0.5 curve=steep");
    EXPECT_EQ(truth["density"], rows[0].tissue);
    EXPECT_EQ(truth["device"], rows[0].device);
    EXPECT_EQ(truth["medium"], rows[0].medium);
    EXPECT_EQ(rows[0].condition, "dose=0.5 curve=steep");
    EXPECT_EQ(rows[0].intent, "presentation");
    ASSERT_EQ(truth["clusters"].size(), 2u);
    std::set<int> labels;
    for (const auto& cluster : truth["clusters"]) {
        EXPECT_EQ(cluster["number"], cluster["grains"].size());
        EXPECT_GT(cluster["hull_area_mm2"], 0);
        labels.insert(cluster["grains"].begin(), cluster["grains"].end());
    }
    std::set<int> seen;
    for (const std::uint16_t label : read_truth(rows[0], options_.out).mask.pixels) {
        if (label != 0) seen.insert(label);
    }
    EXPECT_EQ(seen, labels);
    const auto kinds = pipeline::read_grey_png(options_.out / "PHANTOM-1_R-CC.distractors.png");
    EXPECT_EQ(kinds.pixels.rows, options_.rows);
    for (const std::uint16_t kind : kinds.pixels.pixels)
        ASSERT_LE(kind, pipeline::kDistractorKinds);
}

TEST_F(LabPhantom, RefusesOptionsThatCannotBeUsed) {
    options_.views = {"R-XX"};
    EXPECT_THAT(refusal(), HasSubstr("--views R-XX"));
    options_.views = {"R-CC"};
    options_.family = "other";
    EXPECT_THAT(refusal(), HasSubstr("--family other: not one of training, held-out"));
    options_.family = "training";
    options_.curve = "wavy";
    EXPECT_THAT(refusal(), HasSubstr("--curve wavy"));
    options_.curve = "device";
    options_.views = {"R-CC", "R-CC"};
    EXPECT_THAT(refusal(), HasSubstr("twice"));
    options_.views = {"R-CC"};
    options_.intent = "neither";
    EXPECT_THAT(refusal(), HasSubstr("--intent neither"));
    options_.intent = "presentation";
    options_.exams = 2;
    options_.patient_id = "P";
    EXPECT_THAT(refusal(), HasSubstr("{seed}"));
    options_.exams = 0;
    EXPECT_THAT(refusal(), HasSubstr("nothing to make"));
    options_.exams = 1;
    options_.patient_id = "../P";
    EXPECT_THAT(refusal(), HasSubstr("--patient-id"));
    options_.patient_id = "P";
    options_.rows = 10;
    EXPECT_THAT(refusal(), HasSubstr("rows 10"));
}

}  // namespace
}  // namespace calcnode::service

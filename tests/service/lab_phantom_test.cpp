#include "service/lab_phantom.h"

#include <cstdlib>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dicom/mammogram_reader.h"
#include "pipeline/error.h"
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

TEST_F(LabPhantom, RefusesOptionsThatCannotBeUsed) {
    options_.views = {"R-XX"};
    EXPECT_THAT(refusal(), HasSubstr("--views R-XX"));
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

#include "service/lab_evaluate.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "pipeline/error.h"
#include "service/lab_phantom.h"
#include "service/lab_report.h"

namespace calcnode::service {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LabEvaluate : public testing::Test {
  protected:
    LabEvaluate() {
        std::string name = (fs::temp_directory_path() / "calcnode-evaluate-XXXXXX").string();
        folder_ = mkdtemp(name.data());
        options_.cases = folder_ / "cases.csv";
        options_.out = folder_ / "results";
    }
    ~LabEvaluate() override { fs::remove_all(folder_); }

    void make_exams(int exams, int normal) {
        testing::internal::CaptureStdout();
        run_lab_phantom({.out = folder_,
                         .rows = 480,
                         .columns = 400,
                         .spacing_mm = 0.1,
                         .exams = exams,
                         .normal_exams = normal,
                         .views = {"R-CC"}});
        testing::internal::GetCapturedStdout();
    }
    int run() {
        testing::internal::CaptureStdout();
        try {
            const int status = run_lab_evaluate(options_);
            text_ = testing::internal::GetCapturedStdout();
            return status;
        } catch (...) {
            testing::internal::GetCapturedStdout();
            throw;
        }
    }
    nlohmann::json json() const {
        return nlohmann::json::parse(std::ifstream(options_.out / "evaluation.json"));
    }

    fs::path folder_;
    LabEvaluateOptions options_;
    std::string text_;
};

TEST_F(LabEvaluate, MeasuresTheClassicalMethodOnPhantoms) {
    make_exams(2, 1);
    EXPECT_EQ(run(), 0);
    EXPECT_THAT(text_, HasSubstr("3 images of 3 patients, 1 images normal"));
    EXPECT_THAT(text_, HasSubstr("classical (HDoG)"));
    const nlohmann::json method = json().at("methods").at(0);
    EXPECT_EQ(method.at("clusters_of_5").at("clusters"), 2);
    EXPECT_GT(method.at("calcifications").at("true"), 9);
    EXPECT_GT(method.at("calcifications").at("sensitivity").at("value"), 0.2) << text_;
    EXPECT_EQ(json().at("failures").size(), 0u);
}

TEST_F(LabEvaluate, ImageThatCannotBeReadCountsAsOneWithoutFindings) {
    make_exams(2, 0);
    std::ofstream(folder_ / "PHANTOM-1_R-CC.dcm", std::ios::trunc) << "no DICOM";
    EXPECT_EQ(run(), 1);
    EXPECT_EQ(json().at("failures").size(), 1u);
    EXPECT_THAT(text_, HasSubstr("failed: PHANTOM-1_R-CC.dcm"));
    EXPECT_EQ(json().at("images"), 2);
    EXPECT_LE(json().at("methods").at(0).at("clusters_of_5").at("sensitivity").at("value"), 0.5);
}

TEST_F(LabEvaluate, MissingMaskIsNamedWithItsLine) {
    make_exams(1, 0);
    fs::remove(folder_ / "PHANTOM-1_R-CC.truth.png");
    try {
        run();
        FAIL() << "accepted";
    } catch (const pipeline::Error& error) {
        EXPECT_EQ(error.code(), pipeline::ErrorCode::bad_argument);
        EXPECT_THAT(error.what(), HasSubstr("cases.csv:2: "));
    }
}

TEST_F(LabEvaluate, MissingModelIsAnError) {
    make_exams(1, 0);
    options_.model = folder_ / "no-model";
    EXPECT_THROW(run(), pipeline::Error);
}

TEST_F(LabEvaluate, NothingToMeasureIsRefused) {
    options_.classical = false;
    EXPECT_THROW(run(), pipeline::Error);
}

TEST(LabReport, ShowsFiguresWithTheirIntervals) {
    MethodReport method;
    method.name = "cascade 1";
    method.operating_point = "score >= 0.500";
    method.five.images = 10;
    method.five.normal_images = 4;
    method.five.patients = 5;
    method.five.groups = 6;
    method.five.sensitivity = {.value = 0.9, .low = 0.8, .high = 0.95, .known = true};
    method.five.false_per_normal = {.value = 0.21, .low = 0.1, .high = 0.3, .known = true};
    method.five.froc = {
        {.allowed = 0.1, .threshold = 0.7, .sensitivity = method.five.sensitivity, .false_per_image = {}}};
    const EvaluationReport report{.cases = "cases.csv", .methods = {method}, .failures = {}};
    const std::string text = report_text(report);
    EXPECT_THAT(text, HasSubstr("90.0 % (80.0 - 95.0)"));
    EXPECT_THAT(text, HasSubstr("0.210 (0.100 - 0.300)"));
    EXPECT_THAT(text, Not(HasSubstr("Calcifications with a mask")));
    const nlohmann::json json = nlohmann::json::parse(report_json(report));
    EXPECT_DOUBLE_EQ(json["methods"][0]["clusters_of_5"]["sensitivity"]["low"], 0.8);
    EXPECT_TRUE(json["methods"][0]["calcifications"]["dice"].is_null());
    EXPECT_EQ(json["false_marks_of_froc_on"], "normal images");
}

}  // namespace
}  // namespace calcnode::service

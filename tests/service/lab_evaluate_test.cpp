#include "service/lab_evaluate.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "pipeline/error.h"
#include "pipeline/evaluation_picture.h"
#include "service/lab_cases.h"
#include "service/lab_figures.h"
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

    void make_exams(int exams, int normal, int rows = 480, int columns = 400) {
        testing::internal::CaptureStdout();
        run_lab_phantom({.out = folder_,
                         .rows = rows,
                         .columns = columns,
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
    nlohmann::json json() const { return nlohmann::json::parse(std::ifstream(options_.out / "report.json")); }

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

TEST_F(LabEvaluate, JobsDoNotChangeTheFigures) {
    make_exams(2, 2);
    const auto figures = [&](int jobs) {
        options_.jobs = jobs;
        EXPECT_EQ(run(), 0);
        nlohmann::json all = json();
        all.erase("seconds_an_image");
        for (nlohmann::json& method : all["methods"])
            method.erase("seconds_per_image");
        return all.dump();
    };
    EXPECT_EQ(figures(1), figures(3));
}

TEST_F(LabEvaluate, TellsImagesApartAndMeasuresByKind) {
    make_exams(1, 1);
    std::vector<CaseRow> rows = read_cases(options_.cases);
    rows.at(0).device = "one";
    rows.at(1).device = "two";
    for (CaseRow& row : rows) {
        row.medium = "digital";
        row.tissue = row.intent = row.condition = "";
    }
    write_cases(rows, options_.cases);
    EXPECT_EQ(run(), 0);
    EXPECT_THAT(text_, HasSubstr("area under the ROC"));
    EXPECT_THAT(text_, HasSubstr("By device"));
    EXPECT_THAT(text_, Not(HasSubstr("By medium"))) << "all are digital";
    const nlohmann::json strata = json().at("strata");
    ASSERT_EQ(strata.size(), 1u);
    EXPECT_EQ(strata[0].at("rows").at(0).at("value"), "one");
    EXPECT_EQ(strata[0].at("rows").at(1).at("normal_images"), 1);
}

TEST_F(LabEvaluate, LeavesAPageWithPlots) {
    make_exams(1, 1);
    EXPECT_EQ(run(), 0);
    for (const char* name :
         {"froc_clusters.png", "froc_calcifications_cm2.png", "froc_calcifications_image.png", "roc.png"})
        EXPECT_TRUE(fs::is_regular_file(options_.out / name)) << name;
    std::ifstream stream(options_.out / "report.html");
    const std::string page{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_THAT(page, HasSubstr("data:image/png;base64,"));
    EXPECT_THAT(page, HasSubstr("Calcifications with a mask"));
}

TEST_F(LabEvaluate, TextureIsComparedWithRealCrops) {
    make_exams(0, 1, 1000, 800);  // 10 cm: room for a piece of 12.8 mm
    options_.beside = folder_ / "crops";
    fs::create_directory(options_.beside);
    pipeline::Image<std::uint16_t> crop(256, 256);
    for (std::size_t i = 0; i < crop.pixels.size(); ++i)
        crop.pixels[i] = static_cast<std::uint16_t>(20000 + i * 7919 % 1000);
    pipeline::write_grey_png(crop, options_.beside / "a.png");
    EXPECT_EQ(run(), 0);
    EXPECT_THAT(text_, HasSubstr("exponent of the power spectrum"));
    EXPECT_EQ(json().at("likeness").at("real").at("pieces"), 1);
}

TEST_F(LabEvaluate, CropsAreMeasuredAsWholeImages) {
    pipeline::Image<std::uint16_t> crop(256, 256, 20000);
    for (int row = 0; row < 256; ++row) {
        for (int column = 0; column < 256; ++column)
            crop.at(row, column) = static_cast<std::uint16_t>(20000 + (row * 7 + column * 13) % 50);
    }
    pipeline::write_grey_png(crop, folder_ / "normal.png");
    for (int k = 0; k < 6; ++k) {
        for (int i = 0; i < 16; ++i)
            crop.at(80 + 20 * k + i / 4, 100 + 9 * k + i % 4) = 40000;
    }
    pipeline::write_grey_png(crop, folder_ / "grains.png");
    std::ofstream(options_.cases) << "image,spacing_mm,patient,kind,severity,tissue,truth\n"
                                     "normal.png,0.05,A,normal,,,\n"
                                     "grains.png,0.05,B,calc,,,image\n";
    EXPECT_EQ(run(), 1) << "no breast is 13 mm wide";
    options_.whole_image = true;
    EXPECT_EQ(run(), 0) << text_;
    EXPECT_EQ(json().at("methods").at(0).at("images").at("area").at("value"), 1) << text_;
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

ImageResult shown(std::vector<pipeline::CaseOutline> outlines, bool normal) {
    ImageResult result;
    result.outlines = std::move(outlines);
    result.model.five.normal = normal;
    return result;
}

TEST(LabFigures, ShowsTheWorstAndTheBestCases) {
    using pipeline::OutlineKind;
    const std::vector<CaseRow> rows = {{.image = "a"}, {.image = "b"}, {.image = "c"}, {.image = "d"}};
    const std::vector<ImageResult> results = {
        shown({{.kind = OutlineKind::true_missed}}, false),
        shown({{.kind = OutlineKind::mark_false, .score = 0.7}}, true),
        shown({{.kind = OutlineKind::mark_false, .score = 0.9}}, true),
        shown({{.kind = OutlineKind::true_found}, {.kind = OutlineKind::mark_right, .score = 0.8}}, false)};
    const auto cases = cases_to_show(rows, results);
    ASSERT_EQ(cases.size(), 4u);
    EXPECT_EQ(cases[0].image, 0u);
    EXPECT_THAT(cases[0].section, HasSubstr("missed"));
    EXPECT_EQ(cases[1].image, 2u) << "the surest false mark first";
    EXPECT_EQ(cases[2].image, 1u);
    EXPECT_EQ(cases[3].image, 3u);
    EXPECT_THAT(cases[3].caption, HasSubstr("1 of 1 clusters found"));
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
    EvaluationReport report;
    report.cases = "cases.csv";
    report.methods = {method};
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

// The report's pictures, read back.
#include "pipeline/evaluation_plot.h"

#include <cstdlib>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "pipeline/error.h"
#include "pipeline/evaluation_gallery.h"

namespace calcnode::pipeline {
namespace {

namespace fs = std::filesystem;

class EvaluationPictures : public testing::Test {
  protected:
    EvaluationPictures() {
        std::string name = (fs::temp_directory_path() / "calcnode-plot-XXXXXX").string();
        folder_ = mkdtemp(name.data());
    }
    ~EvaluationPictures() override { fs::remove_all(folder_); }

    /// How many pixels differ from `colour` (BGR) by at most 40 in each channel.
    static int near(const cv::Mat& picture, const cv::Scalar& colour) {
        cv::Mat inside;
        cv::inRange(picture, colour - cv::Scalar::all(40), colour + cv::Scalar::all(40), inside);
        return cv::countNonZero(inside);
    }
    fs::path folder_;
};

const cv::Scalar kFirst{180, 105, 31};
const cv::Scalar kSecond{20, 120, 230};

TEST_F(EvaluationPictures, PlotHasItsSizeAndAColourForEachSeries) {
    Plot plot{.title = "FROC", .x_label = "false marks an image", .y_label = "sensitivity", .series = {}};
    plot.series.push_back({.name = "one", .points = {{0, 0.1, 0, 0.2}, {1, 0.9, 0.8, 1}}});
    write_plot_png(plot, folder_ / "one.png");
    plot.series.push_back({.name = "two", .points = {{0, 0.1, 0, 0.2}, {1, 0.3, 0.2, 0.4}}});
    write_plot_png(plot, folder_ / "two.png");
    const cv::Mat one = cv::imread((folder_ / "one.png").string());
    const cv::Mat two = cv::imread((folder_ / "two.png").string());
    EXPECT_EQ(one.size(), cv::Size(1280, 880));
    EXPECT_GT(near(one, kFirst), 2000);
    EXPECT_EQ(near(one, kSecond), 0);
    EXPECT_GT(near(two, kSecond), 2000);
}

TEST_F(EvaluationPictures, CurveStandsWhereItsValuesAre) {
    Plot plot{.x_from = 0.01, .x_to = 10, .logarithmic = true, .series = {}};
    plot.series.push_back({.name = "level", .points = {{0.01, 0.5, 0.5, 0.5}, {10, 0.5, 0.5, 0.5}}});
    write_plot_png(plot, folder_ / "plot.png");
    const cv::Mat picture = cv::imread((folder_ / "plot.png").string());
    // The field is 110..1240 by 70..770: half way up is 420.
    for (const int x : {120, 600, 1200})
        EXPECT_GT(near(picture(cv::Rect(x, 417, 1, 7)), kFirst), 0) << x;
    EXPECT_EQ(near(picture(cv::Rect(120, 100, 1000, 300)), kFirst), 0);
}

TEST_F(EvaluationPictures, CaseShowsWhatWasMissedAndWhatWasMarked) {
    Mammogram mammogram;
    mammogram.pixels = {900, 700, 1000};
    for (int row = 0; row < 900; ++row)
        mammogram.pixels.at(row, 0) = 0;
    mammogram.row_spacing_mm = mammogram.column_spacing_mm = 0.1;
    const auto square = [](double x, double y) {
        return std::vector<Point>{{x, y}, {x + 60, y}, {x + 60, y + 60}, {x, y + 60}, {x, y}};
    };
    const std::vector<CaseOutline> outlines = {
        {.kind = OutlineKind::true_missed, .outline = square(400, 500)},
        {.kind = OutlineKind::mark_false, .outline = square(100, 100), .score = 0.93}};
    write_case_picture(mammogram, outlines, folder_ / "case.jpg");
    const cv::Mat picture = cv::imread((folder_ / "case.jpg").string());
    EXPECT_EQ(picture.rows, 640);
    EXPECT_EQ(picture.cols, 498 + 8 + 640);
    EXPECT_GT(near(picture, {60, 60, 235}), 100) << "missed, in both halves";
    EXPECT_GT(near(picture(cv::Rect(506, 0, 640, 640)), {60, 60, 235}), 100) << "the close-up is round it";
    EXPECT_GT(near(picture(cv::Rect(0, 0, 498, 640)), {0, 140, 255}), 50);
    EXPECT_EQ(near(picture(cv::Rect(506, 0, 640, 640)), {0, 140, 255}), 0) << "40 mm away";
}

TEST_F(EvaluationPictures, SmallCropIsShownWhole) {
    Mammogram mammogram;
    mammogram.pixels = {256, 256, 7};
    mammogram.row_spacing_mm = mammogram.column_spacing_mm = 0.05;
    write_case_picture(mammogram, {}, folder_ / "crop.jpg");
    EXPECT_EQ(cv::imread((folder_ / "crop.jpg").string()).size(), cv::Size(640 + 8 + 640, 640));
}

TEST_F(EvaluationPictures, FolderThatIsNotThereIsAnError) {
    EXPECT_THROW(write_plot_png({}, folder_ / "none" / "plot.png"), Error);
    Mammogram mammogram;
    mammogram.pixels = {64, 64};
    mammogram.row_spacing_mm = mammogram.column_spacing_mm = 0.05;
    EXPECT_THROW(write_case_picture(mammogram, {}, folder_ / "none" / "case.jpg"), Error);
}

}  // namespace
}  // namespace calcnode::pipeline

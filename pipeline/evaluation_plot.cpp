#include "pipeline/evaluation_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "pipeline/error.h"

namespace calcnode::pipeline {

namespace {

constexpr int kSharper = 2;  // drawn this much larger, then reduced: thin lines and text come out clean
const cv::Size kSize{1280 * kSharper, 880 * kSharper};
const cv::Rect kField{110 * kSharper, 70 * kSharper, 1130 * kSharper, 700 * kSharper};

// BGR. Blue and orange differ to every kind of colour vision.
const cv::Scalar kColours[] = {{180, 105, 31}, {20, 120, 230}, {90, 150, 40}, {150, 60, 140}};
const cv::Scalar kInk{40, 40, 40};
const cv::Scalar kGrid{225, 225, 225};
constexpr double kBand = 0.22;  // its share of the colour

class Canvas {
  public:
    explicit Canvas(const Plot& plot) : plot_(plot), picture_(kSize, CV_8UC3, cv::Scalar(255, 255, 255)) {}

    cv::Mat draw() {
        grid();
        for (std::size_t k = 0; k < plot_.series.size(); ++k)
            band(plot_.series[k], colour(k));
        if (plot_.diagonal) line({0, 0}, {1, 1}, {170, 170, 170});
        for (std::size_t k = 0; k < plot_.series.size(); ++k)
            curve(plot_.series[k], colour(k));
        cv::rectangle(picture_, kField, kInk, kSharper, cv::LINE_AA);
        legend();
        text(plot_.title, {kField.x, 45 * kSharper}, 0.85, kInk);
        cv::Mat result;
        cv::resize(picture_, result, kSize / kSharper, 0, 0, cv::INTER_AREA);
        return result;
    }

  private:
    static const cv::Scalar& colour(std::size_t k) { return kColours[k % std::size(kColours)]; }

    int x_of(double x) const {
        const double share = plot_.logarithmic ? std::log(std::max(x, 1e-12) / plot_.x_from) /
                                                     std::log(plot_.x_to / plot_.x_from)
                                               : (x - plot_.x_from) / (plot_.x_to - plot_.x_from);
        return kField.x + static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kField.width));
    }
    static int y_of(double y) {
        return kField.br().y - static_cast<int>(std::lround(std::clamp(y, 0.0, 1.0) * kField.height));
    }
    void line(cv::Point2d from, cv::Point2d to, const cv::Scalar& ink) {
        cv::line(picture_, {x_of(from.x), y_of(from.y)}, {x_of(to.x), y_of(to.y)}, ink, kSharper,
                 cv::LINE_AA);
    }
    static cv::Size size_of(const std::string& words, double scale) {
        int base = 0;
        return cv::getTextSize(words, cv::FONT_HERSHEY_SIMPLEX, scale * kSharper, 2 * kSharper - 1, &base);
    }
    void text(const std::string& words, cv::Point at, double scale, const cv::Scalar& ink) {
        cv::putText(picture_, words, at, cv::FONT_HERSHEY_SIMPLEX, scale * kSharper, ink, 2 * kSharper - 1,
                    cv::LINE_AA);
    }
    /// Where the x axis has its numbers.
    std::vector<double> ticks() const {
        std::vector<double> result;
        if (!plot_.logarithmic) {
            for (int i = 0; i <= 5; ++i)
                result.push_back(plot_.x_from + i * (plot_.x_to - plot_.x_from) / 5);
            return result;
        }
        for (double decade = std::pow(10.0, std::floor(std::log10(plot_.x_from)));
             decade <= plot_.x_to * 1.001; decade *= 10) {
            for (const double times : {1, 2, 5}) {
                const double tick = decade * times;
                if (tick >= plot_.x_from * 0.999 && tick <= plot_.x_to * 1.001) result.push_back(tick);
            }
        }
        return result;
    }
    void grid() {
        for (const double tick : ticks()) {
            line({tick, 0}, {tick, 1}, kGrid);
            char label[32];
            std::snprintf(label, sizeof label, "%g", tick);
            text(label, {x_of(tick) - size_of(label, 0.6).width / 2, kField.br().y + 28 * kSharper}, 0.6,
                 kInk);
        }
        for (int i = 0; i <= 10; i += 2) {
            const double y = i / 10.0;
            line({plot_.x_from, y}, {plot_.x_to, y}, kGrid);
            char label[32];
            std::snprintf(label, sizeof label, "%.1f", y);
            text(label, {kField.x - 12 * kSharper - size_of(label, 0.6).width, y_of(y) + 7 * kSharper}, 0.6,
                 kInk);
        }
        const cv::Size below = size_of(plot_.x_label, 0.7);
        text(plot_.x_label, {kField.x + (kField.width - below.width) / 2, kSize.height - 35 * kSharper}, 0.7,
             kInk);
        upright(plot_.y_label);
    }
    /// The y axis' label, turned by a quarter.
    void upright(const std::string& words) {
        const cv::Size size = size_of(words, 0.7);
        cv::Mat label(size.height + 20 * kSharper, size.width + 4, CV_8UC3, cv::Scalar(255, 255, 255));
        cv::putText(label, words, {2, size.height + 4 * kSharper}, cv::FONT_HERSHEY_SIMPLEX, 0.7 * kSharper,
                    kInk, 2 * kSharper - 1, cv::LINE_AA);
        cv::rotate(label, label, cv::ROTATE_90_COUNTERCLOCKWISE);
        const cv::Point at(12 * kSharper, kField.y + (kField.height - label.rows) / 2);
        label.copyTo(picture_(cv::Rect(at, label.size())));
    }
    void band(const PlotSeries& series, const cv::Scalar& ink) {
        if (series.points.size() < 2) return;
        std::vector<cv::Point> border;
        for (const PlotPoint& point : series.points)
            border.emplace_back(x_of(point.x), y_of(point.high));
        for (auto point = series.points.rbegin(); point != series.points.rend(); ++point)
            border.emplace_back(x_of(point->x), y_of(point->low));
        cv::Mat over = picture_.clone();
        cv::fillPoly(over, std::vector<std::vector<cv::Point>>{border}, ink, cv::LINE_AA);
        cv::addWeighted(over, kBand, picture_, 1 - kBand, 0, picture_);
    }
    void curve(const PlotSeries& series, const cv::Scalar& ink) {
        std::vector<cv::Point> points;
        for (const PlotPoint& point : series.points)
            points.emplace_back(x_of(point.x), y_of(point.y));
        if (points.size() == 1) cv::circle(picture_, points[0], 4 * kSharper, ink, cv::FILLED, cv::LINE_AA);
        if (points.size() > 1) cv::polylines(picture_, points, false, ink, 3 * kSharper, cv::LINE_AA);
    }
    /// At the lower right, where good curves are not.
    void legend() {
        int widest = 0;
        for (const PlotSeries& series : plot_.series)
            widest = std::max(widest, size_of(series.name, 0.6).width);
        const int step = 32 * kSharper;
        const int height = step * static_cast<int>(plot_.series.size()) + 12 * kSharper;
        const cv::Rect box(kField.br().x - widest - 90 * kSharper, kField.br().y - height - 14 * kSharper,
                           widest + 76 * kSharper, height);
        cv::rectangle(picture_, box, {255, 255, 255}, cv::FILLED);
        cv::rectangle(picture_, box, kGrid, kSharper, cv::LINE_AA);
        for (std::size_t k = 0; k < plot_.series.size(); ++k) {
            const int y = box.y + step * static_cast<int>(k) + 22 * kSharper;
            cv::line(picture_, {box.x + 12 * kSharper, y}, {box.x + 48 * kSharper, y}, colour(k),
                     3 * kSharper, cv::LINE_AA);
            text(plot_.series[k].name, {box.x + 60 * kSharper, y + 7 * kSharper}, 0.6, kInk);
        }
    }

    const Plot& plot_;
    cv::Mat picture_;
};

}  // namespace

void write_plot_png(const Plot& plot, const std::filesystem::path& file) {
    bool written = false;
    std::string why = "cannot be written";
    try {
        written = cv::imwrite(file.string(), Canvas(plot).draw());
    } catch (const cv::Exception& error) {
        why = error.what();
    }
    if (!written) throw Error(ErrorCode::write_failed, file.string() + ": " + why);
}

}  // namespace calcnode::pipeline

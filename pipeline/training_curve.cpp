#include "pipeline/training_curve.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "pipeline/error.h"

namespace calcnode::pipeline {
namespace {

constexpr const char* kHead = "stage,step,training_loss,validation_loss";
const cv::Size kPanel(560, 380);
const cv::Rect kPlot(60, 40, 470, 290);
const cv::Scalar kInk(60, 60, 60), kTraining(200, 140, 60), kValidation(40, 40, 200);

/// Losses fall by decades: the axis is logarithmic.
struct Axis {
    double low, high;
    double at(double value) const {
        const double part = (std::log10(std::max(value, 1e-9)) - low) / (high - low);
        return kPlot.y + kPlot.height * (1 - std::clamp(part, 0.0, 1.0));
    }
};

Axis axis_of(const std::vector<CurvePoint>& points) {
    double low = 1e9, high = 1e-9;
    for (const CurvePoint& point : points) {
        low = std::min({low, point.training, point.validation});
        high = std::max({high, point.training, point.validation});
    }
    const double bottom = std::floor(4 * std::log10(std::max(low, 1e-9))) / 4;
    return {bottom, std::max(bottom + 0.25, std::ceil(4 * std::log10(std::max(high, 1e-9))) / 4)};
}

void text(cv::Mat& picture, const std::string& words, const cv::Point& at, const cv::Scalar& colour = kInk) {
    cv::putText(picture, words, at, cv::FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv::LINE_AA);
}

void draw_line(cv::Mat& panel, const std::vector<CurvePoint>& points, const Axis& axis, bool validation) {
    const double last = std::max(1, points.back().step);
    std::vector<cv::Point> path;
    for (const CurvePoint& point : points) {
        path.emplace_back(static_cast<int>(kPlot.x + kPlot.width * point.step / last),
                          static_cast<int>(axis.at(validation ? point.validation : point.training)));
    }
    cv::polylines(panel, path, false, validation ? kValidation : kTraining, 2, cv::LINE_AA);
}

cv::Mat panel_of(const std::vector<CurvePoint>& points) {
    cv::Mat panel(kPanel, CV_8UC3, cv::Scalar(255, 255, 255));
    const Axis axis = axis_of(points);
    for (double power = axis.low; power <= axis.high + 1e-6; power += 0.25) {
        const double value = std::pow(10, power);
        const int y = static_cast<int>(axis.at(value));
        cv::line(panel, {kPlot.x, y}, {kPlot.br().x, y}, cv::Scalar(225, 225, 225));
        char label[32];
        std::snprintf(label, sizeof label, "%.3g", value);
        text(panel, label, {8, y + 4});
    }
    cv::rectangle(panel, kPlot, kInk);
    draw_line(panel, points, axis, false);
    draw_line(panel, points, axis, true);
    text(panel, points.front().stage + ": loss over steps", {kPlot.x, 24});
    text(panel, "training", {kPlot.br().x - 160, 24}, kTraining);
    text(panel, "validation", {kPlot.br().x - 80, 24}, kValidation);
    text(panel, "0", {kPlot.x, kPlot.br().y + 18});
    text(panel, std::to_string(points.back().step), {kPlot.br().x - 36, kPlot.br().y + 18});
    return panel;
}

}  // namespace

std::vector<CurvePoint> read_curve(const std::filesystem::path& file) {
    std::vector<CurvePoint> points;
    std::ifstream input(file);
    std::string line;
    if (!input || !std::getline(input, line)) return points;
    while (std::getline(input, line)) {
        std::istringstream fields(line);
        CurvePoint point;
        char comma = 0;
        if (!std::getline(fields, point.stage, ',') ||
            !(fields >> point.step >> comma >> point.training >> comma >> point.validation)) {
            throw Error(ErrorCode::training_failed, file.string() + ": no loss curve: " + line);
        }
        points.push_back(point);
    }
    return points;
}

void write_curve(const std::vector<CurvePoint>& points, const std::filesystem::path& file) {
    std::ofstream output(file, std::ios::trunc);
    output << kHead << '\n';
    for (const CurvePoint& point : points)
        output << point.stage << ',' << point.step << ',' << point.training << ',' << point.validation << '\n';
    if (!output.flush()) throw Error(ErrorCode::write_failed, "cannot write " + file.string());
}

void draw_curve(const std::vector<CurvePoint>& points, const std::filesystem::path& file) {
    std::vector<cv::Mat> panels;
    for (auto first = points.begin(); first != points.end();) {
        const auto last =
            std::find_if(first, points.end(), [&](const CurvePoint& point) { return point.stage != first->stage; });
        panels.push_back(panel_of({first, last}));
        first = last;
    }
    if (panels.empty()) return;
    cv::Mat picture;
    cv::hconcat(panels, picture);
    if (!cv::imwrite(file.string(), picture)) throw Error(ErrorCode::write_failed, "cannot write " + file.string());
}

}  // namespace calcnode::pipeline

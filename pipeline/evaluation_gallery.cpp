#include "pipeline/evaluation_gallery.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "pipeline/cv_image.h"
#include "pipeline/error.h"

namespace calcnode::pipeline {

namespace {

constexpr int kHeight = 640;
constexpr double kCloseUp_mm = 30;
constexpr int kGap = 8;
constexpr int kSubpixelBits = 4;

const cv::Scalar& colour(OutlineKind kind) {
    static const cv::Scalar kColours[] = {{80, 200, 80}, {60, 60, 235}, {0, 225, 255}, {0, 140, 255}};
    return kColours[static_cast<int>(kind)];
}

/// Grey levels between the 1st and the 99.8th percentile of what is above the lowest one.
cv::Mat windowed(const cv::Mat& source) {
    std::vector<std::uint16_t> values;
    for (int row = 0; row < source.rows; row += 2) {
        for (int column = 0; column < source.cols; column += 2)
            values.push_back(source.at<std::uint16_t>(row, column));
    }
    const std::uint16_t lowest = *std::min_element(values.begin(), values.end());
    std::erase(values, lowest);
    if (values.empty()) values.push_back(lowest);
    std::sort(values.begin(), values.end());
    const auto quantile = [&](double share) {
        return static_cast<double>(
            values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))]);
    };
    const double low = quantile(0.01), high = std::max(low + 1, quantile(0.998));
    cv::Mat grey, picture;
    source.convertTo(grey, CV_8U, 255 / (high - low), -low * 255 / (high - low));
    cv::cvtColor(grey, picture, cv::COLOR_GRAY2BGR);
    return picture;
}

/// A part of the image at a scale of its own, and the outlines in it.
class Panel {
  public:
    Panel(const Mammogram& mammogram, const cv::Rect& part, cv::Size size)
        : part_(part),
          x_scale_(static_cast<double>(size.width) / part.width),
          y_scale_(static_cast<double>(size.height) / part.height) {
        cv::Mat scaled;
        cv::resize(view(mammogram.pixels)(part), scaled, size, 0, 0,
                   x_scale_ < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
        picture_ = windowed(scaled);
    }

    void draw(const CaseOutline& outline) {
        std::vector<cv::Point> points;
        cv::Point label(picture_.cols, 0);
        for (const Point& point : outline.outline) {
            const double x = (point.x - part_.x) * x_scale_ - 0.5, y = (point.y - part_.y) * y_scale_ - 0.5;
            points.emplace_back(static_cast<int>(std::lround(x * (1 << kSubpixelBits))),
                                static_cast<int>(std::lround(y * (1 << kSubpixelBits))));
            label = {std::min(label.x, static_cast<int>(x)), std::max(label.y, static_cast<int>(y))};
        }
        if (points.size() < 2) return;
        const bool mark = outline.kind == OutlineKind::mark_right || outline.kind == OutlineKind::mark_false;
        // A mark is drawn over the truth: both are seen where they agree.
        cv::polylines(picture_, points, true, colour(outline.kind), mark ? 2 : 4, cv::LINE_AA, kSubpixelBits);
        if (!mark) return;
        char text[16];
        std::snprintf(text, sizeof text, "%.2f", outline.score);
        cv::putText(picture_, text, label + cv::Point(2, 18), cv::FONT_HERSHEY_SIMPLEX, 0.5,
                    colour(outline.kind), 1, cv::LINE_AA);
    }
    const cv::Mat& picture() const { return picture_; }

  private:
    cv::Rect part_;
    double x_scale_;
    double y_scale_;
    cv::Mat picture_;
};

/// kCloseUp_mm square, inside the image.
cv::Rect close_up(const Mammogram& mammogram, std::span<const CaseOutline> outlines) {
    const int width =
        std::min(mammogram.pixels.columns, static_cast<int>(kCloseUp_mm / mammogram.column_spacing_mm));
    const int height =
        std::min(mammogram.pixels.rows, static_cast<int>(kCloseUp_mm / mammogram.row_spacing_mm));
    cv::Point2d centre(mammogram.pixels.columns / 2.0, mammogram.pixels.rows / 2.0);
    if (!outlines.empty() && !outlines.front().outline.empty()) {
        centre = {};
        const auto& outline = outlines.front().outline;
        for (const Point& point : outline)
            centre += cv::Point2d(point.x, point.y) / static_cast<double>(outline.size());
    }
    const int x = std::clamp(static_cast<int>(centre.x) - width / 2, 0, mammogram.pixels.columns - width);
    const int y = std::clamp(static_cast<int>(centre.y) - height / 2, 0, mammogram.pixels.rows - height);
    return {x, y, width, height};
}

cv::Size size_for(const Mammogram& mammogram, const cv::Rect& part) {
    const double width = part.width * mammogram.column_spacing_mm;
    const double height = part.height * mammogram.row_spacing_mm;
    return {std::max(1, static_cast<int>(std::lround(kHeight * width / height))), kHeight};
}

}  // namespace

void write_case_picture(const Mammogram& mammogram, std::span<const CaseOutline> outlines,
                        const std::filesystem::path& file) {
    const cv::Rect whole(0, 0, mammogram.pixels.columns, mammogram.pixels.rows);
    const cv::Rect near = close_up(mammogram, outlines);
    Panel left(mammogram, whole, size_for(mammogram, whole));
    Panel right(mammogram, near, size_for(mammogram, near));
    for (const CaseOutline& outline : outlines) {
        left.draw(outline);
        right.draw(outline);
    }
    cv::Mat picture(kHeight, left.picture().cols + kGap + right.picture().cols, CV_8UC3,
                    cv::Scalar(255, 255, 255));
    left.picture().copyTo(picture(cv::Rect({0, 0}, left.picture().size())));
    right.picture().copyTo(picture(cv::Rect({left.picture().cols + kGap, 0}, right.picture().size())));
    bool written = false;
    std::string why = "cannot be written";
    try {
        written = cv::imwrite(file.string(), picture, {cv::IMWRITE_JPEG_QUALITY, 88});
    } catch (const cv::Exception& error) {
        why = error.what();
    }
    if (!written) throw Error(ErrorCode::write_failed, file.string() + ": " + why);
}

}  // namespace calcnode::pipeline

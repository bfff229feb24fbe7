#include "pipeline/overlay.h"

#include <algorithm>
#include <string>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "pipeline/error.h"
#include "pipeline/overlay_parts.h"

namespace calcnode::pipeline {

namespace {

constexpr int kFastCompression = 1;

void write_png(const std::filesystem::path& file, const cv::Mat& image) {
    bool written = false;
    std::string why = "cannot be written";
    try {
        written = cv::imwrite(file.string(), image, {cv::IMWRITE_PNG_COMPRESSION, kFastCompression});
    } catch (const cv::Exception& error) {
        why = error.what();
    }
    if (!written) throw Error(ErrorCode::write_failed, file.string() + ": " + why);
}

}  // namespace

void write_overlay_png(const Mammogram& mammogram, const ImageFindings& findings,
                       const std::filesystem::path& file) {
    const GreyTable table = grey_table(mammogram.pixels);
    cv::Mat grey(mammogram.pixels.rows, mammogram.pixels.columns, CV_8U);
    std::transform(mammogram.pixels.pixels.begin(), mammogram.pixels.pixels.end(), grey.begin<std::uint8_t>(),
                   [&](std::uint16_t value) { return table[value]; });
    Canvas canvas;
    cv::cvtColor(grey, canvas.picture, cv::COLOR_GRAY2BGR);
    draw_findings(canvas, findings, std::max(1, mammogram.pixels.columns / 1200));
    write_png(file, canvas.picture);
}

void write_mask_png(const ImageFindings& findings, const std::filesystem::path& file) {
    const auto& labels = findings.labels;
    write_png(file,
              cv::Mat(labels.rows, labels.columns, CV_16U, const_cast<std::uint16_t*>(labels.pixels.data())));
}

}  // namespace calcnode::pipeline

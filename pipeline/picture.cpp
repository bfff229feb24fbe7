#include "pipeline/picture.h"

#include <algorithm>
#include <cmath>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "pipeline/error.h"

namespace calcnode::pipeline {

PictureWindow picture_window(const Image<std::uint16_t>& pixels) {
    std::vector<std::uint32_t> histogram(65536, 0);
    for (const std::uint16_t value : pixels.pixels)
        ++histogram[value];
    std::size_t darkest = 0;
    while (darkest < 65535 && histogram[darkest] == 0)
        ++darkest;
    const double tissue = static_cast<double>(pixels.pixels.size()) - histogram[darkest];
    PictureWindow window{static_cast<int>(darkest), static_cast<int>(darkest) + 1};
    double seen = 0;
    for (std::size_t value = darkest + 1; value < histogram.size(); ++value) {
        if (seen < 0.01 * tissue) window.low = static_cast<int>(value);
        seen += histogram[value];
        window.high = static_cast<int>(value);
        if (seen >= 0.998 * tissue) break;
    }
    return window;
}

std::vector<unsigned char> picture_png(const Image<std::uint16_t>& pixels, const PictureArea& area,
                                       int columns, int rows, const PictureWindow& window) {
    const cv::Mat whole(pixels.rows, pixels.columns, CV_16U,
                        const_cast<std::uint16_t*>(pixels.pixels.data()));
    const cv::Rect part =
        cv::Rect(area.column, area.row, area.columns, area.rows) & cv::Rect({0, 0}, whole.size());
    if (part.empty() || columns < 1 || rows < 1 || columns > kLargestPicture || rows > kLargestPicture)
        throw Error(ErrorCode::bad_argument,
                    "the area holds nothing of the image, or the picture is too large");
    cv::Mat scaled;
    const bool reduced = columns < part.width || rows < part.height;
    cv::resize(whole(part), scaled, {columns, rows}, 0, 0, reduced ? cv::INTER_AREA : cv::INTER_LINEAR);
    const double scale = 255.0 / std::max(1, window.high - window.low);
    cv::Mat grey;
    scaled.convertTo(grey, CV_8U, scale, -window.low * scale);
    std::vector<unsigned char> png;
    constexpr int kFastCompression = 1;
    if (!cv::imencode(".png", grey, png, {cv::IMWRITE_PNG_COMPRESSION, kFastCompression}))
        throw Error(ErrorCode::write_failed, "the picture cannot be encoded");
    return png;
}

}  // namespace calcnode::pipeline

#include <algorithm>
#include <cmath>
#include <string>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "pipeline/breast_mask.h"
#include "pipeline/cv_image.h"
#include "pipeline/error.h"
#include "pipeline/phantom_likeness.h"
#include "pipeline/phantom_random.h"

namespace calcnode::pipeline {

namespace {

namespace fs = std::filesystem;

constexpr int kTile = 192;  // pixels of the contact sheet
constexpr int kGap = 4;

/// The square of that side whose mean is greatest, on a coarse raster: breast, not air.
cv::Rect brightest_square(const cv::Mat& picture, int side) {
    cv::Rect best(0, 0, side, side);
    double most = -1;
    for (int y = 0; y + side <= picture.rows; y += side / 2) {
        for (int x = 0; x + side <= picture.cols; x += side / 2) {
            const cv::Rect square(x, y, side, side);
            const double mean = cv::mean(picture(square))[0];
            if (mean > most) {
                most = mean;
                best = square;
            }
        }
    }
    return best;
}

cv::Mat stretched(const TexturePiece& piece) {
    cv::Mat1f picture;
    view(piece.pixels).convertTo(picture, CV_32F);
    cv::resize(picture, picture, {kTile, kTile}, 0, 0,
               picture.rows > kTile ? cv::INTER_AREA : cv::INTER_CUBIC);
    std::vector<float> values(picture.begin(), picture.end());
    std::sort(values.begin(), values.end());
    const float low = values[values.size() / 100];
    const float high = std::max(low + 1, values[values.size() - 1 - values.size() / 100]);
    cv::Mat result;
    picture.convertTo(result, CV_8U, 255 / (high - low), -255 * low / (high - low));
    return result;
}

}  // namespace

std::vector<TexturePiece> cut_pieces(const Phantom& phantom, const PieceOptions& options) {
    std::vector<TexturePiece> pieces;
    const double spacing = phantom.mammogram.column_spacing_mm;
    const int side = static_cast<int>(options.side_mm / spacing);
    const cv::Mat pixels = view(phantom.mammogram.pixels);
    const cv::Mat truth = view(phantom.truth);
    const cv::Mat distractors = view(phantom.distractors);
    const cv::Mat mask = breast_mask(phantom.mammogram);
    const double zoom_x = static_cast<double>(mask.cols) / pixels.cols;
    const double zoom_y = static_cast<double>(mask.rows) / pixels.rows;
    phantom::Random random(options.seed, 1);
    for (int attempt = 0; attempt < 300 && static_cast<int>(pieces.size()) < options.count; ++attempt) {
        if (pixels.cols <= side || pixels.rows <= side) break;
        const cv::Rect square(random.integer(0, pixels.cols - side), random.integer(0, pixels.rows - side),
                              side, side);
        const cv::Rect coarse(static_cast<int>(square.x * zoom_x), static_cast<int>(square.y * zoom_y),
                              std::max(1, static_cast<int>(side * zoom_x)),
                              std::max(1, static_cast<int>(side * zoom_y)));
        if (cv::countNonZero(mask(coarse & cv::Rect({}, mask.size()))) < coarse.area()) continue;
        if (!options.with_findings &&
            (cv::countNonZero(truth(square)) > 0 || cv::countNonZero(distractors(square)) > 0)) {
            continue;
        }
        pieces.push_back({copy_of<std::uint16_t>(pixels(square).clone()), spacing});
    }
    return pieces;
}

std::vector<TexturePiece> read_pieces(const fs::path& folder, double spacing_mm,
                                      const PieceOptions& options) {
    std::vector<fs::path> files;
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator(folder, problem)) {
        const std::string ending = entry.path().extension();
        if (ending == ".png" || ending == ".jpg") files.push_back(entry.path());
    }
    if (files.empty()) throw Error(ErrorCode::bad_argument, folder.string() + ": no .png or .jpg in it");
    std::sort(files.begin(), files.end());
    std::vector<TexturePiece> pieces;
    const int side = static_cast<int>(options.side_mm / spacing_mm);
    for (const fs::path& file : files) {
        if (static_cast<int>(pieces.size()) >= options.count) break;
        cv::Mat picture = cv::imread(file.string(), cv::IMREAD_GRAYSCALE | cv::IMREAD_ANYDEPTH);
        if (picture.empty()) throw Error(ErrorCode::bad_argument, file.string() + ": not a readable picture");
        picture.convertTo(picture, CV_16U);
        if (std::min(picture.rows, picture.cols) > side)
            picture = picture(brightest_square(picture, side)).clone();
        pieces.push_back({copy_of<std::uint16_t>(picture), spacing_mm});
    }
    return pieces;
}

void write_contact_sheet(std::span<const TexturePiece> phantom, std::span<const TexturePiece> real,
                         const fs::path& file) {
    constexpr int kColumns = 4;  // in each half
    const auto rows = static_cast<int>((std::max(phantom.size(), real.size()) + kColumns - 1) / kColumns);
    const int step = kTile + kGap;
    cv::Mat1b sheet(std::max(1, rows * step), 2 * kColumns * step + 4 * kGap, std::uint8_t{255});
    for (const auto& [pieces, left] : {std::pair{phantom, 0}, {real, kColumns * step + 4 * kGap}}) {
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            const int column = static_cast<int>(i) % kColumns, row = static_cast<int>(i) / kColumns;
            stretched(pieces[i]).copyTo(sheet(cv::Rect(left + column * step, row * step, kTile, kTile)));
        }
    }
    bool written = false;
    try {
        written = cv::imwrite(file.string(), sheet);
    } catch (const cv::Exception&) {
        written = false;
    }
    if (!written) throw Error(ErrorCode::write_failed, file.string() + ": cannot be written");
}

}  // namespace calcnode::pipeline

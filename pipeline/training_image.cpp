#include "pipeline/training_image.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "pipeline/breast_mask.h"
#include "pipeline/cv_image.h"
#include "pipeline/error.h"
#include "pipeline/phantom.h"

namespace calcnode::pipeline {
namespace {

constexpr double kPieceMm = 45;
constexpr double kDarkest = 12;  // of 255: below this a picture shows no tissue

bool is_picture(const std::filesystem::path& file) {
    const std::string extension = file.extension().string();
    return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

/// Where a piece without a known breast outline can be used: not the black background, not a white border.
cv::Mat tissue_mask(const cv::Mat& picture, double spacing_mm) {
    cv::Mat smooth;
    cv::GaussianBlur(picture, smooth, {}, 0.5 / spacing_mm);
    cv::Mat mask;
    cv::bitwise_and(smooth > kDarkest, smooth < 240, mask);
    const int side = 2 * static_cast<int>(std::lround(1.0 / spacing_mm)) + 1;
    cv::erode(mask, mask, cv::getStructuringElement(cv::MORPH_ELLIPSE, {side, side}), {-1, -1}, 1,
              cv::BORDER_CONSTANT, cv::Scalar(255));
    return mask;
}

/// Bright specks of the picture itself: nobody said that they are no calcifications.
cv::Mat bright_specks(const cv::Mat& picture, double spacing_mm) {
    cv::Mat fine, smooth, variance;
    cv::GaussianBlur(picture, fine, {}, std::max(0.5, 0.06 / spacing_mm));
    cv::GaussianBlur(picture, smooth, {}, 0.4 / spacing_mm);
    const cv::Mat detail = fine - smooth;
    const int side = 2 * static_cast<int>(2.0 / spacing_mm) + 1;
    cv::boxFilter(detail.mul(detail), variance, CV_32F, {side, side});
    cv::Mat noise;
    cv::sqrt(variance, noise);
    cv::Mat specks = detail > 3.5 * cv::max(noise, 0.2);
    const int grow = 2 * static_cast<int>(std::lround(0.4 / spacing_mm)) + 1;
    cv::dilate(specks, specks, cv::getStructuringElement(cv::MORPH_ELLIPSE, {grow, grow}));
    return specks;
}

cv::Rect random_piece(const cv::Size& size, double spacing_mm, Random& random) {
    const int side = static_cast<int>(kPieceMm / spacing_mm);
    const cv::Size piece(std::min(side, size.width), std::min(side, size.height));
    return {
        cv::Point(random.integer(0, size.width - piece.width), random.integer(0, size.height - piece.height)),
        piece};
}

}  // namespace

BackgroundLibrary::BackgroundLibrary(const std::vector<TrainingBackground>& folders) {
    for (const TrainingBackground& source : folders) {
        Folder folder{source.spacing_mm, {}};
        std::error_code none;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(source.folder, none)) {
            if (entry.is_regular_file() && is_picture(entry.path())) folder.files.push_back(entry.path());
        }
        std::sort(folder.files.begin(), folder.files.end());
        if (folder.files.size() < kHeldOutPart) {
            throw Error(ErrorCode::bad_argument,
                        "background folder " + source.folder.string() + " holds fewer than 5 pictures");
        }
        if (!(source.spacing_mm >= 0.02 && source.spacing_mm <= 0.3)) {
            throw Error(ErrorCode::bad_argument, "background spacing is not 0.02 to 0.3 mm");
        }
        folders_.push_back(std::move(folder));
    }
}

TrainingImage BackgroundLibrary::draw(std::size_t folder, bool held_out, Random& random) const {
    const Folder& from = folders_.at(folder);
    for (int attempt = 0; attempt < 50; ++attempt) {
        std::size_t index =
            static_cast<std::size_t>(random.integer(0, static_cast<int>(from.files.size()) - 1));
        if ((index >= from.files.size() - from.files.size() / kHeldOutPart) != held_out) continue;
        const cv::Mat bytes = cv::imread(from.files[index].string(), cv::IMREAD_GRAYSCALE);
        if (bytes.empty()) throw Error(ErrorCode::bad_argument, "cannot read " + from.files[index].string());
        TrainingImage image;
        image.spacing_mm = from.spacing_mm;
        bytes(random_piece(bytes.size(), from.spacing_mm, random)).convertTo(image.picture, CV_32F);
        image.mask = tissue_mask(image.picture, from.spacing_mm);
        if (cv::countNonZero(image.mask) * 4 < static_cast<int>(image.mask.total())) continue;
        image.doubtful = bright_specks(image.picture, from.spacing_mm);
        image.grains = cv::Mat::zeros(image.picture.size(), CV_32F);
        return image;
    }
    throw Error(ErrorCode::bad_argument, "background pictures show no tissue");
}

TrainingImage draw_phantom(Random& random) {
    PhantomOptions options;
    const double spacings[] = {0.05, 0.07, 0.07, 0.085, 0.1};
    options.spacing_mm = spacings[random.integer(0, 4)];
    options.rows = static_cast<int>(random.uniform(110, 180) / options.spacing_mm);
    options.columns = static_cast<int>(random.uniform(80, 130) / options.spacing_mm);
    options.seed = random.next();
    options.clusters = random.chance(0.3) ? 0 : random.integer(1, 4);
    options.laterality = random.chance(0.5) ? Laterality::left : Laterality::right;
    options.view = random.chance(0.5) ? View::cc : View::mlo;
    options.intent = random.chance(0.5) ? Intent::presentation : Intent::processing;
    options.visibility = {.least = 4, .most = 24};  // fainter than what is measured on
    // Calcified vessels are what is most often mistaken for a cluster: they come more often than in life.
    if (random.chance(0.35)) options.condition.vessels = VesselWalls::calcified;
    if (random.chance(0.25)) options.condition.dose = random.log_uniform(0.4, 1);
    const Phantom phantom = make_phantom(options);
    TrainingImage image;
    image.spacing_mm = options.spacing_mm;
    view(phantom.mammogram.pixels).convertTo(image.picture, CV_32F);
    cv::Mat(view(phantom.truth) > 0).convertTo(image.grains, CV_32F, 1.0 / 255);
    cv::resize(breast_mask(phantom.mammogram), image.mask, image.picture.size(), 0, 0, cv::INTER_LINEAR);
    image.mask = image.mask > 127;
    return image;
}

}  // namespace calcnode::pipeline

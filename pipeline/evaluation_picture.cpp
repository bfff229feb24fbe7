#include "pipeline/evaluation_picture.h"

#include <string>

#include <opencv2/imgcodecs.hpp>

#include "pipeline/cv_image.h"
#include "pipeline/error.h"

namespace calcnode::pipeline {

GreyPicture read_grey_png(const std::filesystem::path& file) {
    if (!std::filesystem::is_regular_file(file)) {
        throw Error(ErrorCode::bad_argument, file.string() + ": no such file");
    }
    cv::Mat picture;
    try {
        picture = cv::imread(file.string(), cv::IMREAD_UNCHANGED);
    } catch (const cv::Exception& error) {
        throw Error(ErrorCode::bad_argument, file.string() + ": " + error.what());
    }
    if (picture.empty()) throw Error(ErrorCode::bad_argument, file.string() + ": not a readable picture");
    if (picture.channels() != 1 || (picture.depth() != CV_8U && picture.depth() != CV_16U)) {
        throw Error(ErrorCode::bad_argument, file.string() + ": not an 8 or 16 bit grey picture");
    }
    GreyPicture result;
    result.bits = picture.depth() == CV_8U ? 8 : 16;
    picture.convertTo(picture, CV_16U);
    result.pixels = copy_of<std::uint16_t>(picture);
    return result;
}

void write_grey_png(const Image<std::uint16_t>& pixels, const std::filesystem::path& file) {
    constexpr int kFastCompression = 1;
    bool written = false;
    std::string why = "cannot be written";
    try {
        written = cv::imwrite(file.string(), view(pixels), {cv::IMWRITE_PNG_COMPRESSION, kFastCompression});
    } catch (const cv::Exception& error) {
        why = error.what();
    }
    if (!written) throw Error(ErrorCode::write_failed, file.string() + ": " + why);
}

}  // namespace calcnode::pipeline

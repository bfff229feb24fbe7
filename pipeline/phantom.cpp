#include "pipeline/phantom.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <opencv2/core.hpp>

#include "pipeline/error.h"
#include "pipeline/phantom_anatomy.h"
#include "pipeline/phantom_grains.h"
#include "pipeline/phantom_imaging.h"
#include "pipeline/phantom_traits.h"

namespace calcnode::pipeline {

namespace {

void require(bool condition, const std::string& what) {
    if (!condition) throw Error(ErrorCode::bad_argument, "phantom: " + what);
}

void check_options(const PhantomOptions& options) {
    require(options.rows >= 200 && options.rows <= 8192,
            "rows " + std::to_string(options.rows) + " is not 200..8192");
    require(options.columns >= 200 && options.columns <= 8192,
            "columns " + std::to_string(options.columns) + " is not 200..8192");
    require(options.spacing_mm >= 0.03 && options.spacing_mm <= 0.3,
            "spacing " + std::to_string(options.spacing_mm) + " mm is not 0.03..0.3");
    require(options.bits_stored >= 8 && options.bits_stored <= 16,
            "bits stored " + std::to_string(options.bits_stored) + " is not 8..16");
    require(options.clusters >= 0 && options.clusters <= 100,
            "clusters " + std::to_string(options.clusters) + " is not 0..100");
    require(options.view == View::cc || options.view == View::mlo, "the view is neither cc nor mlo");
    require(options.laterality == Laterality::left || options.laterality == Laterality::right,
            "the laterality is neither left nor right");
}

template <typename T>
Image<T> to_image(const cv::Mat& matrix) {
    Image<T> image(matrix.rows, matrix.cols);
    cv::Mat target(matrix.rows, matrix.cols, cv::traits::Type<T>::value, image.pixels.data());
    matrix.copyTo(target);
    return image;
}

const char* marker_text(const PhantomOptions& options) {
    const bool right = options.laterality == Laterality::right;
    if (options.view == View::cc) return right ? "R CC" : "L CC";
    return right ? "R MLO" : "L MLO";
}

/// The finished picture and its truth, on the side where they belong.
Phantom package(const PhantomOptions& options, const phantom::ExamTraits& exam, const cv::Mat1f& tone,
                phantom::Grains grains) {
    const bool mirrored = options.laterality == Laterality::right;  // chest wall at the right edge
    cv::Mat pixels;
    tone.convertTo(pixels, CV_16U, (1u << options.bits_stored) - 1);
    for (cv::Mat* matrix :
         {&pixels, static_cast<cv::Mat*>(&grains.truth), static_cast<cv::Mat*>(&grains.distractors)}) {
        if (mirrored) cv::flip(*matrix, *matrix, 1);
    }

    Phantom result;
    result.mammogram.pixels = to_image<std::uint16_t>(pixels);
    result.mammogram.bits_stored = options.bits_stored;
    result.mammogram.row_spacing_mm = result.mammogram.column_spacing_mm = options.spacing_mm;
    result.mammogram.laterality = options.laterality;
    result.mammogram.view = options.view;
    result.mammogram.intent = options.intent;
    result.mammogram.device = exam.device.identity;
    result.truth = to_image<std::uint16_t>(grains.truth);
    result.distractors = to_image<std::uint8_t>(grains.distractors);
    result.clusters = std::move(grains.clusters);
    for (PhantomCluster& cluster : result.clusters) {
        if (mirrored) cluster.centroid.x = options.columns - cluster.centroid.x;
    }
    return result;
}

}  // namespace

Phantom make_phantom(const PhantomOptions& options) {
    check_options(options);
    const phantom::ExamTraits exam = phantom::draw_exam(options.seed);
    const phantom::Frame frame = phantom::make_frame(options.rows, options.columns, options.spacing_mm);
    const bool mirrored = options.laterality == Laterality::right;  // chest wall at the right edge
    const std::uint64_t picture = (options.view == View::mlo ? 2 : 0) + (mirrored ? 1 : 0);
    phantom::Random tissue(options.seed, 16 + picture);
    phantom::Random calcium(options.seed, 32 + picture);
    phantom::Random quanta(options.seed, 48 + picture);
    phantom::Random marks(options.seed, 64 + picture);

    const phantom::Anatomy anatomy = phantom::make_anatomy(frame, exam.breast, options.view, tissue);
    phantom::Grains grains = phantom::make_grains(frame, exam, anatomy, options.clusters, calcium);
    cv::Mat1f tone = phantom::expose(frame, exam.device, anatomy, grains, quanta);
    if (options.intent == Intent::processing) {
        tone = phantom::raw_tone(tone, options.bits_stored);
        grains.distractors.setTo(0, grains.distractors == static_cast<int>(Distractor::film_dust));
    } else {
        tone = phantom::presentation_tone(frame, exam, anatomy, tone);
        const phantom::Overlay overlay{.anatomy = &anatomy,
                                       .grains = &grains,
                                       .film = exam.device.film,
                                       .mirrored = mirrored,
                                       .text = marker_text(options)};
        phantom::draw_overlay(frame, overlay, tone, marks);
    }
    return package(options, exam, tone, std::move(grains));
}

}  // namespace calcnode::pipeline

#include "pipeline/phantom.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

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
    const PhantomCondition& condition = options.condition;
    require(condition.dose >= 0.01 && condition.dose <= 100,
            "dose " + std::to_string(condition.dose) + " is not 0.01..100");
    require(condition.noise >= 0 && condition.noise <= 100,
            "noise " + std::to_string(condition.noise) + " is not 0..100");
    require(condition.blur_mm >= 0 && condition.blur_mm <= 1,
            "blur " + std::to_string(condition.blur_mm) + " mm is not 0..1");
    require(options.visibility.least > 0 && options.visibility.least <= options.visibility.most,
            "the visibility's least contrast " + std::to_string(options.visibility.least) +
                " is not above 0 and up to its most " + std::to_string(options.visibility.most));
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
    result.density = phantom::density_letter(exam.breast);
    result.film = exam.device.film;
    result.family = options.family;
    result.condition = options.condition;
    return result;
}

/// Which random streams this picture of the exam draws from.
struct Streams {
    std::uint64_t seed = 0;
    std::uint64_t picture = 0;  // 0..3
    phantom::Random of(std::uint64_t what) const { return {seed, what + picture}; }
    std::uint64_t distractors() const { return 128 + 16 * picture; }
};

phantom::ExamTraits exam_of(const PhantomOptions& options) {
    phantom::ExamTraits exam = phantom::draw_exam(options.seed, options.family);
    if (options.condition.vessels != VesselWalls::as_drawn) {
        exam.breast.vessels_calcified = options.condition.vessels == VesselWalls::calcified;
    }
    return exam;
}

}  // namespace

std::string condition_text(const PhantomCondition& condition) {
    constexpr const char* kCurves[] = {"of_device", "linear", "sigmoid", "gamma", "steep"};
    std::vector<std::string> parts;
    const auto add_number = [&](const char* name, double value, double usual) {
        char text[48];
        std::snprintf(text, sizeof text, "%s=%g", name, value);
        if (value != usual) parts.emplace_back(text);
    };
    add_number("dose", condition.dose, 1);
    add_number("noise", condition.noise, 1);
    add_number("blur", condition.blur_mm, 0);
    if (condition.curve != ContrastCurve::of_device) {
        parts.push_back(std::string("curve=") + kCurves[static_cast<int>(condition.curve)]);
    }
    if (condition.vessels != VesselWalls::as_drawn) {
        parts.emplace_back(condition.vessels == VesselWalls::plain ? "vessels=plain" : "vessels=calcified");
    }
    std::string text;
    for (const std::string& part : parts)
        text.append(text.empty() ? "" : " ").append(part);
    return text;
}

Phantom make_phantom(const PhantomOptions& options) {
    check_options(options);
    const phantom::ExamTraits exam = exam_of(options);
    const phantom::Frame frame = phantom::make_frame(options.rows, options.columns, options.spacing_mm);
    const bool mirrored = options.laterality == Laterality::right;  // chest wall at the right edge
    const Streams streams{.seed = options.seed,
                          .picture = (options.view == View::mlo ? 2u : 0u) + (mirrored ? 1u : 0u)};
    phantom::Random tissue = streams.of(16);
    phantom::Random calcium = streams.of(32);
    phantom::Random quanta = streams.of(48);
    phantom::Random marks = streams.of(64);

    const phantom::Anatomy anatomy = phantom::make_anatomy(frame, exam.breast, options.view, tissue);
    // What can be seen is decided for the device as it is: a condition changes the picture and not the truth.
    phantom::Grains grains = phantom::make_grains({.frame = frame,
                                                   .exam = exam,
                                                   .anatomy = anatomy,
                                                   .visibility = options.visibility,
                                                   .distractor_seed = options.seed,
                                                   .distractor_stream = streams.distractors()},
                                                  options.clusters, calcium);
    phantom::ExamTraits changed = exam;
    changed.device = phantom::under_condition(exam.device, options.condition);
    cv::Mat1f tone = phantom::expose(frame, changed.device, anatomy, grains, quanta);
    if (options.intent == Intent::processing) {
        tone = phantom::raw_tone(tone, options.bits_stored);
        grains.distractors.setTo(0, grains.distractors == static_cast<int>(Distractor::film_dust));
        grains.distractors.setTo(0, grains.distractors == static_cast<int>(Distractor::scratch));
    } else {
        tone = phantom::presentation_tone(frame, changed, anatomy, tone);
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

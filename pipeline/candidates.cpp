#include "pipeline/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <opencv2/imgproc.hpp>

#include "pipeline/cv_image.h"
#include "pipeline/shape.h"

namespace calcnode::pipeline {
namespace {

constexpr double kRingMm = 0.5;  // width of the neighbourhood that a grain's contrast is taken against

cv::Rect box_of(const cv::Mat& stats, int k) {
    return {stats.at<int>(k, cv::CC_STAT_LEFT), stats.at<int>(k, cv::CC_STAT_TOP),
            stats.at<int>(k, cv::CC_STAT_WIDTH), stats.at<int>(k, cv::CC_STAT_HEIGHT)};
}

cv::Rect grown(const cv::Rect& box, int by, cv::Size limit) {
    return cv::Rect(box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by) &
           cv::Rect({0, 0}, limit);
}

/// The probability between working pixels; and in `own`, the weight of pixels that belong to `label`.
float sample(const CandidateMap& map, const cv::Point2d& at, int label, bool& own) {
    const int x0 = static_cast<int>(std::floor(at.x)), y0 = static_cast<int>(std::floor(at.y));
    double value = 0, own_weight = 0;
    for (int y = y0; y <= y0 + 1; ++y) {
        for (int x = x0; x <= x0 + 1; ++x) {
            const int cx = std::clamp(x, 0, map.labels.cols - 1), cy = std::clamp(y, 0, map.labels.rows - 1);
            const double weight = (1 - std::abs(at.x - x)) * (1 - std::abs(at.y - y));
            value += weight * map.probability.at<float>(cy, cx);
            if (map.labels.at<int>(cy, cx) == label) own_weight += weight;
        }
    }
    own = own_weight > 0;
    return static_cast<float>(value);
}

/// Source pixels of one candidate. When a source pixel is larger than a working pixel the peak may fall
/// between two of them: then the source pixel under the centroid stands for it. False when that one is
/// another candidate's.
bool paint(const CandidateMap& map, const Candidate& candidate, const WorkingImage& work,
           Image<std::uint16_t>& labels, std::uint16_t value, const cv::Point& centre) {
    const cv::Rect box = grown(candidate.box, 1, map.labels.size());
    const int first_row = static_cast<int>(box.y * work.row_scale),
              first_column = static_cast<int>(box.x * work.column_scale);
    const int last_row = std::min(labels.rows - 1, static_cast<int>(box.br().y * work.row_scale));
    const int last_column = std::min(labels.columns - 1, static_cast<int>(box.br().x * work.column_scale));
    bool any = false;
    for (int row = first_row; row <= last_row; ++row) {
        for (int column = first_column; column <= last_column; ++column) {
            const cv::Point2d at((column + 0.5) / work.column_scale - 0.5,
                                 (row + 0.5) / work.row_scale - 0.5);
            bool own = false;
            if (sample(map, at, candidate.label, own) < map.threshold || !own) continue;
            if (labels.at(row, column) == 0) labels.at(row, column) = value;
            any = any || labels.at(row, column) == value;
        }
    }
    if (!any && labels.at(centre.y, centre.x) == 0) {
        labels.at(centre.y, centre.x) = value;
        any = true;
    }
    return any;
}

double contrast(const Image<std::uint16_t>& labels, const cv::Rect& box, std::uint16_t value,
                const Mammogram& mammogram) {
    const int reach = std::max(2, static_cast<int>(std::lround(kRingMm / mammogram.row_spacing_mm)));
    const cv::Rect round = grown(box, reach + 1, {labels.columns, labels.rows});
    const cv::Mat own = view(labels)(round) == value, any = view(labels)(round) != 0;
    cv::Mat near, wide;
    cv::dilate(any, near, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    cv::dilate(own, wide, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(1, 1) * (2 * reach + 1)));
    cv::Mat ring;
    cv::bitwise_and(wide, near == 0, ring);
    if (cv::countNonZero(ring) == 0) return 0;
    const cv::Mat pixels = view(mammogram.pixels)(round);
    const double inside = cv::mean(pixels, own)[0], outside = cv::mean(pixels, ring)[0];
    return (inside - outside) / std::max(1.0, outside);
}

}  // namespace

CandidateMap find_candidates(const cv::Mat& probability, const WorkingImage& work,
                             const CandidateOptions& options) {
    CandidateMap map;
    map.probability = probability;
    map.threshold = options.threshold;
    cv::Mat above = probability >= options.threshold;
    above.setTo(0, work.mask == 0);
    cv::Mat stats, centroids;
    const int count = cv::connectedComponentsWithStats(above, map.labels, stats, centroids, 8, CV_32S);
    const double pixel_mm2 = work.spacing_mm * work.spacing_mm;
    for (int k = 1; k < count; ++k) {
        const double area = stats.at<int>(k, cv::CC_STAT_AREA) * pixel_mm2;
        if (area > options.largest_mm2) continue;
        Candidate candidate;
        candidate.label = k;
        candidate.box = box_of(stats, k);
        candidate.area_mm2 = area;
        candidate.centroid_mm = {(centroids.at<double>(k, 0) + 0.5) * work.spacing_mm,
                                 (centroids.at<double>(k, 1) + 0.5) * work.spacing_mm};
        cv::minMaxLoc(probability(candidate.box), nullptr, &candidate.score, nullptr, nullptr,
                      map.labels(candidate.box) == k);
        map.candidates.push_back(candidate);
    }
    return map;
}

Image<std::uint16_t> labels_on_source(const CandidateMap& map, std::vector<Candidate>& chosen,
                                      const WorkingImage& work, const Mammogram& mammogram) {
    Image<std::uint16_t> labels(mammogram.pixels.rows, mammogram.pixels.columns);
    std::vector<Candidate> kept;
    for (const Candidate& candidate : chosen) {
        if (kept.size() == std::numeric_limits<std::uint16_t>::max()) break;
        const cv::Point2d& at = candidate.centroid_mm;
        const cv::Point centre(
            std::clamp(static_cast<int>(at.x / work.spacing_mm * work.column_scale), 0, labels.columns - 1),
            std::clamp(static_cast<int>(at.y / work.spacing_mm * work.row_scale), 0, labels.rows - 1));
        const auto value = static_cast<std::uint16_t>(kept.size() + 1);
        if (paint(map, candidate, work, labels, value, centre)) kept.push_back(candidate);
    }
    chosen = std::move(kept);
    return labels;
}

Image<std::uint8_t> probability_on_source(const CandidateMap& map, const WorkingImage& work,
                                          const Mammogram& mammogram) {
    constexpr int kNoLabel = -1;
    Image<std::uint8_t> image(mammogram.pixels.rows, mammogram.pixels.columns);
    // Nearly all of it is 0: only where a working pixel or one of its neighbours is not.
    cv::Mat near;
    cv::dilate(map.probability > 0, near, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    for (int row = 0; row < image.rows; ++row) {
        const double y = (row + 0.5) / work.row_scale;
        const auto* near_row = near.ptr<std::uint8_t>(std::min(static_cast<int>(y), near.rows - 1));
        for (int column = 0; column < image.columns; ++column) {
            const double x = (column + 0.5) / work.column_scale;
            if (near_row[std::min(static_cast<int>(x), near.cols - 1)] == 0) continue;
            bool own = false;
            const float value = sample(map, {x - 0.5, y - 0.5}, kNoLabel, own);
            image.at(row, column) = cv::saturate_cast<std::uint8_t>(255 * value);
        }
    }
    return image;
}

std::vector<Calcification> measure_calcifications(const Image<std::uint16_t>& labels,
                                                  const std::vector<Candidate>& chosen,
                                                  const Mammogram& mammogram) {
    std::vector<cv::Rect> boxes(chosen.size());
    for (int row = 0; row < labels.rows; ++row) {
        for (int column = 0; column < labels.columns; ++column) {
            if (const std::uint16_t value = labels.at(row, column); value != 0) {
                boxes[value - 1U] |= cv::Rect(column, row, 1, 1);
            }
        }
    }
    const PixelSize pixel{mammogram.row_spacing_mm, mammogram.column_spacing_mm};
    std::vector<Calcification> found(chosen.size());
    for (std::size_t k = 0; k < chosen.size(); ++k) {
        const auto value = static_cast<std::uint16_t>(k + 1);
        const cv::Mat region = view(labels)(boxes[k]) == value;
        const ShapeMeasures shape = measure_shape(region, pixel);
        const cv::Moments moments = cv::moments(region, true);
        Calcification& one = found[k];
        one.score = chosen[k].score;
        one.centroid = {boxes[k].x + moments.m10 / moments.m00 + 0.5,
                        boxes[k].y + moments.m01 / moments.m00 + 0.5};
        one.outline = outline_of(region, boxes[k].tl());
        one.area_mm2 = shape.area_mm2;
        one.perimeter_mm = shape.perimeter_mm;
        one.circularity = shape.circularity;
        one.major_axis_mm = shape.major_axis_mm;
        one.minor_axis_mm = shape.minor_axis_mm;
        one.eccentricity = shape.eccentricity;
        one.contrast = contrast(labels, boxes[k], value, mammogram);
    }
    return found;
}

}  // namespace calcnode::pipeline

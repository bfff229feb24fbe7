#include "pipeline/hdog.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <opencv2/imgproc.hpp>

#include "pipeline/breast_mask.h"
#include "pipeline/cv_image.h"
#include "pipeline/error.h"
#include "pipeline/evaluation_matching.h"

namespace calcnode::pipeline {

namespace {

constexpr std::array<double, 4> kSigmas_mm = {0.0826, 0.1323, 0.2114, 0.3381};  // 1.18 ... 4.83 px of 0.07 mm
constexpr double kHessianRatio = 1.4;
constexpr double kLink_mm = 5;  // what the cascade links its grains over
constexpr double kSkin_mm = 2;  // the border of the breast is one long edge
// The published region (everything connected where the Hessian condition holds) can flow from blob to blob:
// ours ends where the response has fallen to this share of the maximum, and at this many sigmas.
constexpr float kRegionShare = 0.35F;
constexpr double kRegionSigmas = 4;

constexpr double kLeastSpread = 1e-4;  // of full scale: what an image without noise is taken to have
struct Peak {
    cv::Point at;
    int scale = 0;
    float response = 0;
};

using Scales = std::array<cv::Mat1f, 3>;

Scales differences(const Mammogram& mammogram) {
    const double spacing = 0.5 * (mammogram.row_spacing_mm + mammogram.column_spacing_mm);
    cv::Mat picture;
    view(mammogram.pixels).convertTo(picture, CV_32F, 1.0 / ((1u << mammogram.bits_stored) - 1));
    std::array<cv::Mat1f, 4> smooth;
    for (std::size_t i = 0; i < smooth.size(); ++i) {
        const double sigma = kSigmas_mm[i] / spacing;
        cv::GaussianBlur(picture, smooth[i], {}, sigma, sigma, cv::BORDER_REFLECT);
    }
    Scales result;
    for (std::size_t i = 0; i < result.size(); ++i) {
        result[i] = (smooth[i] - smooth[i + 1]) * (kSigmas_mm[i] / (kSigmas_mm[i + 1] - kSigmas_mm[i]));
    }
    return result;
}

/// The standard deviation of the responses of most pixels inside the breast, from their median size; 0
/// without any.
double spread_of(const cv::Mat1f& response, const cv::Mat& inside) {
    constexpr double kOfNormal = 0.6745;  // median size of a normally distributed value of deviation 1
    std::vector<float> sizes;
    for (int y = 0; y < response.rows; ++y) {
        const std::uint8_t* mask = inside.ptr<std::uint8_t>(y);
        for (int x = 0; x < response.cols; ++x) {
            if (mask[x] != 0) sizes.push_back(std::abs(response(y, x)));
        }
    }
    if (sizes.empty()) return 0;
    const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
    std::nth_element(sizes.begin(), middle, sizes.end());
    return *middle / kOfNormal;
}

/// det > 0 and trace < 0, or |det| / trace^2 < 1.4 and trace < 0.
bool is_blob_like(const cv::Mat1f& image, cv::Point at) {
    if (at.x < 1 || at.y < 1 || at.x >= image.cols - 1 || at.y >= image.rows - 1) return false;
    const auto value = [&](int dx, int dy) { return static_cast<double>(image(at.y + dy, at.x + dx)); };
    const double xx = value(1, 0) - 2 * value(0, 0) + value(-1, 0);
    const double yy = value(0, 1) - 2 * value(0, 0) + value(0, -1);
    const double xy = 0.25 * (value(1, 1) - value(1, -1) - value(-1, 1) + value(-1, -1));
    const double trace = xx + yy;
    const double det = xx * yy - xy * xy;
    if (trace >= 0) return false;
    return det > 0 || std::abs(det) / (trace * trace) < kHessianRatio;
}

/// Greater than its 26 neighbours in space and scale (fewer at the first and the last scale).
bool is_maximum(const Scales& scales, int scale, cv::Point at) {
    const float centre = scales[scale](at);
    for (int s = std::max(0, scale - 1); s <= std::min(2, scale + 1); ++s) {
        for (int dy = -1; dy <= 1; ++dy) {
            const float* row = scales[s].ptr<float>(at.y + dy) + at.x;
            for (int dx = -1; dx <= 1; ++dx) {
                if (s == scale && dx == 0 && dy == 0) continue;
                if (row[dx] >= centre) return false;
            }
        }
    }
    return true;
}

std::vector<Peak> find_peaks(const Scales& scales, const cv::Mat& inside, float threshold) {
    std::vector<Peak> peaks;
    cv::Mat1f greatest;
    for (int scale = 0; scale < 3; ++scale) {
        const cv::Mat1f& image = scales[scale];
        cv::dilate(image, greatest, cv::Mat());  // 3 x 3: few pixels are left to look at one by one
        for (int y = 1; y < image.rows - 1; ++y) {
            const std::uint8_t* mask = inside.ptr<std::uint8_t>(y);
            const float* here = image[y];
            const float* round = greatest[y];
            for (int x = 1; x < image.cols - 1; ++x) {
                if (here[x] < round[x] || here[x] < threshold || mask[x] == 0) continue;
                if (is_maximum(scales, scale, {x, y}) && is_blob_like(image, {x, y})) {
                    peaks.push_back({{x, y}, scale, here[x]});
                }
            }
        }
    }
    std::stable_sort(peaks.begin(), peaks.end(),
                     [](const Peak& a, const Peak& b) { return a.response > b.response; });
    return peaks;
}

/// The free pixels that are connected to the peak and belong to its blob.
std::vector<cv::Point> region(const cv::Mat1f& image, const Peak& peak, double reach_px,
                              Image<std::uint16_t>& labels, std::uint16_t label) {
    std::vector<cv::Point> pixels = {peak.at};
    labels.at(peak.at.y, peak.at.x) = label;
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        for (const cv::Point step : {cv::Point(1, 0), cv::Point(-1, 0), cv::Point(0, 1), cv::Point(0, -1)}) {
            const cv::Point at = pixels[i] + step;
            if (at.x < 1 || at.y < 1 || at.x >= image.cols - 1 || at.y >= image.rows - 1) continue;
            if (labels.at(at.y, at.x) != 0 || image(at) < kRegionShare * peak.response) continue;
            if (cv::norm(at - peak.at) > reach_px || !is_blob_like(image, at)) continue;
            labels.at(at.y, at.x) = label;
            pixels.push_back(at);
        }
    }
    return pixels;
}

Calcification describe(const std::vector<cv::Point>& pixels, float response, const Mammogram& mammogram) {
    Calcification blob;
    std::vector<cv::Point2f> corners;
    for (const cv::Point& pixel : pixels) {
        blob.centroid.x += pixel.x + 0.5;
        blob.centroid.y += pixel.y + 0.5;
        for (const int dy : {0, 1}) {
            for (const int dx : {0, 1})
                corners.emplace_back(static_cast<float>(pixel.x + dx), static_cast<float>(pixel.y + dy));
        }
    }
    const auto count = static_cast<double>(pixels.size());
    blob.centroid = {blob.centroid.x / count, blob.centroid.y / count};
    blob.score = response;
    blob.area_mm2 = count * mammogram.row_spacing_mm * mammogram.column_spacing_mm;
    std::vector<cv::Point2f> hull;
    cv::convexHull(corners, hull);
    for (const cv::Point2f& corner : hull)
        blob.outline.push_back({corner.x, corner.y});
    blob.outline.push_back(blob.outline.front());
    return blob;
}

cv::Mat inner_breast(const Mammogram& mammogram, double& area_cm2) {
    const cv::Mat breast = breast_mask(mammogram);
    area_cm2 = cv::countNonZero(breast) * kMaskSpacing * kMaskSpacing / 100;
    if (area_cm2 <= 0) throw Error(ErrorCode::image_unsuitable, "no breast was found in the image");
    const int margin = 2 * static_cast<int>(std::lround(kSkin_mm / kMaskSpacing)) + 1;
    cv::Mat inner;
    cv::erode(breast, inner, cv::getStructuringElement(cv::MORPH_ELLIPSE, {margin, margin}));
    cv::Mat full;
    cv::resize(inner, full, {mammogram.pixels.columns, mammogram.pixels.rows}, 0, 0, cv::INTER_NEAREST);
    return full;
}

std::vector<Point> centroids_mm(const std::vector<Calcification>& blobs, const Mammogram& mammogram) {
    std::vector<Point> points;
    points.reserve(blobs.size());
    for (const Calcification& blob : blobs)
        points.push_back(
            {blob.centroid.x * mammogram.column_spacing_mm, blob.centroid.y * mammogram.row_spacing_mm});
    return points;
}

Cluster describe_cluster(const std::vector<int>& linked, const ImageFindings& findings,
                         const Mammogram& mammogram, int members) {
    Cluster cluster;
    cluster.members = linked;  // ascending, and so by response, descending
    std::vector<cv::Point2f> corners;
    for (const int member : linked) {
        const Calcification& blob = findings.calcifications[member];
        cluster.centroid.x += blob.centroid.x / static_cast<double>(linked.size());
        cluster.centroid.y += blob.centroid.y / static_cast<double>(linked.size());
        for (const Point& point : blob.outline)
            corners.emplace_back(static_cast<float>(point.x), static_cast<float>(point.y));
    }
    std::vector<cv::Point2f> hull;
    cv::convexHull(corners, hull);
    for (const cv::Point2f& corner : hull)
        cluster.outline.push_back({corner.x, corner.y});
    cluster.outline.push_back(cluster.outline.front());
    cluster.hull_area_mm2 = cv::contourArea(hull) * mammogram.row_spacing_mm * mammogram.column_spacing_mm;
    cluster.score = findings.calcifications[linked[members - 1]].score;
    return cluster;
}

}  // namespace

HdogBlobs find_hdog_blobs(const Mammogram& mammogram, double threshold) {
    if (mammogram.row_spacing_mm <= 0 || mammogram.column_spacing_mm <= 0 || mammogram.bits_stored <= 0) {
        throw Error(ErrorCode::image_unsuitable, "the image has no spacing");
    }
    HdogBlobs result;
    result.labels = Image<std::uint16_t>(mammogram.pixels.rows, mammogram.pixels.columns);
    const cv::Mat inside = inner_breast(mammogram, result.breast_area_cm2);
    Scales scales = differences(mammogram);
    for (cv::Mat1f& scale : scales)
        scale /= std::max(kLeastSpread, spread_of(scale, inside));
    const double spacing = 0.5 * (mammogram.row_spacing_mm + mammogram.column_spacing_mm);
    for (const Peak& peak : find_peaks(scales, inside, static_cast<float>(threshold))) {
        if (result.blobs.size() == 65535) break;
        if (result.labels.at(peak.at.y, peak.at.x) != 0) continue;  // inside a stronger blob
        const auto label = static_cast<std::uint16_t>(result.blobs.size() + 1);
        const double reach = std::max(1.5, kRegionSigmas * kSigmas_mm[peak.scale] / spacing);
        const auto pixels = region(scales[peak.scale], peak, reach, result.labels, label);
        result.blobs.push_back(describe(pixels, peak.response, mammogram));
    }
    return result;
}

ImageFindings hdog_marks(const HdogBlobs& blobs, const Mammogram& mammogram, double threshold, int members) {
    ImageFindings findings;
    findings.sop_instance_uid = mammogram.sop_instance_uid;
    findings.status = ImageStatus::analysed;
    findings.breast_area_cm2 = blobs.breast_area_cm2;
    const auto end = std::find_if(blobs.blobs.begin(), blobs.blobs.end(),
                                  [&](const Calcification& blob) { return blob.score < threshold; });
    findings.calcifications.assign(blobs.blobs.begin(), end);
    for (const std::vector<int>& linked :
         link_points(centroids_mm(findings.calcifications, mammogram), kLink_mm)) {
        if (static_cast<int>(linked.size()) < members) continue;
        for (const int member : linked)
            findings.calcifications[member].cluster = static_cast<int>(findings.clusters.size());
        findings.clusters.push_back(describe_cluster(linked, findings, mammogram, members));
    }
    return findings;
}

ImageFindings hdog_findings(const HdogBlobs& blobs, const Mammogram& mammogram, double threshold,
                            int members) {
    ImageFindings findings = hdog_marks(blobs, mammogram, threshold, members);
    findings.labels = blobs.labels;
    for (std::uint16_t& label : findings.labels.pixels) {
        if (label > findings.calcifications.size()) label = 0;
    }
    return findings;
}

double hdog_image_score(const HdogBlobs& blobs, const Mammogram& mammogram, int members) {
    const std::vector<Point> points = centroids_mm(blobs.blobs, mammogram);
    const auto has_cluster = [&](std::size_t strongest) {
        const auto groups = link_points(std::span(points).first(strongest), kLink_mm);
        return std::any_of(groups.begin(), groups.end(), [&](const std::vector<int>& linked) {
            return static_cast<int>(linked.size()) >= members;
        });
    };
    // More blobs never part a cluster: the first number that makes one is found by halving.
    std::size_t without = 0, with = points.size();
    if (!has_cluster(with)) return 0;
    while (with - without > 1) {
        const std::size_t middle = without + (with - without) / 2;
        (has_cluster(middle) ? with : without) = middle;
    }
    return blobs.blobs[with - 1].score;
}

}  // namespace calcnode::pipeline

#include "pipeline/key_image.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <opencv2/imgproc.hpp>

#include "pipeline/overlay_parts.h"

namespace calcnode::pipeline {

namespace {

constexpr std::size_t kMostLines = 12;  // of clusters
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
const cv::Scalar kWhite{255, 255, 255};

struct Legend {
    std::vector<std::string> lines;
    double font_scale = 1;
    int line_height = 0;

    int height() const { return line_height * static_cast<int>(lines.size()) + line_height / 2; }
};

const char* name_of(View view) {
    constexpr const char* kNames[] = {"",     "CC",   "MLO", "ML",  "LM",  "LMO",
                                      "XCCL", "XCCM", "FB",  "SIO", "ISO", "specimen"};
    static_assert(static_cast<std::size_t>(View::specimen) + 1 == std::size(kNames));
    return kNames[static_cast<std::size_t>(view)];
}

const char* name_of(Laterality laterality) {
    return laterality == Laterality::left ? "L" : laterality == Laterality::right ? "R" : "";
}

// The font has no other characters.
std::string plain(std::string text) {
    for (char& c : text) {
        if (c < 0x20 || c > 0x7e) c = '?';
    }
    return text;
}

std::string line_of(const Cluster& cluster, std::size_t number) {
    char score[16];
    std::snprintf(score, sizeof score, "%.2f", cluster.score);
    return "cluster " + std::to_string(number) + ": score " + score + ", " +
           std::to_string(cluster.members.size()) + " calcifications";
}

Legend legend_of(const Mammogram& mammogram, const ImageFindings& findings, const ModelIdentity& model,
                 int columns) {
    Legend legend;
    legend.font_scale = std::clamp(columns / 1100.0, 0.3, 1.2);
    legend.line_height = static_cast<int>(std::lround(34 * legend.font_scale));
    legend.lines.emplace_back("RESEARCH ONLY - not for diagnosis");
    legend.lines.push_back(plain(std::string(name_of(mammogram.laterality)) + " " + name_of(mammogram.view) +
                                 "  " + model.name + " " + model.version));
    const std::size_t shown = std::min(findings.clusters.size(), kMostLines);
    for (std::size_t i = 0; i < shown; ++i)
        legend.lines.push_back(line_of(findings.clusters[i], i + 1));
    if (shown < findings.clusters.size())
        legend.lines.push_back(std::to_string(findings.clusters.size() - shown) + " more clusters");
    return legend;
}

void write_legend(cv::Mat& picture, int top, const Legend& legend) {
    int baseline = top;
    for (const std::string& line : legend.lines) {
        baseline += legend.line_height;
        cv::putText(picture, line, {legend.line_height / 2, baseline}, kFont, legend.font_scale,
                    baseline == top + legend.line_height ? kClusterColour : kWhite,
                    legend.font_scale > 0.7 ? 2 : 1, cv::LINE_AA);
    }
}

/// The mean of each block of reduction x reduction pixels, as grey; what is left over at the right and at the
/// bottom is cut off.
void put_reduced(const Image<std::uint16_t>& pixels, int reduction, cv::Mat& picture) {
    const GreyTable table = grey_table(pixels);
    const auto count = static_cast<std::uint32_t>(reduction * reduction);
    for (int row = 0; row < pixels.rows / reduction; ++row) {
        for (int column = 0; column < pixels.columns / reduction; ++column) {
            std::uint32_t sum = 0;
            for (int y = 0; y < reduction; ++y) {
                for (int x = 0; x < reduction; ++x)
                    sum += pixels.at(row * reduction + y, column * reduction + x);
            }
            const std::uint8_t grey = table[(sum + count / 2) / count];
            picture.at<cv::Vec3b>(row, column) = {grey, grey, grey};
        }
    }
}

/// The smallest whole number with which picture and legend fit.
int reduction_of(const Mammogram& mammogram, const ImageFindings& findings, const ModelIdentity& model) {
    const Image<std::uint16_t>& pixels = mammogram.pixels;
    int reduction = (std::max(pixels.rows, pixels.columns) + kKeyImageSide - 1) / kKeyImageSide;
    const auto height = [&] {
        const Legend legend = legend_of(mammogram, findings, model, pixels.columns / reduction);
        return pixels.rows / reduction + legend.height();
    };
    while (height() > kKeyImageSide)
        ++reduction;
    return reduction;
}

}  // namespace

KeyImage make_key_image(const Mammogram& mammogram, const ImageFindings& findings,
                        const ModelIdentity& model) {
    Canvas canvas;
    canvas.reduction = reduction_of(mammogram, findings, model);
    const int rows = mammogram.pixels.rows / canvas.reduction;
    const int columns = mammogram.pixels.columns / canvas.reduction;
    const Legend legend = legend_of(mammogram, findings, model, columns);
    canvas.picture = cv::Mat::zeros(rows + legend.height(), columns, CV_8UC3);
    put_reduced(mammogram.pixels, canvas.reduction, canvas.picture);
    draw_findings(canvas, findings, std::max(1, columns / 800));
    canvas.picture(cv::Rect(0, rows, columns, legend.height())).setTo(cv::Scalar::all(0));
    write_legend(canvas.picture, rows, legend);

    KeyImage key{.rows = canvas.picture.rows, .columns = columns, .rgb = {}};
    key.rgb.reserve(static_cast<std::size_t>(key.rows) * static_cast<std::size_t>(columns) * 3);
    for (int row = 0; row < key.rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            const auto& bgr = canvas.picture.at<cv::Vec3b>(row, column);
            key.rgb.insert(key.rgb.end(), {bgr[2], bgr[1], bgr[0]});
        }
    }
    return key;
}

}  // namespace calcnode::pipeline

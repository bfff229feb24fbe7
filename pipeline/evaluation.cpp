#include "pipeline/evaluation.h"

#include <algorithm>
#include <string>

#include <opencv2/imgproc.hpp>

#include "pipeline/cv_image.h"
#include "pipeline/error.h"
#include "pipeline/evaluation_counter.h"

namespace calcnode::pipeline {

bool Truth::is_normal() const {
    return !somewhere && circles.empty() &&
           std::all_of(mask.pixels.begin(), mask.pixels.end(),
                       [](std::uint16_t label) { return label == 0; });
}

Image<std::uint16_t> label_regions(const Image<std::uint16_t>& mask) {
    cv::Mat foreground = view(mask) != 0;
    cv::Mat labels;
    const int count = cv::connectedComponents(foreground, labels, 8, CV_32S);
    if (count > 65536) throw Error(ErrorCode::bad_argument, "the mask has more than 65535 separate regions");
    labels.convertTo(labels, CV_16U);
    return copy_of<std::uint16_t>(labels);
}

ImageFindings at_operating_point(const ImageFindings& findings, double cluster_threshold,
                                 double lone_threshold) {
    ImageFindings result;
    result.sop_instance_uid = findings.sop_instance_uid;
    result.status = findings.status;
    result.reason = findings.reason;
    result.breast_area_cm2 = findings.breast_area_cm2;
    std::vector<int> new_cluster(findings.clusters.size(), -1);
    for (std::size_t c = 0; c < findings.clusters.size(); ++c) {
        if (findings.clusters[c].score < cluster_threshold) continue;
        new_cluster[c] = static_cast<int>(result.clusters.size());
        result.clusters.push_back(findings.clusters[c]);
    }
    std::vector<int> place(findings.calcifications.size(), -1);
    for (std::size_t i = 0; i < findings.calcifications.size(); ++i) {
        Calcification calcification = findings.calcifications[i];
        calcification.cluster = calcification.cluster < 0 ? -1 : new_cluster[calcification.cluster];
        if (calcification.cluster < 0 && calcification.score < lone_threshold) continue;
        place[i] = static_cast<int>(result.calcifications.size());
        result.calcifications.push_back(std::move(calcification));
    }
    for (Cluster& cluster : result.clusters) {
        for (int& member : cluster.members)
            member = place[member];
    }
    result.labels = findings.labels;
    for (std::uint16_t& label : result.labels.pixels) {
        if (label != 0) label = static_cast<std::uint16_t>(place[label - 1] + 1);
    }
    return result;
}

ImageCounts count_image(const Mammogram& mammogram, const ImageFindings& findings, const Truth& truth,
                        int members) {
    const TruthCounter counter(mammogram, truth);
    const RegionTable table = counter.table(findings.labels, findings.calcifications.size());
    ImageCounts counts = counter.count(findings, table, members);
    counts.grain_marks = counter.grain_marks(findings, table);
    return counts;
}

}  // namespace calcnode::pipeline

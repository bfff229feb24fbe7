#include "pipeline/analyser.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "pipeline/cascade.h"
#include "pipeline/clustering.h"
#include "pipeline/error.h"
#include "pipeline/image_quality.h"
#include "pipeline/model_folder.h"
#include "pipeline/threads.h"

namespace calcnode::pipeline {
namespace {

/// Which candidates are reported, and the clusters with their members as indices into `chosen`.
struct Selection {
    std::vector<Candidate> chosen;
    std::vector<Cluster> clusters;
};

std::vector<cv::Point2d> centroids(const std::vector<Candidate>& candidates) {
    std::vector<cv::Point2d> points;
    for (const Candidate& candidate : candidates)
        points.push_back(candidate.centroid_mm);
    return points;
}

Selection select(const std::vector<Candidate>& candidates, const Manifest& manifest, double threshold) {
    Selection selection;
    std::vector<bool> taken(candidates.size(), false);
    std::vector<double> all_scores;
    for (const Candidate& candidate : candidates)
        all_scores.push_back(candidate.score);
    for (const std::vector<int>& group :
         group_grains(centroids(candidates), all_scores, manifest.clustering)) {
        std::vector<double> scores;
        for (const int k : group)
            scores.push_back(all_scores[static_cast<std::size_t>(k)]);
        Cluster cluster;
        cluster.score = cluster_score(scores, manifest.clustering);
        if (cluster.score < threshold) continue;
        for (const int k : group)
            taken[static_cast<std::size_t>(k)] = true;
        cluster.members = group;
        selection.clusters.push_back(std::move(cluster));
    }
    std::vector<int> place(candidates.size(), -1);
    for (std::size_t k = 0; k < candidates.size(); ++k) {
        if (!taken[k] && candidates[k].score < manifest.lone_calcification_threshold) continue;
        place[k] = static_cast<int>(selection.chosen.size());
        selection.chosen.push_back(candidates[k]);
    }
    for (Cluster& cluster : selection.clusters) {
        for (int& member : cluster.members)
            member = place[static_cast<std::size_t>(member)];
    }
    return selection;
}

}  // namespace

struct Analyser::Impl {
    ModelFolder model;
    Cascade cascade;
    double threshold;
    bool probability_map;
    OutOfDomain out_of_domain;

    ImageFindings findings_of(const Mammogram& mammogram) const;
};

ImageFindings Analyser::Impl::findings_of(const Mammogram& mammogram) const {
    const Manifest& manifest = model.manifest;
    const WorkingImage work = make_working_image(mammogram, manifest.spacing_mm);
    ImageFindings findings;
    findings.sop_instance_uid = mammogram.sop_instance_uid;
    findings.quality = image_quality(mammogram, work);
    if (out_of_domain == OutOfDomain::refuse) {
        findings.reason = pipeline::out_of_domain(findings.quality, manifest.domain);
        if (!findings.reason.empty()) {
            findings.status = ImageStatus::failed;
            return findings;
        }
    }
    CandidateMap map = find_candidates(cascade.run(work, analysis_threads()), work,
                                       {manifest.segmentator.threshold, manifest.largest_calcification_mm2});
    // Reported in the order of their scores; equal ones from top to bottom.
    std::stable_sort(map.candidates.begin(), map.candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    Selection selection = select(map.candidates, manifest, threshold);

    findings.status = ImageStatus::analysed;
    findings.labels = labels_on_source(map, selection.chosen, work, mammogram);
    findings.calcifications = measure_calcifications(findings.labels, selection.chosen, mammogram);
    measure_neighbours(findings.calcifications, mammogram);
    std::stable_sort(selection.clusters.begin(), selection.clusters.end(),
                     [](const Cluster& a, const Cluster& b) { return a.score > b.score; });
    const BreastFrame frame = breast_frame(work);
    findings.clusters = std::move(selection.clusters);
    for (std::size_t k = 0; k < findings.clusters.size(); ++k) {
        describe_cluster(findings.clusters[k], static_cast<int>(k), findings.calcifications, mammogram,
                         frame);
    }
    if (probability_map && !findings.clusters.empty())
        findings.probability = probability_on_source(map, work, mammogram);
    findings.breast_area_cm2 = frame.breast_area_mm2 / 100;
    return findings;
}

Analyser::Analyser(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Analyser::Analyser(Analyser&&) noexcept = default;
Analyser& Analyser::operator=(Analyser&&) noexcept = default;
Analyser::~Analyser() = default;

Analyser Analyser::open(const std::filesystem::path& model_folder, const AnalyserOptions& options) {
    ModelFolder model = read_model_folder(model_folder);
    Cascade cascade(model_folder, model.manifest, options.compute);
    const double threshold =
        options.cluster_threshold < 0 ? model.manifest.cluster_threshold : options.cluster_threshold;
    if (options.lone_calcification_threshold >= 0)
        model.manifest.lone_calcification_threshold = options.lone_calcification_threshold;
    return Analyser(std::make_unique<Impl>(Impl{std::move(model), std::move(cascade), threshold,
                                                options.probability_map, options.out_of_domain}));
}

const ModelIdentity& Analyser::model() const {
    return impl_->model.identity;
}

ImageFindings Analyser::analyse(const Mammogram& mammogram) const {
    return impl_->findings_of(mammogram);
}

}  // namespace calcnode::pipeline

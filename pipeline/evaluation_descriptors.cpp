#include "pipeline/evaluation_descriptors.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "pipeline/evaluation_bootstrap.h"
#include "pipeline/findings_json.h"

namespace calcnode::pipeline {

namespace {

constexpr double kTouch_mm = 0.35;  // as far as a calcification may lie from a grain and still be it

/// The described clusters that a group holds grains of.
std::vector<const DescribedCluster*> within(const TrueGroup& group,
                                            std::span<const DescribedCluster> described) {
    std::vector<const DescribedCluster*> result;
    for (const DescribedCluster& cluster : described) {
        if (std::any_of(cluster.grains.begin(), cluster.grains.end(),
                        [&](int grain) { return group.grains.contains(grain); }))
            result.push_back(&cluster);
    }
    return result;
}

/// The kinds that lie under or near each calcification, once each.
std::vector<std::set<int>> kinds_touched(const Mammogram& mammogram, const ImageFindings& findings,
                                         const Image<std::uint16_t>& kinds) {
    std::vector<std::set<int>> touched(findings.calcifications.size());
    for (std::size_t i = 0; i < findings.labels.pixels.size(); ++i) {
        const std::uint16_t label = findings.labels.pixels[i];
        if (label != 0 && kinds.pixels[i] != 0) touched[label - 1U].insert(kinds.pixels[i]);
    }
    for (std::size_t k = 0; k < touched.size(); ++k) {
        const Point& centre = findings.calcifications[k].centroid;
        const int reach_x = static_cast<int>(std::ceil(kTouch_mm / mammogram.column_spacing_mm));
        const int reach_y = static_cast<int>(std::ceil(kTouch_mm / mammogram.row_spacing_mm));
        for (int row = static_cast<int>(centre.y) - reach_y; row <= centre.y + reach_y; ++row) {
            for (int column = static_cast<int>(centre.x) - reach_x; column <= centre.x + reach_x; ++column) {
                if (row < 0 || column < 0 || row >= kinds.rows || column >= kinds.columns) continue;
                if (kinds.at(row, column) == 0) continue;
                const double x = (column + 0.5 - centre.x) * mammogram.column_spacing_mm;
                const double y = (row + 0.5 - centre.y) * mammogram.row_spacing_mm;
                if (std::hypot(x, y) <= kTouch_mm) touched[k].insert(kinds.at(row, column));
            }
        }
    }
    return touched;
}

/// A figure of each hit cluster, every image's as often as it is drawn.
std::vector<double> of_hits(std::span<const ImageDetails> details, std::span<const int> weights,
                            const std::function<double(const ClusterDetail&)>& figure) {
    std::vector<double> values;
    for (std::size_t i = 0; i < details.size(); ++i) {
        for (const ClusterDetail& cluster : details[i].clusters) {
            if (cluster.hit)
                values.insert(values.end(), static_cast<std::size_t>(weights[i]), figure(cluster));
        }
    }
    return values;
}

double median(std::vector<double> values) {
    if (values.empty()) return std::nan("");
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

double mean(const std::vector<double>& values) {
    if (values.empty()) return std::nan("");
    double sum = 0;
    for (const double value : values)
        sum += value;
    return sum / static_cast<double>(values.size());
}

/// Sensitivity by one of the names.
std::vector<KindOfCluster> by_name(std::span<const ImageDetails> details, const Bootstrap& bootstrap,
                                   std::string ClusterDetail::*name) {
    std::map<std::string, int> names;
    for (const ImageDetails& image : details) {
        for (const ClusterDetail& cluster : image.clusters)
            ++names[cluster.*name];
    }
    std::vector<KindOfCluster> result;
    for (const auto& [one, clusters] : names) {
        const auto share = [&, &wanted = one](std::span<const int> weights) {
            double hits = 0, all = 0;
            for (std::size_t i = 0; i < details.size(); ++i) {
                for (const ClusterDetail& cluster : details[i].clusters) {
                    if (cluster.*name != wanted) continue;
                    hits += cluster.hit ? weights[i] : 0;
                    all += weights[i];
                }
            }
            return all > 0 ? hits / all : std::nan("");
        };
        result.push_back(
            {.name = one, .clusters = clusters, .sensitivity = bootstrap.estimate_weighted(share)});
    }
    return result;
}

std::vector<KindOfFalseMark> false_marks_by_kind(std::span<const ImageDetails> details,
                                                 const Bootstrap& bootstrap) {
    std::map<int, int> marks;
    for (const ImageDetails& image : details) {
        for (const int kind : image.false_marks)
            ++marks[kind];
    }
    std::vector<KindOfFalseMark> result;
    for (const auto& [kind, number] : marks) {
        const auto rate = [&, wanted = kind](std::span<const int> weights) {
            double sum = 0, images = 0;
            for (std::size_t i = 0; i < details.size(); ++i) {
                if (!details[i].known) continue;
                sum += static_cast<double>(weights[i] * std::count(details[i].false_marks.begin(),
                                                                   details[i].false_marks.end(), wanted));
                images += weights[i];
            }
            return images > 0 ? sum / images : std::nan("");
        };
        result.push_back({.kind = kind, .marks = number, .per_image = bootstrap.estimate_weighted(rate)});
    }
    return result;
}

}  // namespace

std::vector<ClusterDetail> cluster_details(const ImageFindings& findings, std::span<const Mark> marks,
                                           std::span<const TrueGroup> groups,
                                           std::span<const DescribedCluster> described) {
    std::vector<ClusterDetail> details;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const auto parts = within(groups[g], described);
        if (parts.size() != 1 || !groups[g].counts) continue;
        const DescribedCluster& truth = *parts.front();
        ClusterDetail detail{.distribution = truth.distribution, .morphology = truth.morphology};
        const auto mark = std::find_if(marks.begin(), marks.end(), [&](const Mark& one) {
            return one.hit && one.group == static_cast<int>(g);
        });
        detail.hit = mark != marks.end();
        if (detail.hit) {
            const Cluster& found = findings.clusters[static_cast<std::size_t>(mark->cluster)];
            detail.number_error =
                (static_cast<double>(found.members.size()) - truth.number) / std::max(1, truth.number);
            detail.area_error = truth.hull_area_mm2 > 0 ? found.hull_area_mm2 / truth.hull_area_mm2 - 1 : 0;
            detail.distribution_right = to_string(found.distribution) == truth.distribution;
        }
        details.push_back(detail);
    }
    return details;
}

std::vector<int> kinds_of_false_marks(const Mammogram& mammogram, const ImageFindings& findings,
                                      std::span<const Mark> marks, const Image<std::uint16_t>& kinds) {
    const bool any =
        std::any_of(marks.begin(), marks.end(), [](const Mark& mark) { return !mark.hit && !mark.ignored; });
    if (!any) return {};
    const std::vector<std::set<int>> touched = kinds_touched(mammogram, findings, kinds);
    std::vector<int> result;
    for (const Mark& mark : marks) {
        if (mark.hit || mark.ignored) continue;
        const std::vector<int>& members = findings.clusters[static_cast<std::size_t>(mark.cluster)].members;
        std::map<int, std::size_t> votes;
        for (const int member : members) {
            for (const int kind : touched[static_cast<std::size_t>(member)])
                ++votes[kind];
        }
        const auto most = std::max_element(votes.begin(), votes.end(),
                                           [](const auto& a, const auto& b) { return a.second < b.second; });
        const bool enough = most != votes.end() && 2 * most->second >= members.size();
        result.push_back(enough ? most->first : 0);
    }
    return result;
}

DetailsSummary summarise_details(std::span<const ImageCounts> images, std::span<const ImageDetails> details,
                                 const SummaryOptions& options) {
    const Bootstrap bootstrap(images, options);
    const auto estimate = [&](double (*reduce)(const std::vector<double>&),
                              const std::function<double(const ClusterDetail&)>& figure) {
        return bootstrap.estimate_weighted(
            [&](std::span<const int> weights) { return reduce(of_hits(details, weights, figure)); });
    };
    const auto middle = [](const std::vector<double>& values) { return median(values); };
    DetailsSummary summary;
    for (const ImageDetails& image : details) {
        summary.images += image.known;
        summary.hits += static_cast<int>(std::count_if(image.clusters.begin(), image.clusters.end(),
                                                       [](const ClusterDetail& c) { return c.hit; }));
    }
    summary.number_error_median = estimate(middle, [](const ClusterDetail& c) { return c.number_error; });
    summary.number_error_mean =
        estimate(mean, [](const ClusterDetail& c) { return std::abs(c.number_error); });
    summary.area_error_median = estimate(middle, [](const ClusterDetail& c) { return c.area_error; });
    summary.area_error_mean = estimate(mean, [](const ClusterDetail& c) { return std::abs(c.area_error); });
    summary.distribution_right =
        estimate(mean, [](const ClusterDetail& c) { return c.distribution_right ? 1.0 : 0.0; });
    summary.by_morphology = by_name(details, bootstrap, &ClusterDetail::morphology);
    summary.by_distribution = by_name(details, bootstrap, &ClusterDetail::distribution);
    summary.false_marks = false_marks_by_kind(details, bootstrap);
    return summary;
}

}  // namespace calcnode::pipeline

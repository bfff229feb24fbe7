#include "pipeline/findings_comparison.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <vector>

namespace calcnode::pipeline {

FindingsComparison& FindingsComparison::operator+=(const FindingsComparison& other) {
    agreed += other.agreed;
    only_first += other.only_first;
    only_second += other.only_second;
    grains_first += other.grains_first;
    grains_second += other.grains_second;
    return *this;
}

FindingsComparison compare_findings(const ImageFindings& first, const ImageFindings& second,
                                    const Spacing& spacing) {
    std::vector<std::tuple<double, std::size_t, std::size_t>> pairs;
    for (std::size_t a = 0; a < first.clusters.size(); ++a) {
        for (std::size_t b = 0; b < second.clusters.size(); ++b) {
            const Point &p = first.clusters[a].centroid, &q = second.clusters[b].centroid;
            const double apart = std::hypot((p.x - q.x) * spacing.column_mm, (p.y - q.y) * spacing.row_mm);
            if (apart <= kSameClusterMm) pairs.emplace_back(apart, a, b);
        }
    }
    std::sort(pairs.begin(), pairs.end());
    std::vector<bool> first_taken(first.clusters.size()), second_taken(second.clusters.size());
    FindingsComparison comparison;
    for (const auto& [apart, a, b] : pairs) {
        if (first_taken[a] || second_taken[b]) continue;
        first_taken[a] = second_taken[b] = true;
        ++comparison.agreed;
    }
    comparison.only_first = static_cast<int>(first.clusters.size()) - comparison.agreed;
    comparison.only_second = static_cast<int>(second.clusters.size()) - comparison.agreed;
    comparison.grains_first = static_cast<int>(first.calcifications.size());
    comparison.grains_second = static_cast<int>(second.calcifications.size());
    return comparison;
}

}  // namespace calcnode::pipeline

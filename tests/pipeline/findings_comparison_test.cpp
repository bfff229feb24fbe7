#include "pipeline/findings_comparison.h"

#include <gtest/gtest.h>

namespace calcnode::pipeline {
namespace {

ImageFindings with_clusters(const std::vector<Point>& centroids, int grains) {
    ImageFindings findings;
    for (const Point& centroid : centroids)
        findings.clusters.push_back({.centroid = centroid});
    findings.calcifications.resize(static_cast<std::size_t>(grains));
    return findings;
}

TEST(FindingsComparison, ClustersAgreeWithinTenMillimetresOneToOne) {
    const ImageFindings first = with_clusters({{100, 100}, {500, 500}}, 7);
    const ImageFindings second = with_clusters({{150, 100}, {90, 100}, {500, 601}}, 9);
    const FindingsComparison compared = compare_findings(first, second, {0.1, 0.1});
    EXPECT_EQ(compared.agreed, 1);  // {90, 100} is nearer than {150, 100}; {500, 601} is 10.1 mm away
    EXPECT_EQ(compared.only_first, 1);
    EXPECT_EQ(compared.only_second, 2);
    EXPECT_EQ(compared.grains_first, 7);
    EXPECT_EQ(compared.grains_second, 9);
}

TEST(FindingsComparison, DistancesAreInMillimetresOfBothAxes) {
    const ImageFindings first = with_clusters({{0, 0}}, 0), second = with_clusters({{0, 60}}, 0);
    EXPECT_EQ(compare_findings(first, second, {0.2, 0.1}).agreed, 0);
    EXPECT_EQ(compare_findings(first, second, {0.1, 0.2}).agreed, 1);
}

TEST(FindingsComparison, AddsUp) {
    FindingsComparison sum = compare_findings(with_clusters({{1, 1}}, 2), with_clusters({{1, 1}}, 3), {1, 1});
    sum += compare_findings(with_clusters({{1, 1}}, 1), with_clusters({}, 0), {1, 1});
    EXPECT_EQ(sum.agreed, 1);
    EXPECT_EQ(sum.only_first, 1);
    EXPECT_EQ(sum.only_second, 0);
    EXPECT_EQ(sum.grains_first, 3);
    EXPECT_EQ(sum.grains_second, 3);
}

}  // namespace
}  // namespace calcnode::pipeline

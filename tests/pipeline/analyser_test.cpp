// The whole analysis with the shipped model, on phantoms small enough for a unit test.
#include "pipeline/analyser.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "pipeline/error.h"
#include "pipeline/evaluation.h"
#include "pipeline/phantom.h"

namespace calcnode::pipeline {
namespace {

const Analyser& shipped() {
    static const Analyser analyser =
        Analyser::open(std::filesystem::read_symlink("/proc/self/exe").parent_path() /
                       "../share/calcnode/models/valvano-cascade");
    return analyser;
}

Phantom small_phantom(std::uint64_t seed, int clusters) {
    PhantomOptions options;
    options.rows = 1001;
    options.columns = 803;
    options.spacing_mm = 0.1;
    options.seed = seed;
    options.clusters = clusters;
    return make_phantom(options);
}

bool same(const ImageFindings& a, const ImageFindings& b) {
    const auto centroids = [](const ImageFindings& f) {
        std::vector<Point> list;
        for (const Calcification& one : f.calcifications)
            list.push_back(one.centroid);
        return list;
    };
    return a.labels.pixels == b.labels.pixels && centroids(a) == centroids(b) &&
           a.clusters.size() == b.clusters.size();
}

TEST(Analyser, ReportsEveryCandidateWhenAsked) {
    const Phantom phantom = small_phantom(101, 1);
    const ImageFindings reported = shipped().analyse(phantom.mammogram);
    const Analyser asked = Analyser::open(std::filesystem::read_symlink("/proc/self/exe").parent_path() /
                                              "../share/calcnode/models/valvano-cascade",
                                          {.cluster_threshold = 0, .lone_calcification_threshold = 0});
    const ImageFindings all = asked.analyse(phantom.mammogram);
    EXPECT_GT(all.calcifications.size(), reported.calcifications.size());
    EXPECT_GE(all.clusters.size(), reported.clusters.size());
}

TEST(Analyser, FindsTheClustersOfPhantoms) {
    int groups = 0, hits = 0;
    for (const std::uint64_t seed : {101, 102, 103}) {
        const Phantom phantom = small_phantom(seed, 1);
        Truth truth;
        truth.mask = phantom.truth;
        const ImageCounts counts =
            count_image(phantom.mammogram, shipped().analyse(phantom.mammogram), truth, 3);
        groups += counts.groups;
        hits += static_cast<int>(
            std::count_if(counts.marks.begin(), counts.marks.end(), [](const Mark& m) { return m.hit; }));
    }
    EXPECT_GE(groups, 3);
    EXPECT_GE(hits, groups - 1);
}

TEST(Analyser, FindsLittleInNormalPhantoms) {
    std::size_t marks = 0;
    for (const std::uint64_t seed : {201, 202}) {
        const ImageFindings findings = shipped().analyse(small_phantom(seed, 0).mammogram);
        EXPECT_EQ(findings.status, ImageStatus::analysed);
        marks += findings.clusters.size();
    }
    EXPECT_LE(marks, 1U);
}

TEST(Analyser, FindingsFitTogether) {
    Phantom phantom = small_phantom(101, 2);
    phantom.mammogram.sop_instance_uid = "1.2.3";
    const ImageFindings findings = shipped().analyse(phantom.mammogram);
    EXPECT_EQ(findings.sop_instance_uid, "1.2.3");
    EXPECT_EQ(findings.labels.rows, 1001);
    EXPECT_EQ(findings.labels.columns, 803);
    EXPECT_GT(findings.breast_area_cm2, 10);
    std::map<int, int> pixels;
    for (const std::uint16_t label : findings.labels.pixels)
        ++pixels[label];
    ASSERT_FALSE(findings.calcifications.empty());
    ASSERT_EQ(pixels.size(), findings.calcifications.size() + 1);
    for (std::size_t k = 0; k < findings.calcifications.size(); ++k) {
        const Calcification& one = findings.calcifications[k];
        EXPECT_NEAR(one.area_mm2, pixels[static_cast<int>(k) + 1] * 0.01, 1e-9);
        EXPECT_TRUE(k == 0 || one.score <= findings.calcifications[k - 1].score);
        EXPECT_GE(one.outline.size(), 2U);
        EXPECT_EQ(one.outline.front(), one.outline.back());
    }
    for (std::size_t c = 0; c < findings.clusters.size(); ++c) {
        for (const int member : findings.clusters[c].members) {
            EXPECT_EQ(findings.calcifications.at(static_cast<std::size_t>(member)).cluster,
                      static_cast<int>(c));
        }
    }
}

TEST(Analyser, ThreadsAndRepetitionDoNotChangeABit) {
    const Phantom phantom = small_phantom(102, 2);
    set_threads(1);
    const ImageFindings one = shipped().analyse(phantom.mammogram);
    set_threads(2);
    const ImageFindings two = shipped().analyse(phantom.mammogram);
    EXPECT_FALSE(one.calcifications.empty());
    EXPECT_TRUE(same(one, two));
    EXPECT_TRUE(same(two, shipped().analyse(phantom.mammogram)));
}

TEST(Analyser, RefusesAnImageWithoutSpacing) {
    Phantom phantom = small_phantom(101, 0);
    phantom.mammogram.row_spacing_mm = 0;
    try {
        shipped().analyse(phantom.mammogram);
        FAIL() << "was analysed";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::image_unsuitable);
    }
}

TEST(Analyser, ThresholdOptionDecidesWhichClustersAreReported) {
    const Phantom phantom = small_phantom(103, 1);
    const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe").parent_path() /
                                         "../share/calcnode/models/valvano-cascade";
    EXPECT_TRUE(
        Analyser::open(folder, {.cluster_threshold = 1.1}).analyse(phantom.mammogram).clusters.empty());
    EXPECT_FALSE(
        Analyser::open(folder, {.cluster_threshold = 0.0}).analyse(phantom.mammogram).clusters.empty());
}

}  // namespace
}  // namespace calcnode::pipeline

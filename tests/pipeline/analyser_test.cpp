// The whole analysis with the shipped model, on phantoms small enough for a unit test.
#include "pipeline/analyser.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/cv_image.h"
#include "pipeline/error.h"
#include "pipeline/evaluation.h"
#include "pipeline/findings_comparison.h"
#include "pipeline/findings_json.h"
#include "pipeline/phantom.h"

namespace calcnode::pipeline {
namespace {

std::filesystem::path shipped_folder() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() /
           "../share/calcnode/models/valvano-cascade";
}

const Analyser& shipped() {
    static const Analyser analyser = Analyser::open(shipped_folder());
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

/// Everything that is known of the findings, as text.
std::string told(const ImageFindings& findings) {
    return findings_json(
        {.study_instance_uid = "1", .model = {}, .images = {{"image", 0.1, 0.1, &findings}}});
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
    EXPECT_FALSE(one.calcifications.empty());
    for (const int threads : {2, 3, 2}) {
        set_threads(threads);
        const ImageFindings many = shipped().analyse(phantom.mammogram);
        EXPECT_TRUE(one.labels.pixels == many.labels.pixels) << threads;
        EXPECT_EQ(told(one), told(many)) << threads;
    }
}

/// Grains of the one that the other has within 0.35 mm, with the largest difference of their scores.
std::pair<std::size_t, double> agreement(const ImageFindings& a, const ImageFindings& b) {
    std::size_t found = 0;
    double difference = 0;
    for (const Calcification& one : a.calcifications) {
        for (const Calcification& other : b.calcifications) {
            const Point &p = one.centroid, &q = other.centroid;
            if (std::hypot(p.x - q.x, p.y - q.y) * 0.1 > 0.35) continue;
            ++found;
            difference = std::max(difference, std::abs(one.score - other.score));
            break;
        }
    }
    return {found, difference};
}

TEST(Analyser, BFloat16FindsTheSameClusters) {
    if (compute_here({.precision = Precision::automatic}).precision != Precision::bfloat16)
        GTEST_SKIP() << "this processor does not multiply bfloat16";
    const Analyser half = Analyser::open(shipped_folder(), {.compute = {.precision = Precision::bfloat16}});
    for (const std::uint64_t seed : {101, 102, 103}) {
        const Phantom phantom = small_phantom(seed, 2);
        const ImageFindings full = shipped().analyse(phantom.mammogram),
                            coarse = half.analyse(phantom.mammogram);
        const FindingsComparison compared = compare_findings(full, coarse, {0.1, 0.1});
        EXPECT_GT(compared.agreed, 0);
        EXPECT_EQ(compared.only_first + compared.only_second, 0);
        const auto [found, difference] = agreement(full, coarse);
        EXPECT_GE(found + 1, full.calcifications.size());
        EXPECT_LT(difference, 0.05);
    }
}

TEST(Analyser, SaysThatThereIsNoCuda) {
    if (compute_here({.device = ComputeDevice::automatic}).device == ComputeDevice::cuda)
        GTEST_SKIP() << "there is one";
    try {
        Analyser::open(shipped_folder(), {.compute = {.device = ComputeDevice::cuda}});
        FAIL() << "was opened";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::device_unavailable);
    }
}

TEST(Analyser, RefusesWhatIsOutOfItsDomainWhenTold) {
    Mammogram noise = small_phantom(101, 1).mammogram;
    cv::Mat pixels = view(noise.pixels);
    cv::RNG(1).fill(pixels, cv::RNG::UNIFORM, 0, 4096);
    const Analyser careful = Analyser::open(shipped_folder(), {.out_of_domain = OutOfDomain::refuse});
    const ImageFindings refused = careful.analyse(noise);
    EXPECT_EQ(refused.status, ImageStatus::failed);
    EXPECT_EQ(refused.reason.find("out of the model's domain: "), 0U) << refused.reason;
    EXPECT_TRUE(refused.calcifications.empty());
    EXPECT_EQ(shipped().analyse(noise).status, ImageStatus::analysed);
    EXPECT_EQ(careful.analyse(small_phantom(101, 1).mammogram).status, ImageStatus::analysed);
}

/// The largest resident memory since the last clear, in MB.
double peak_memory_mb(bool clear) {
    if (clear) std::ofstream("/proc/self/clear_refs") << 5;
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        double kilobytes = 0;
        if (word == "VmHWM:" && status >> kilobytes) return kilobytes / 1024;
    }
    return 0;
}

TEST(Analyser, TheLargestImageFitsInOneAndAHalfGigabytes) {
    PhantomOptions options{.rows = 1024, .columns = 832, .spacing_mm = 0.2, .seed = 101, .clusters = 2};
    Mammogram large = make_phantom(options).mammogram;
    cv::Mat pixels;
    cv::resize(view(large.pixels), pixels, {3328, 4096}, 0, 0, cv::INTER_CUBIC);
    large.pixels = copy_of<std::uint16_t>(pixels);
    large.row_spacing_mm = large.column_spacing_mm = 0.05;
    pixels.release();
    set_threads(2);
    const double before = peak_memory_mb(true);
    EXPECT_EQ(shipped().analyse(large).labels.rows, 4096);
    const double most = peak_memory_mb(false);
    RecordProperty("peak_mb", static_cast<int>(most));
    std::printf("resident: %.0f MB before, %.0f MB at most\n", before, most);
    EXPECT_LT(most, 1500);
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
    const std::filesystem::path folder = shipped_folder();
    EXPECT_TRUE(
        Analyser::open(folder, {.cluster_threshold = 1.1}).analyse(phantom.mammogram).clusters.empty());
    EXPECT_FALSE(
        Analyser::open(folder, {.cluster_threshold = 0.0}).analyse(phantom.mammogram).clusters.empty());
}

}  // namespace
}  // namespace calcnode::pipeline

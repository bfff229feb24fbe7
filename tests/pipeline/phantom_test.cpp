#include "pipeline/phantom.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/error.h"

namespace calcnode::pipeline {
namespace {

PhantomOptions small(std::uint64_t seed = 7) {
    PhantomOptions options;
    options.rows = 448;
    options.columns = 352;
    options.spacing_mm = 0.1;
    options.seed = seed;
    return options;
}

std::map<int, int> grain_sizes(const Phantom& phantom) {
    std::map<int, int> sizes;
    for (const std::uint16_t label : phantom.truth.pixels) {
        if (label != 0) ++sizes[label];
    }
    return sizes;
}

TEST(Phantom, SameSeedGivesTheSamePixels) {
    const Phantom one = make_phantom(small());
    const Phantom other = make_phantom(small());
    EXPECT_EQ(one.mammogram.pixels.pixels, other.mammogram.pixels.pixels);
    EXPECT_EQ(one.truth.pixels, other.truth.pixels);
    EXPECT_EQ(one.distractors.pixels, other.distractors.pixels);
}

TEST(Phantom, OtherSeedViewOrSideGivesOtherPixels) {
    const Phantom one = make_phantom(small());
    EXPECT_NE(one.mammogram.pixels.pixels, make_phantom(small(8)).mammogram.pixels.pixels);
    PhantomOptions other_side = small();
    other_side.laterality = Laterality::left;
    EXPECT_NE(one.truth.pixels, make_phantom(other_side).truth.pixels);
    PhantomOptions other_view = small();
    other_view.view = View::mlo;
    EXPECT_NE(one.mammogram.pixels.pixels, make_phantom(other_view).mammogram.pixels.pixels);
}

TEST(Phantom, ViewsOfOneExamComeFromOneDevice) {
    PhantomOptions other_view = small();
    other_view.view = View::mlo;
    other_view.laterality = Laterality::left;
    const Device one = make_phantom(small()).mammogram.device;
    const Device other = make_phantom(other_view).mammogram.device;
    EXPECT_EQ(one.model, other.model);
    EXPECT_EQ(one.serial_number, other.serial_number);
}

TEST(Phantom, BothIntentsAreOneExposure) {
    PhantomOptions raw = small();
    raw.intent = Intent::processing;
    const Phantom processing = make_phantom(raw);
    const Phantom presentation = make_phantom(small());
    EXPECT_EQ(processing.truth.pixels, presentation.truth.pixels);
    EXPECT_NE(processing.mammogram.pixels.pixels, presentation.mammogram.pixels.pixels);
    EXPECT_EQ(processing.mammogram.intent, Intent::processing);
}

TEST(Phantom, HasAsManyClustersAsAskedForWithThreeGrainsOrMore) {
    for (const int clusters : {0, 1, 3}) {
        PhantomOptions options = small(21);
        options.rows = 640;
        options.columns = 512;
        options.clusters = clusters;
        const Phantom phantom = make_phantom(options);
        const auto sizes = grain_sizes(phantom);
        ASSERT_EQ(phantom.clusters.size(), static_cast<std::size_t>(clusters));
        std::set<int> labels;
        for (const PhantomCluster& cluster : phantom.clusters) {
            EXPECT_GE(cluster.grains.size(), 3u);
            EXPECT_LE(cluster.grains.size(), 200u);
            EXPECT_NE(cluster.distribution, Distribution::unknown);
            for (const int grain : cluster.grains) {
                EXPECT_TRUE(sizes.contains(grain)) << grain;
                EXPECT_TRUE(labels.insert(grain).second) << "grain " << grain << " is in two clusters";
            }
        }
        EXPECT_EQ(labels.size(), sizes.size());
    }
}

TEST(Phantom, CentroidIsThatOfTheClustersGrains) {
    PhantomOptions options = small(5);
    options.clusters = 2;
    const Phantom phantom = make_phantom(options);
    for (const PhantomCluster& cluster : phantom.clusters) {
        double x = 0, y = 0, pixels = 0;
        for (int row = 0; row < phantom.truth.rows; ++row) {
            for (int column = 0; column < phantom.truth.columns; ++column) {
                const int label = phantom.truth.at(row, column);
                if (std::find(cluster.grains.begin(), cluster.grains.end(), label) == cluster.grains.end())
                    continue;
                x += column + 0.5;
                y += row + 0.5;
                ++pixels;
            }
        }
        // Grains weigh by their area here, each the same there.
        EXPECT_NEAR(x / pixels, cluster.centroid.x, 15);
        EXPECT_NEAR(y / pixels, cluster.centroid.y, 15);
    }
}

/// Mean of the grain's pixels minus the mean of the ring at 3 to 4 pixels round its bounding box.
double contrast(const Phantom& phantom, int label) {
    int top = phantom.truth.rows, bottom = -1, left = phantom.truth.columns, right = -1;
    double inside = 0, count = 0;
    for (int row = 0; row < phantom.truth.rows; ++row) {
        for (int column = 0; column < phantom.truth.columns; ++column) {
            if (phantom.truth.at(row, column) != label) continue;
            top = std::min(top, row);
            bottom = std::max(bottom, row);
            left = std::min(left, column);
            right = std::max(right, column);
            inside += phantom.mammogram.pixels.at(row, column);
            ++count;
        }
    }
    double ring = 0, ring_count = 0;
    for (int row = std::max(0, top - 4); row <= std::min(phantom.truth.rows - 1, bottom + 4); ++row) {
        for (int column = std::max(0, left - 4); column <= std::min(phantom.truth.columns - 1, right + 4);
             ++column) {
            const bool outer = row < top - 2 || row > bottom + 2 || column < left - 2 || column > right + 2;
            if (!outer || phantom.truth.at(row, column) != 0) continue;
            ring += phantom.mammogram.pixels.at(row, column);
            ++ring_count;
        }
    }
    return inside / count - ring / ring_count;
}

TEST(Phantom, GrainsAreBrighterThanTheirSurroundingsInBothIntents) {
    int grains = 0, brighter = 0;
    for (const std::uint64_t seed : {3, 4, 5, 6, 7}) {
        for (const Intent intent : {Intent::presentation, Intent::processing}) {
            PhantomOptions options = small(seed);
            options.intent = intent;
            const Phantom phantom = make_phantom(options);
            for (const auto& [label, size] : grain_sizes(phantom)) {
                ++grains;
                brighter += contrast(phantom, label) > 0;
            }
        }
    }
    EXPECT_GT(grains, 50);
    EXPECT_GT(brighter, 0.93 * grains) << brighter << " of " << grains;
}

TEST(Phantom, GrainsAreOfTheSizeOfMicrocalcifications) {
    for (const std::uint64_t seed : {11, 12, 13}) {
        PhantomOptions options = small(seed);
        options.spacing_mm = 0.05;
        for (const auto& [label, size] : grain_sizes(make_phantom(options))) {
            const double diameter = 2 * std::sqrt(size * 0.05 * 0.05 / 3.14159);
            EXPECT_GE(diameter, 0.05);
            EXPECT_LE(diameter, 1.0);
        }
    }
}

TEST(Phantom, BreastLiesAtTheChestWallSideOfItsLaterality) {
    for (const Laterality side : {Laterality::left, Laterality::right}) {
        PhantomOptions options = small(31);
        options.laterality = side;
        options.intent = Intent::processing;
        const Phantom phantom = make_phantom(options);
        const int row = options.rows / 2;
        const int chest = side == Laterality::left ? 2 : options.columns - 3;
        const int air = options.columns - 1 - chest;
        EXPECT_GT(phantom.mammogram.pixels.at(row, chest), phantom.mammogram.pixels.at(row, air));
    }
}

TEST(Phantom, TruthAndDistractorsNeverOverlap) {
    for (std::uint64_t seed = 40; seed < 46; ++seed) {
        const Phantom phantom = make_phantom(small(seed));
        for (std::size_t i = 0; i < phantom.truth.pixels.size(); ++i) {
            ASSERT_FALSE(phantom.truth.pixels[i] != 0 && phantom.distractors.pixels[i] != 0);
        }
    }
}

TEST(Phantom, SomeSeedsHaveEachKindOfDistractor) {
    std::set<int> kinds;
    for (std::uint64_t seed = 1; seed <= 150 && kinds.size() < kDistractorKinds; ++seed) {
        PhantomOptions options = small(seed);
        options.clusters = 0;
        options.view = seed % 2 == 0 ? View::cc : View::mlo;
        for (const std::uint8_t kind : make_phantom(options).distractors.pixels) {
            if (kind != 0) kinds.insert(kind);
        }
    }
    EXPECT_EQ(kinds, (std::set<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

bool has(const Phantom& phantom, Distractor kind) {
    return std::find(phantom.distractors.pixels.begin(), phantom.distractors.pixels.end(),
                     static_cast<std::uint8_t>(kind)) != phantom.distractors.pixels.end();
}

TEST(Phantom, OnlyFilmsHaveDustAndScratchesOnlyDetectorsHaveDeadPixels) {
    int films = 0, scratched = 0, dead = 0;
    for (std::uint64_t seed = 200; seed < 250; ++seed) {
        const Phantom phantom = make_phantom(small(seed));
        films += phantom.film;
        scratched += has(phantom, Distractor::scratch);
        dead += has(phantom, Distractor::dead_pixel);
        if (phantom.film) {
            EXPECT_FALSE(has(phantom, Distractor::dead_pixel)) << seed;
        } else {
            EXPECT_FALSE(has(phantom, Distractor::film_dust)) << seed;
            EXPECT_FALSE(has(phantom, Distractor::scratch)) << seed;
        }
    }
    EXPECT_GT(films, 0);
    EXPECT_GT(scratched, 0);
    EXPECT_GT(dead, 0);
}

TEST(Phantom, AConditionChangesThePictureAndNotTheTruth) {
    const Phantom plain = make_phantom(small(9));
    std::vector<PhantomCondition> conditions(4);
    conditions[0].dose = 0.5;
    conditions[1].noise = 2;
    conditions[2].blur_mm = 0.1;
    conditions[3].curve = ContrastCurve::steep;
    for (const PhantomCondition& condition : conditions) {
        PhantomOptions options = small(9);
        options.condition = condition;
        const Phantom changed = make_phantom(options);
        EXPECT_NE(changed.mammogram.pixels.pixels, plain.mammogram.pixels.pixels)
            << condition_text(condition);
        EXPECT_EQ(changed.truth.pixels, plain.truth.pixels) << condition_text(condition);
        EXPECT_EQ(changed.distractors.pixels, plain.distractors.pixels) << condition_text(condition);
    }
}

/// Mean square of the difference between neighbours, in the raw picture's inner breast: mostly noise.
double roughness(const Phantom& phantom) {
    double sum = 0, count = 0;
    const auto& pixels = phantom.mammogram.pixels;
    for (int row = pixels.rows / 2 - 40; row < pixels.rows / 2 + 40; ++row) {
        for (int column = 20; column < 100; ++column) {
            const double step = pixels.at(row, column) - pixels.at(row, column - 1);
            sum += step * step;
            ++count;
        }
    }
    return sum / count;
}

TEST(Phantom, NoiseGrowsAsItsConditionSays) {
    PhantomOptions options = small(9);
    options.clusters = 0;
    options.laterality = Laterality::left;  // chest wall at the left edge
    options.intent = Intent::processing;
    options.condition.noise = 0;
    const double none = roughness(make_phantom(options));
    options.condition.noise = 1;
    const double one = roughness(make_phantom(options)) - none;
    options.condition.noise = 2;
    EXPECT_NEAR((roughness(make_phantom(options)) - none) / one, 4, 0.6);
    options.condition.noise = 1;
    options.condition.dose = 0.25;
    EXPECT_NEAR((roughness(make_phantom(options)) - none) / one, 4, 0.6);
}

TEST(Phantom, VesselWallsCanBeForcedWithoutMovingTheClusters) {
    PhantomOptions options = small(10);
    options.rows = 640;
    options.columns = 512;
    options.condition.vessels = VesselWalls::plain;
    const Phantom plain = make_phantom(options);
    options.condition.vessels = VesselWalls::calcified;
    const Phantom calcified = make_phantom(options);
    EXPECT_FALSE(has(plain, Distractor::vessel_wall));
    EXPECT_TRUE(has(calcified, Distractor::vessel_wall));
    EXPECT_EQ(plain.truth.pixels, calcified.truth.pixels);
}

TEST(Phantom, ConditionTextNamesWhatIsChanged) {
    EXPECT_EQ(condition_text({}), "");
    PhantomCondition condition;
    condition.dose = 0.5;
    condition.curve = ContrastCurve::steep;
    condition.vessels = VesselWalls::calcified;
    EXPECT_EQ(condition_text(condition), "dose=0.5 curve=steep vessels=calcified");
}

TEST(Phantom, FaintClustersAreFainterThanObviousOnes) {
    PhantomOptions options = small(14);
    options.visibility = {.least = 2, .most = 2.5};
    const Phantom faint = make_phantom(options);
    options.visibility = {.least = 15, .most = 20};
    const Phantom obvious = make_phantom(options);
    ASSERT_EQ(faint.clusters.size(), 1u);
    ASSERT_EQ(obvious.clusters.size(), 1u);
    EXPECT_LT(faint.clusters[0].contrast, 4);
    EXPECT_GT(obvious.clusters[0].contrast, faint.clusters[0].contrast * 1.5);
}

TEST(Phantom, HullAreaIsThatOfAllGrainsPixels) {
    const Phantom phantom = make_phantom(small(15));
    ASSERT_EQ(phantom.clusters.size(), 1u);
    int left = phantom.truth.columns, right = 0, top = phantom.truth.rows, bottom = 0, area = 0;
    for (int row = 0; row < phantom.truth.rows; ++row) {
        for (int column = 0; column < phantom.truth.columns; ++column) {
            if (phantom.truth.at(row, column) == 0) continue;
            ++area;
            left = std::min(left, column);
            right = std::max(right, column + 1);
            top = std::min(top, row);
            bottom = std::max(bottom, row + 1);
        }
    }
    const double pixel = 0.1 * 0.1;
    EXPECT_LT(phantom.clusters[0].hull_area_mm2, (right - left) * (bottom - top) * pixel);
    EXPECT_GT(phantom.clusters[0].hull_area_mm2, 0.3 * (right - left) * (bottom - top) * pixel);
    EXPECT_GT(phantom.clusters[0].hull_area_mm2, area * pixel);
}

TEST(Phantom, DrawsEveryDistributionMorphologyDensityAndMedium) {
    std::set<Distribution> distributions;
    std::set<Morphology> morphologies;
    std::set<char> densities;
    std::set<bool> media;
    for (std::uint64_t seed = 300; seed < 420; ++seed) {
        PhantomOptions options = small(seed);
        options.clusters = 2;
        options.rows = 300;
        options.columns = 260;
        options.spacing_mm = 0.2;
        const Phantom phantom = make_phantom(options);
        for (const PhantomCluster& cluster : phantom.clusters) {
            distributions.insert(cluster.distribution);
            morphologies.insert(cluster.morphology);
        }
        densities.insert(phantom.density);
        media.insert(phantom.film);
    }
    EXPECT_EQ(distributions.size(), 5u);
    EXPECT_EQ(morphologies.size(), 5u);
    EXPECT_EQ(densities, (std::set<char>{'a', 'b', 'c', 'd'}));
    EXPECT_EQ(media.size(), 2u);
}

TEST(Phantom, UsesOnlyTheStoredBits) {
    for (const int bits : {8, 10, 16}) {
        PhantomOptions options = small();
        options.rows = 400;
        options.columns = 300;
        options.bits_stored = bits;
        const Phantom phantom = make_phantom(options);
        const auto most =
            *std::max_element(phantom.mammogram.pixels.pixels.begin(), phantom.mammogram.pixels.pixels.end());
        EXPECT_LT(most, 1u << bits);
        EXPECT_GT(most, (1u << bits) / 2);
    }
}

TEST(Phantom, WorksFromSmallToLargeSpacing) {
    for (const double spacing : {0.05, 0.085, 0.2}) {
        PhantomOptions options = small();
        options.rows = 400;
        options.columns = 300;
        options.spacing_mm = spacing;
        options.clusters = 2;
        EXPECT_EQ(make_phantom(options).clusters.size(), 2u) << spacing;
    }
}

std::string refusal(const PhantomOptions& options) {
    try {
        make_phantom(options);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_argument);
        return error.what();
    }
    return "accepted";
}

TEST(Phantom, RefusesOptionsThatMakeNoSense) {
    using testing::HasSubstr;
    PhantomOptions options = small();
    options.rows = 100;
    EXPECT_THAT(refusal(options), HasSubstr("rows 100"));
    options = small();
    options.columns = 9000;
    EXPECT_THAT(refusal(options), HasSubstr("columns 9000"));
    options = small();
    options.spacing_mm = 0;
    EXPECT_THAT(refusal(options), HasSubstr("spacing"));
    options = small();
    options.bits_stored = 17;
    EXPECT_THAT(refusal(options), HasSubstr("bits stored 17"));
    options = small();
    options.clusters = -1;
    EXPECT_THAT(refusal(options), HasSubstr("clusters -1"));
    options = small();
    options.condition.dose = 0;
    EXPECT_THAT(refusal(options), HasSubstr("dose"));
    options = small();
    options.condition.blur_mm = -1;
    EXPECT_THAT(refusal(options), HasSubstr("blur"));
    options = small();
    options.visibility.least = 60;
    EXPECT_THAT(refusal(options), HasSubstr("least contrast"));
    options = small();
    options.view = View::lm;
    EXPECT_THAT(refusal(options), HasSubstr("view"));
    options = small();
    options.laterality = Laterality::both;
    EXPECT_THAT(refusal(options), HasSubstr("laterality"));
}

TEST(Phantom, SaysWhenClustersDoNotFit) {
    PhantomOptions options = small();
    options.rows = 200;
    options.columns = 200;
    options.spacing_mm = 0.05;
    options.clusters = 100;
    EXPECT_THAT(refusal(options), testing::HasSubstr("does not fit"));
}

}  // namespace
}  // namespace calcnode::pipeline

#include "pipeline/phantom.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

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

TEST(Phantom, HasAsManyClustersAsAskedForWithFiveGrainsOrMore) {
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
            EXPECT_GE(cluster.grains.size(), 5u);
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
    for (std::uint64_t seed = 1; seed <= 24 && kinds.size() < 3; ++seed) {
        PhantomOptions options = small(seed);
        options.clusters = 0;
        for (const std::uint8_t kind : make_phantom(options).distractors.pixels) {
            if (kind != 0) kinds.insert(kind);
        }
    }
    EXPECT_EQ(kinds, (std::set<int>{1, 2, 3}));
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

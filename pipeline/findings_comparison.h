// What two models say about the same image, side by side. Pure; any thread.
#pragma once

#include "pipeline/findings.h"

namespace calcnode::pipeline {

struct FindingsComparison {
    int agreed = 0;  // clusters of both whose centroids lie within kSameClusterMm, one to one
    int only_first = 0;
    int only_second = 0;
    int grains_first = 0;
    int grains_second = 0;

    FindingsComparison& operator+=(const FindingsComparison& other);
};

inline constexpr double kSameClusterMm = 10;

struct Spacing {
    double row_mm = 0;
    double column_mm = 0;
};

FindingsComparison compare_findings(const ImageFindings& first, const ImageFindings& second,
                                    const Spacing& spacing);

}  // namespace calcnode::pipeline

// What a detector mistakes for microcalcifications: hard negatives of the phantom. Private to
// pipeline/phantom*.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/phantom_anatomy.h"
#include "pipeline/phantom_grains.h"
#include "pipeline/phantom_random.h"
#include "pipeline/phantom_stamp.h"

namespace calcnode::pipeline::phantom {

struct DistractorContext {
    const Frame& frame;
    const Anatomy& anatomy;
    const std::vector<cv::Point2d>& clusters_mm;  // centres of the true clusters
    Stamper& stamper;
};

/// Single round or rim-shaped calcifications, far from everything else.
void add_benign_calcifications(const DistractorContext& context, Random& random);

/// Tram lines: broken rows of plaque on both walls of a stretch of each vessel.
void add_vessel_walls(const DistractorContext& context, Random& random);

/// Specks and short hairs on a film: sharp, anywhere; the imaging step adds their brightness.
void add_dust(const Frame& frame, Grains& grains, Random& random);

}  // namespace calcnode::pipeline::phantom

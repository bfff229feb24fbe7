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

/// Marks the anatomy's lymph nodes, before anything else is put into the picture.
void mark_lymph_nodes(const Frame& frame, const Anatomy& anatomy, Grains& grains);

/// All kinds that lie in or on the breast and those of film and detector; each kind has a random stream of
/// its own, so that one can be changed without the others.
void add_distractors(const DistractorContext& context, const Scene& scene, Grains& grains);

/// Single round calcifications, far from everything else.
void add_benign_calcifications(const DistractorContext& context, Random& random);

/// Lucent-centred rings in the skin, alone or a few together; most are seen near the skin line.
void add_skin_calcifications(const DistractorContext& context, Random& random);

/// Popcorn, rods towards the nipple, rims of cysts.
void add_coarse_calcifications(const DistractorContext& context, Random& random);

/// Tram lines: broken rows of plaque on both walls of a stretch of each vessel.
void add_vessel_walls(const DistractorContext& context, Random& random);

}  // namespace calcnode::pipeline::phantom

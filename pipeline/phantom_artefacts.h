// What the breast does not grow: clips and skin markers of metal, dust and scratches of a film, defects of a
// digital detector. Private to pipeline/phantom*.
#pragma once

#include "pipeline/phantom_distractors.h"

namespace calcnode::pipeline::phantom {

/// A clip of two arms, or the small coil that a biopsy leaves.
void add_clip(const DistractorContext& context, Random& random);

/// A metal ball stuck to the skin.
void add_skin_marker(const DistractorContext& context, Random& random);

/// Specks and short hairs on a film: sharp, anywhere; the imaging step adds their brightness.
void add_dust(const Frame& frame, Grains& grains, Random& random);

/// Long thin lines, sometimes broken; the imaging step adds their brightness.
void add_scratches(const Frame& frame, Grains& grains, Random& random);

/// Pixels and parts of lines that the detector's correction does not make good.
void add_dead_pixels(const Frame& frame, Grains& grains, Random& random);

}  // namespace calcnode::pipeline::phantom

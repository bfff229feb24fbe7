// Puts synthetic calcifications, and what is mistaken for them, into a picture: irregular grains of 0.12 to 1
// mm in clusters, lines and alone, with a strength measured against the local noise. Internal to training;
// any thread.
#pragma once

#include "pipeline/training_image.h"

namespace calcnode::pipeline {

struct InsertionOptions {
    double clusters_per_100_cm2 = 8;  // Poisson means; three pictures of ten get no grain at all
    double clusters_per_piece = 0.9;  // at least, in a small piece
    double lonely_per_100_cm2 = 6;
    double lines_per_100_cm2 = 25;  // fibres, scratches, vessel walls: no calcification
    double blobs_per_100_cm2 = 12;  // soft round densities: no calcification
};

/// Adds to image.picture, and the grains' coverage to image.grains.
void insert_grains(TrainingImage& image, const InsertionOptions& options, Random& random);

}  // namespace calcnode::pipeline

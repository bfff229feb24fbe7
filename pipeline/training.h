// Trains the two networks of the cascade and writes a model folder: what `calcnode-lab train` calls.
// Blocking; one call at a time in a process (it sets LibTorch's thread count). Images are made on the fly
// from phantoms (and, when given, from folders of real background) and thrown away; nothing but the model is
// kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace calcnode::pipeline {

/// A folder of mammogram pictures (PNG or JPEG, searched recursively) taken to be free of calcifications,
/// into which synthetic grains are put.
struct TrainingBackground {
    std::filesystem::path folder;
    double spacing_mm = 0.05;
    /// Written into the manifest's training data statement: name, licence, attribution.
    std::string attribution;
};

struct TrainingOptions {
    std::filesystem::path output;  // model folder; made when missing, files in it replaced
    std::string name = "valvano-cascade";
    std::string version = "0.1.0";
    std::uint64_t seed = 1;
    int exams = 300;                              // phantom images made for training
    int steps = 3000;                             // optimiser steps for each of the two networks
    int threads = 2;                              // LibTorch's and the image makers'
    double spacing_mm = 0.1;                      // the working spacing
    std::vector<TrainingBackground> backgrounds;  // may be empty: phantoms only
    std::filesystem::path detector;  // a trained one to keep: only the Segmentator is trained; empty: both are
    /// Go on from the checkpoint that an earlier run with the same output folder left (<output>/checkpoint).
    bool resume = false;
};

struct TrainingProgress {
    std::int64_t done = 0;  // optimiser steps (both networks)
    std::int64_t total = 0;
    double loss = 0;      // running mean
    std::string message;  // the phase: "detector", "segmentator", "operating point"
};

/// Called on the training thread after each step; return false to stop early (the checkpoint is kept, no
/// model is written).
using TrainingCallback = std::function<bool(const TrainingProgress&)>;

struct TrainingReport {
    bool finished = false;         // false: the callback stopped it
    double detector_accuracy = 0;  // patch level, on phantoms that were not trained on
    double segmentator_accuracy = 0;
    double detector_accuracy_degraded = 0;  // the same on augmented pictures, real background among them
    double segmentator_accuracy_degraded = 0;
    double cluster_sensitivity = 0;  // at the operating point
    double false_positives_per_image = 0;
    double cluster_threshold = 0;
};

/// Throws Error bad_argument (options, no readable picture in a background folder), training_failed (loss not
/// finite), write_failed. The same options on the same machine give the same weights.
TrainingReport train(const TrainingOptions& options, const TrainingCallback& progress = {});

}  // namespace calcnode::pipeline

// `calcnode-lab phantom`: writes phantom exams as DICOM with their truth. Called by lab_main only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/phantom.h"

namespace calcnode::service {

struct LabPhantomOptions {
    std::filesystem::path out;
    int rows = 3328;
    int columns = 2560;
    double spacing_mm = 0.07;
    int bits = 12;
    std::uint64_t seed = 1;
    int clusters = 1;                     // in each image
    int exams = 1;                        // with clusters: seeds seed, seed + 1, ...
    int normal_exams = 0;                 // more of them, without clusters
    std::string intent = "presentation";  // presentation, processing, both
    bool monochrome1 = false;
    std::string patient_id = "PHANTOM-{seed}";
    std::vector<std::string> views = {"R-CC", "R-MLO", "L-CC", "L-MLO"};
    std::string family = "training";  // or held-out
    pipeline::PhantomCondition condition;
    std::string curve = "device";   // or linear, sigmoid, gamma, steep: into the condition
    std::string vessels = "drawn";  // or plain, calcified: into the condition
    pipeline::ClusterVisibility visibility;
    std::filesystem::path contact_sheet;  // when named: write this picture, and no exam
    std::filesystem::path beside;         // folder of real crops for it
    double beside_spacing_mm = 0.05;
    bool progress = false;  // show the bar even when stderr is no terminal
};

/// Writes for each view OUT/<patient>_<view>[.processing].dcm, <patient>_<view>.truth.png (16 bit, k: the
/// pixels of grain k), .distractors.png (16 bit, values of pipeline::Distractor) and .truth.json
/// (lab_phantom_truth.h), and OUT/cases.csv, and prints one line a file. With `contact_sheet` instead: that
/// picture of pieces of phantoms beside real ones, and how like they are. Throws pipeline::Error
/// (bad_argument for options that cannot be used, write_failed) or dicom::Error.
void run_lab_phantom(const LabPhantomOptions& options);

}  // namespace calcnode::service

// `calcnode-lab evaluate`: measures the model, and the classical method beside it, on the images of a
// cases.csv. Called by lab_main only. The figures do not depend on jobs or threads.
#pragma once

#include <filesystem>
#include <string>

namespace calcnode::service {

struct LabEvaluateOptions {
    std::filesystem::path cases;
    std::filesystem::path model;  // folder; empty: no model, only the classical method
    double threshold = -1;        // of the cluster score; negative: the model's own operating point
    std::filesystem::path out;    // folder for report.html, report.json and pictures; empty: none is written
    bool classical = true;
    bool whole_image = false;      // pictures that are not DICOM are all breast, border to border
    double spacing_mm = 0;         // of the crops of a patches.csv
    std::filesystem::path beside;  // folder of real crops to compare the texture with; empty: none
    double beside_spacing_mm = 0.05;
    int jobs = 0;           // images at once; 0: as many as there are cores
    int threads = 0;        // for all of them together; 0: as many as there are cores
    bool progress = false;  // show the bar even when stderr is no terminal
};

/// Prints the tables. Returns 0, or 1 when an image could not be read or analysed (it counts as one without
/// findings). Throws pipeline::Error (cases, model, output).
int run_lab_evaluate(const LabEvaluateOptions& options);

}  // namespace calcnode::service

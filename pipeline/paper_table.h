// The paper's experiment on this project's phantoms: a Detector and a Segmentator as patch classifiers of 29, 39 and
// 49 pixels, with 'same' and with 'valid' convolutions (Valvano et al. 2018, whose table of twelve networks found 49
// pixels and 'same' best). What `calcnode-lab train --paper-table` calls. Blocking.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pipeline/network_fields.h"

namespace calcnode::pipeline {

struct PaperTableOptions {
    std::uint64_t seed = 1;
    int phantoms = 90;           // trained on; as they are, nothing augmented
    int held_out_phantoms = 40;  // measured on: other seeds
    int threads = 2;             // networks trained side by side
    double spacing_mm = 0.1;
};

struct PaperTableRow {
    int side = 0;
    Padding padding = Padding::same;
    // Right answers on held-out patches, half of them positive, 0..1. The Detector tells C1 (the centre is
    // calcification) from C3 and C4 (one only at the periphery, none), the Segmentator C1 from C2, C3 and C4.
    double detector = 0;
    double segmentator = 0;
};

struct PaperTable {
    std::vector<PaperTableRow> rows;
    std::size_t detector_patches = 0;     // trained on
    std::size_t segmentator_patches = 0;  // trained on
    std::size_t held_out_detector_patches = 0;
    std::size_t held_out_segmentator_patches = 0;
};

/// `progress` is called with (done, total, what) from the calling thread and from the training threads, one at a time.
/// Throws Error bad_argument, training_failed. The same options give the same table.
PaperTable make_paper_table(const PaperTableOptions& options,
                            const std::function<void(int, int, const std::string&)>& progress = {});

/// As a Markdown table, with the numbers of patches.
std::string paper_table_markdown(const PaperTable& table);

}  // namespace calcnode::pipeline

// What `calcnode-lab evaluate` does with one image: reads it, runs the model and the classical method on it,
// counts. Nothing as large as a picture stays. One meter a thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/analyser.h"
#include "pipeline/evaluation.h"
#include "pipeline/evaluation_descriptors.h"
#include "pipeline/evaluation_gallery.h"
#include "pipeline/evaluation_model.h"
#include "pipeline/phantom_likeness.h"
#include "service/lab_cases.h"

namespace calcnode::service {

struct MeterOptions {
    std::filesystem::path cases;  // images and masks are beside it
    std::filesystem::path model;  // folder; empty: no model
    double threshold = -1;        // of the cluster score; negative: the model's own
    bool classical = true;
    bool whole_image = false;  // pictures that are not DICOM are all breast
    bool pieces = false;       // keep a piece of each normal image, to compare its texture
};

/// Counted with groups of five or more (BI-RADS) and of three or more.
struct Counts {
    pipeline::ImageCounts five;
    pipeline::ImageCounts three;
};

/// Seconds.
struct Durations {
    double read = 0;
    double model = 0;
    double classical = 0;
    double count = 0;
};

/// Drawn into the report's pictures.
using Outlines = std::vector<pipeline::CaseOutline>;

struct ImageResult {
    /// Of the model: grains and masks at the operating point, `marks` and `grain_marks` with every candidate.
    Counts model;
    /// Of the classical method at each of classical_thresholds(): the first has the `grain_marks`.
    std::vector<Counts> classical;
    // Of the model at its operating point, groups of three or more:
    pipeline::ImageDetails details;
    Outlines outlines;
    std::vector<pipeline::TexturePiece> pieces;  // one or none
    Durations seconds;
    // What the image itself says, where it is DICOM
    double spacing_mm = 0;
    std::string device;
    std::string intent;
    std::vector<std::string> warnings;
    std::vector<std::string> failures;  // why the image counts as one without findings
};

/// The picture of a row; a crop of a film is all breast when `whole_image` says so. Throws pipeline::Error or
/// dicom::Error.
pipeline::Mammogram read_case_image(const CaseRow& row, const MeterOptions& options);

/// Rising; the first is the published one.
std::vector<double> classical_thresholds();

class Meter {
  public:
    /// Throws pipeline::Error model_not_found or model_damaged.
    explicit Meter(const MeterOptions& options);

    /// An image that cannot be read or analysed counts as one without findings. Throws pipeline::Error
    /// bad_argument when the row itself is wrong.
    ImageResult measure(const CaseRow& row) const;

  private:
    struct Subject;
    void run_model(const Subject& subject, ImageResult& result) const;
    void describe_model(const Subject& subject, const pipeline::ImageFindings& reported,
                        ImageResult& result) const;
    void run_classical(const Subject& subject, ImageResult& result) const;

    MeterOptions options_;
    pipeline::ModelOperatingPoint point_;
    std::optional<pipeline::Analyser> analyser_;
};

}  // namespace calcnode::service

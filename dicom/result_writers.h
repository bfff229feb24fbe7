// From the findings of a study to its result objects. Each writer yields a whole valid object or throws.
// The same input gives the same bytes: UIDs are derived, dates come from the sources, nothing else is random.
// Any thread; needs initialise_library().
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dicom/result_object.h"
#include "pipeline/findings.h"
#include "pipeline/key_image.h"
#include "pipeline/mammogram.h"

namespace calcnode::dicom {

/// One image of the study with what became of it.
struct ImageResult {
    std::filesystem::path source;  // the received file; its header is read for references and patient context
    pipeline::ImageFindings findings;
    // The spacing that was used, in mm; 0 when unknown (not analysed): then the header's is reported.
    double row_spacing_mm = 0;
    double column_spacing_mm = 0;
    pipeline::KeyImage key_image{};  // for the secondary capture; empty: there is none to write
};

/// A report of ours that new ones take the place of (PS3.3 C.17.2, Predecessor Documents Sequence).
struct PredecessorDocument {
    std::string study_instance_uid;
    std::string series_instance_uid;
    std::string sop_class_uid;
    std::string sop_instance_uid;
};

struct ResultOptions {
    ResultKinds kinds{ResultKind::segmentation, ResultKind::cad_sr, ResultKind::measurement_report};
    CodeScheme code_scheme = CodeScheme::sct;
    pipeline::ModelIdentity model;
    std::string config_digest;  // of the settings that change results; part of every result UID
    int generation = 1;         // of the study; part of the series number
    double required_score = 0;  // clusters at or above are "Presentation Required", below "Optional"
    bool plane_orientation_compat = true;  // SEG: what current OHIF/cornerstone needs (dicom-results.md 2.4)
    std::string device_serial_number = "1";
    std::string institution;  // empty: not written
    // Reports of an earlier generation, model or configuration; each new report names those that it replaces.
    std::vector<PredecessorDocument> predecessors{};
};

/// Writes the objects of options.kinds (result_object.h says what each is) into `folder` (each as .part,
/// fdatasync, rename, then fsync of the folder) and returns them in the order of the kinds, within a kind in
/// that of the images. An image without clusters has none of its own; a secondary capture needs its
/// key_image, a probability map its findings.probability. File names are <sop instance uid>.dcm (UIDs of
/// ours: digits and dots). Images in any order; at least one; their files have passed scan_dataset(). Which
/// segments there are: segmentation_frames.h; what the report says of failed and not attempted images:
/// cad_report_content.h; UIDs and generations: result_identity.h.
/// Throws Error missing_attribute or malformed_dataset (UIDs of a source), inconsistent_sources (other study
/// or patient id, an image twice), invalid_result (findings that contradict themselves), file_error. Objects
/// written before the throw stay.
std::vector<ResultObject> write_results(const std::vector<ImageResult>& images, const ResultOptions& options,
                                        const std::filesystem::path& folder);

}  // namespace calcnode::dicom

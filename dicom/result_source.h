// One image of the study as the result writers see it: what its header says, and what the pipeline found.
// Internal to dicom/; holds a pointer into the caller's ImageResult.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/concept.h"
#include "dicom/instance_header.h"
#include "dicom/outline.h"
#include "dicom/result_writers.h"

namespace calcnode::dicom {

/// A date and a time as DA and TM.
struct Moment {
    std::string date;
    std::string time;
    bool operator<(const Moment& other) const {
        return date != other.date ? date < other.date : time < other.time;
    }
};

struct ResultSource {
    const ImageResult* result = nullptr;    // owned by the caller of write_results
    std::unique_ptr<DcmFileFormat> format;  // the header, without pixel data
    InstanceHeader header;
    Concept view;  // none: unknown
    std::vector<Concept> view_modifiers;
    std::string patient_id;
    std::string frame_of_reference_uid;  // empty: none, or no legal one
    double row_spacing_mm = 0;           // that the analysis used, else the header's; 0: unknown
    double column_spacing_mm = 0;
    Moment moment;        // when the image was made
    Moment study_moment;  // Study Date and Time; empty where the source has no legal ones

    DcmItem& dataset() const { return *format->getDataset(); }
    const pipeline::ImageFindings& findings() const { return result->findings; }
    ImageExtent extent() const { return {header.rows, header.columns}; }
};

/// Reads the headers and orders the images by instance number, then SOP Instance UID, so that the order of
/// `images` changes nothing. Throws Error missing_attribute or malformed_dataset (UIDs), inconsistent_sources
/// (study, patient id, the same image twice, findings of another image), invalid_result (no image), or what
/// reading gives.
std::vector<ResultSource> read_result_sources(const std::vector<ImageResult>& images);

/// The latest of the sources' moments: the date of everything that we write, since the bytes must not depend
/// on the clock.
Moment latest_moment(const std::vector<ResultSource>& sources);

}  // namespace calcnode::dicom

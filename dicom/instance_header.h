// What assembly and routing need to know of one instance: read from its header, never from its pixels.
// Value type; no patient data in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "dicom/code.h"
#include "pipeline/mammogram.h"

namespace calcnode::dicom {

struct InstanceHeader {
    std::string sop_class_uid;
    std::string sop_instance_uid;
    std::string study_instance_uid;
    std::string series_instance_uid;
    std::string transfer_syntax_uid;
    std::string modality;
    std::string station_name;
    std::string manufacturer;
    int instance_number = 0;

    // Mammography only (defaults otherwise)
    pipeline::Laterality laterality = pipeline::Laterality::unknown;
    pipeline::View view = pipeline::View::unknown;
    pipeline::Intent intent = pipeline::Intent::presentation;
    int rows = 0;
    int columns = 0;
    int number_of_frames = 1;
    bool implant_present = false;    // (0028,1300) Breast Implant Present = YES
    bool implant_displaced = false;  // view modifier 399209000 / R-102D5
    bool magnification = false;     // view modifier 399163009 / R-102D6, or radiographic magnification >= 1.4
    bool spot_compression = false;  // view modifier 399055006 / R-102D7
    bool specimen = false;          // view 127457009 / G-8310
    bool partial_view = false;      // (0028,1350)
    bool quality_control = false;   // (0028,0300) Quality Control Image = YES
    bool tomosynthesis = false;     // tomo or synthetic 2D: Image Type TOMO*, GENERATED_2D; multi-frame
    std::vector<std::string> source_instance_uids;  // (0008,2112), to pair processing with presentation
    std::string content_datetime;  // YYYYMMDDHHMMSS[.ffffff], the best there is; orders images of one view
};

/// Scans the data set iteratively first (dicom/dataset_scan.h), then reads the header up to the pixel data.
/// Throws Error not_dicom, malformed_dataset, too_large, unsupported_syntax, missing_attribute (UIDs) or file_error.
InstanceHeader read_instance_header(const std::filesystem::path& file);

}  // namespace calcnode::dicom

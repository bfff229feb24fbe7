// What our own reports say, read back for people to look at: the findings of a Mammography CAD SR with their
// outlines, and the measurements of a Comprehensive 3D SR. Only processes that show pictures call this (never
// `serve`).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/findings.h"

namespace calcnode::dicom {

struct ReportedMeasurement {
    std::string name;  // the concept's meaning
    double value = 0;
    std::string unit;  // UCUM
};

struct ReportedCalcification {
    pipeline::Point center;  // columns and rows, PS3.3 C.18.6
    std::vector<pipeline::Point> outline;
    double certainty = 0;  // 0..1
    double area_mm2 = 0;   // 0: not told
};

struct ReportedCluster {
    std::string tracking_uid;
    pipeline::Point center;
    std::vector<pipeline::Point> outline;
    double certainty = 0;
    std::string distribution;  // the code's meaning; empty: none
    int calcifications = 0;    // all of them, those that are not reported one by one too
    std::vector<ReportedCalcification> reported;
    std::vector<ReportedMeasurement> measurements;  // of the Comprehensive 3D SR, when one was read
};

struct ReportedImage {
    std::string sop_instance_uid;
    std::string status = "analysed";  // analysed, failed, not_attempted
    std::string reason;
    std::vector<ReportedCluster> clusters;
};

/// The images of the report's library, in its order (PS3.16 TID 4000). Throws Error not_dicom or
/// malformed_dataset.
std::vector<ReportedImage> read_cad_report(const std::filesystem::path& file);

/// Adds the measurements of each group (TID 1410) to the cluster with its tracking UID.
void add_measurements(std::vector<ReportedImage>& images, const std::filesystem::path& measurement_report);

/// Who the patient is and which examination it was, for a user who may see it. UTF-8; empty: not there.
struct PatientNote {
    std::string name;
    std::string id;
    std::string birth_date;
    std::string sex;
    std::string study_date;
    std::string accession_number;
    std::string institution;
};
PatientNote read_patient_note(const std::filesystem::path& file);

}  // namespace calcnode::dicom

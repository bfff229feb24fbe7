// One DICOM object that calcnode made and will send: bytes on disk, immutable.
#pragma once

#include <filesystem>
#include <string>

namespace calcnode::dicom {

enum class ResultKind {
    segmentation,
    cad_sr,
    measurement_report,
    presentation_state,
    secondary_capture,
    probability_map,
};

const char* to_string(ResultKind kind);  // "segmentation", "cad_sr", "measurement_report" ...

struct ResultObject {
    std::filesystem::path path;
    std::string sop_class_uid;
    std::string sop_instance_uid;
    std::string transfer_syntax_uid;
    ResultKind kind = ResultKind::cad_sr;
};

}  // namespace calcnode::dicom

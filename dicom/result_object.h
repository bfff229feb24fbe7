// One DICOM object that calcnode made and will send: bytes on disk, immutable.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "dicom/code.h"

namespace calcnode::dicom {

enum class ResultKind {
    segmentation,        // BINARY SEG, one an image with clusters
    cad_sr,              // Mammography CAD SR, one a study, always
    measurement_report,  // Comprehensive 3D SR (TID 1500), one a study with clusters
    presentation_state,  // GSPS, one a breast with clusters
    secondary_capture,   // key image with the marks burned in, one an image with clusters
    probability_map,     // FRACTIONAL SEG, one an image with clusters
};

inline constexpr std::array kAllResultKinds{ResultKind::segmentation,       ResultKind::cad_sr,
                                            ResultKind::measurement_report, ResultKind::presentation_state,
                                            ResultKind::secondary_capture,  ResultKind::probability_map};

using ResultKinds = std::set<ResultKind>;

/// As the configuration and the journal name it: "segmentation", "cad_sr" ...
const char* to_string(ResultKind kind);
std::optional<ResultKind> result_kind_of(std::string_view name);

struct ResultObject {
    std::filesystem::path path;
    std::string sop_class_uid;
    std::string sop_instance_uid;
    std::string series_instance_uid;
    std::string transfer_syntax_uid;
    ResultKind kind = ResultKind::cad_sr;
    CodeScheme code_scheme = CodeScheme::sct;
};

}  // namespace calcnode::dicom

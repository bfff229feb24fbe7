#include "dicom/result_object.h"

#include <algorithm>

namespace calcnode::dicom {

const char* to_string(ResultKind kind) {
    switch (kind) {
        case ResultKind::segmentation:
            return "segmentation";
        case ResultKind::cad_sr:
            return "cad_sr";
        case ResultKind::measurement_report:
            return "measurement_report";
        case ResultKind::presentation_state:
            return "presentation_state";
        case ResultKind::secondary_capture:
            return "secondary_capture";
        case ResultKind::probability_map:
            return "probability_map";
    }
    return "unknown";
}

std::optional<ResultKind> result_kind_of(std::string_view name) {
    const auto* found = std::find_if(kAllResultKinds.begin(), kAllResultKinds.end(),
                                     [&](ResultKind kind) { return name == to_string(kind); });
    if (found == kAllResultKinds.end()) return std::nullopt;
    return *found;
}

const char* to_string(CodeScheme scheme) {
    return scheme == CodeScheme::srt ? "srt" : "sct";
}

}  // namespace calcnode::dicom

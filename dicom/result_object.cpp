#include "dicom/result_object.h"

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

}  // namespace calcnode::dicom

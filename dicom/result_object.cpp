#include "dicom/result_object.h"

namespace calcnode::dicom {

const char* to_string(ResultKind kind) {
    switch (kind) {
        case ResultKind::segmentation:
            return "segmentation";
        case ResultKind::cad_sr:
            return "cad_sr";
    }
    return "unknown";
}

}  // namespace calcnode::dicom

#include "dicom/image_parts.h"

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/result_dataset.h"

namespace calcnode::dicom {

const char* side_of(pipeline::Laterality laterality) {
    using pipeline::Laterality;
    switch (laterality) {
        case Laterality::left:
            return "L";
        case Laterality::right:
            return "R";
        case Laterality::both:
            return "B";
        case Laterality::unknown:
            break;
    }
    return "";
}

void put_orientation(DcmItem& object, const ResultSource& source) {
    put(object, DCM_BodyPartExamined, "BREAST");
    OFString orientation;
    source.dataset().findAndGetOFStringArray(DCM_PatientOrientation, orientation);
    put(object, DCM_PatientOrientation, orientation.c_str());
    const std::string side = side_of(source.header.laterality);
    if (!side.empty()) put(object, DCM_ImageLaterality, side);
}

void put_lossy_history(DcmItem& object, const ResultSource& source) {
    DcmItem& dataset = source.dataset();
    const bool lossy = text_value(dataset, DCM_LossyImageCompression) == "01";
    put(object, DCM_LossyImageCompression, lossy ? "01" : "00");
    if (!lossy) return;
    for (const DcmTagKey& tag : {DCM_LossyImageCompressionRatio, DCM_LossyImageCompressionMethod}) {
        OFString value;
        dataset.findAndGetOFStringArray(tag, value);
        if (!value.empty()) put(object, tag, value.c_str());
    }
}

}  // namespace calcnode::dicom

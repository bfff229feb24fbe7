#include "dicom/key_image_writer.h"

#include <algorithm>
#include <vector>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcpixel.h>

#include "dicom/check.h"
#include "dicom/image_parts.h"
#include "dicom/patient_context.h"
#include "dicom/result_check_image.h"
#include "dicom/result_codes.h"
#include "dicom/result_dataset.h"
#include "dicom/result_identity.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

// PS3.3 C.7.6.1, C.8.6.1
void put_image(DcmItem& object, const ResultSource& source, CodeScheme scheme) {
    put(object, DCM_ImageType, "DERIVED\\SECONDARY");
    put(object, DCM_ConversionType, "SYN");
    put_orientation(object, source);
    put(object, DCM_BurnedInAnnotation, "YES");
    put_lossy_history(object, source);
    put(object, DCM_DerivationDescription, "Reduced, windowed, marks and legend burned in. RESEARCH ONLY");
    put_code(object, DCM_DerivationCodeSequence, codes::kSpatialResampling.in(scheme));
    DcmItem& reference = put_reference(object, DCM_SourceImageSequence, source.header.sop_class_uid,
                                       source.header.sop_instance_uid);
    put(reference, DCM_SpatialLocationsPreserved, "NO");
    put_code(reference, DCM_PurposeOfReferenceCodeSequence, codes::kSourceImage.in(scheme));
}

// PS3.3 C.7.6.3
void put_pixels(DcmItem& object, const pipeline::KeyImage& image) {
    put_number(object, DCM_SamplesPerPixel, 3);
    put(object, DCM_PhotometricInterpretation, "RGB");
    put_number(object, DCM_PlanarConfiguration, 0);
    put_number(object, DCM_Rows, static_cast<std::uint16_t>(image.rows));
    put_number(object, DCM_Columns, static_cast<std::uint16_t>(image.columns));
    put_number(object, DCM_BitsAllocated, 8);
    put_number(object, DCM_BitsStored, 8);
    put_number(object, DCM_HighBit, 7);
    put_number(object, DCM_PixelRepresentation, 0);
    put_bytes(object, image.rgb);
}

}  // namespace

std::unique_ptr<DcmFileFormat> make_key_image_object(const ResultSource& source,
                                                     const ResultOptions& options) {
    const pipeline::KeyImage& image = source.result->key_image;
    if (source.findings().clusters.empty() || image.empty()) return nullptr;
    std::vector<PatientContext> contexts;
    contexts.push_back(read_patient_context(source.dataset()));
    auto format = std::make_unique<DcmFileFormat>();
    DcmItem& object = *format->getDataset();
    put_patient_context(object, contexts.front());
    put_request_attributes(object, contexts.front());
    put_series_and_equipment(object,
                             {.modality = "OT",
                              .sop_class_uid = kSecondaryCapture,
                              .sop_instance_uid = key_image_uid(source, options),
                              .series_instance_uid = key_image_series_uid(source, options),
                              .series_number = kKeyImageSeries,
                              .instance_number = std::max(1, source.header.instance_number),
                              .description = "Microcalcification key images, RESEARCH ONLY",
                              .content = source.moment,
                              .series = source.study_moment},
                             options, contexts.front().repertoire);
    put_acquisition_equipment(object, contexts);
    put_image(object, source, options.code_scheme);
    put_pixels(object, image);
    check_key_image(object, source);
    return format;
}

}  // namespace calcnode::dicom

#include "dicom/segmentation_parts.h"

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/check.h"
#include "dicom/image_parts.h"
#include "dicom/result_codes.h"
#include "dicom/result_dataset.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

using pipeline::Laterality;

// PS3.3 Table 10-8, C.8.20.2.3
void put_anatomy(DcmItem& item, Laterality laterality, CodeScheme scheme) {
    DcmItem& region = put_code(item, DCM_AnatomicRegionSequence, codes::kBreast.in(scheme));
    if (laterality == Laterality::unknown) return;
    put_code(region, DCM_AnatomicRegionModifierSequence,
             (laterality == Laterality::left    ? codes::kLeft
              : laterality == Laterality::right ? codes::kRight
                                                : codes::kBilateral)
                 .in(scheme));
}

// PS3.3 Table 10-19
void put_algorithm(DcmItem& item, const SegmentationPlace& place) {
    const pipeline::ModelIdentity& model = place.options.model;
    const Repertoire repertoire = place.repertoire;
    put(item, DCM_SegmentAlgorithmType, "AUTOMATIC");
    put(item, DCM_SegmentAlgorithmName, fit_text(model.name, kLongString, repertoire));
    DcmItem& algorithm = add_item(item, DCM_SegmentationAlgorithmIdentificationSequence);
    put_code(algorithm, DCM_AlgorithmFamilyCodeSequence,
             codes::kArtificialIntelligence.in(place.options.code_scheme));
    put(algorithm, DCM_AlgorithmName, fit_text(model.name, kLongString, repertoire));
    put(algorithm, DCM_AlgorithmVersion, fit_text(model.version, kLongString, repertoire));
    put(algorithm, DCM_AlgorithmSource, "calcnode project");
    put(algorithm, DCM_AlgorithmParameters,
        fit_text("model_sha256=" + model.digest + ";settings=" + place.options.config_digest, kFreeText,
                 repertoire));
}

// PS3.3 C.7.6.17: one dimension, the segment.
void put_dimensions(DcmItem& object, const std::string& uid) {
    put(add_item(object, DCM_DimensionOrganizationSequence), DCM_DimensionOrganizationUID, uid);
    DcmItem& index = add_item(object, DCM_DimensionIndexSequence);
    put(index, DCM_DimensionOrganizationUID, uid);
    check(index.putAndInsertTagKey(DCM_DimensionIndexPointer, DCM_ReferencedSegmentNumber),
          "cannot write a dimension", ErrorCode::invalid_result);
    check(index.putAndInsertTagKey(DCM_FunctionalGroupPointer, DCM_SegmentIdentificationSequence),
          "cannot write a dimension", ErrorCode::invalid_result);
    put(index, DCM_DimensionDescriptionLabel, "Segment");
}

// Viewers built on cornerstone read both groups of every segmentation; a mammogram has neither a position nor
// an orientation in the patient, so that this one orientation says nothing (README.md).
void put_shared_groups(DcmItem& object, const SegmentationPlace& place) {
    DcmItem& shared = add_item(object, DCM_SharedFunctionalGroupsSequence);
    if (!place.options.plane_orientation_compat) return;
    DcmItem& orientation = add_item(shared, DCM_PlaneOrientationSequence);
    put(orientation, DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
    if (place.source.row_spacing_mm <= 0) return;
    DcmItem& measures = add_item(shared, DCM_PixelMeasuresSequence);
    put(measures, DCM_PixelSpacing,
        decimal(place.source.row_spacing_mm) + "\\" + decimal(place.source.column_spacing_mm));
}

// PS3.3 A.51.5.1 and Table A.51-2: without patient geometry the Derivation Image is what places a frame.
// Per frame although it is the same for all: viewers look for it there.
void put_frame_groups(DcmItem& object, const SegmentationPlace& place, std::size_t index) {
    DcmItem& frame = add_item(object, DCM_PerFrameFunctionalGroupsSequence);
    const std::uint32_t position[] = {static_cast<std::uint32_t>(index + 1)};
    put_numbers(add_item(frame, DCM_FrameContentSequence), DCM_DimensionIndexValues, position);
    DcmItem& derivation = add_item(frame, DCM_DerivationImageSequence);
    put_code(derivation, DCM_DerivationCodeSequence, codes::kSegmentation.in(place.options.code_scheme));
    DcmItem& source = put_reference(derivation, DCM_SourceImageSequence, place.source.header.sop_class_uid,
                                    place.source.header.sop_instance_uid);
    put(source, DCM_SpatialLocationsPreserved, "YES");
    put_code(source, DCM_PurposeOfReferenceCodeSequence, codes::kSourceImage.in(place.options.code_scheme));
    put_number(add_item(frame, DCM_SegmentIdentificationSequence), DCM_ReferencedSegmentNumber,
               static_cast<std::uint16_t>(index + 1));
}

void put_references(DcmItem& object, const InstanceHeader& header) {  // PS3.3 C.12.2
    DcmItem& series = add_item(object, DCM_ReferencedSeriesSequence);
    put(series, DCM_SeriesInstanceUID, header.series_instance_uid);
    put_reference(series, DCM_ReferencedInstanceSequence, header.sop_class_uid, header.sop_instance_uid);
}

}  // namespace

void put_segmentation_image(DcmItem& object, const SegmentationPlace& place, SegmentationType type) {
    const bool binary = type == SegmentationType::binary;
    put(object, DCM_ImageType, "DERIVED\\PRIMARY");
    put_orientation(object, place.source);
    put(object, DCM_BurnedInAnnotation, "NO");
    put_number(object, DCM_SamplesPerPixel, 1);
    put(object, DCM_PhotometricInterpretation, "MONOCHROME2");
    put_number(object, DCM_Rows, static_cast<std::uint16_t>(place.source.header.rows));
    put_number(object, DCM_Columns, static_cast<std::uint16_t>(place.source.header.columns));
    put_number(object, DCM_BitsAllocated, binary ? 1 : 8);
    put_number(object, DCM_BitsStored, binary ? 1 : 8);
    put_number(object, DCM_HighBit, binary ? 0 : 7);
    put_number(object, DCM_PixelRepresentation, 0);
    put(object, DCM_SegmentationType, binary ? "BINARY" : "FRACTIONAL");
    if (!binary) {
        put(object, DCM_SegmentationFractionalType, "PROBABILITY");
        put_number(object, DCM_MaximumFractionalValue, 255);
    }
    put(object, DCM_SegmentsOverlap, "NO");
    put(object, DCM_ContentLabel, "MICROCALC");
    put(object, DCM_ContentDescription,
        binary ? "Microcalcification clusters" : "Probability of microcalcification");
    put(object, DCM_ContentCreatorName, "calcnode^Automatic");
    put_lossy_history(object, place.source);
}

void put_segment(DcmItem& object, const SegmentationPlace& place, const SegmentText& text,
                 std::size_t number) {
    const CodeScheme scheme = place.options.code_scheme;
    DcmItem& item = add_item(object, DCM_SegmentSequence);
    put_number(item, DCM_SegmentNumber, static_cast<std::uint16_t>(number));
    put(item, DCM_SegmentLabel, text.label);
    put(item, DCM_SegmentDescription, text.description);
    put_code(item, DCM_SegmentedPropertyCategoryCodeSequence, codes::kAbnormalStructure.in(scheme));
    put_code(item, DCM_SegmentedPropertyTypeCodeSequence, text.type.in(scheme));
    put_anatomy(item, place.source.header.laterality, scheme);
    put_algorithm(item, place);
    put(item, DCM_TrackingID, text.tracking.identifier);
    put(item, DCM_TrackingUID, text.tracking.uid);
    check(item.putAndInsertUint16Array(DCM_RecommendedDisplayCIELabValue, text.colour.data(),
                                       static_cast<unsigned long>(text.colour.size())),
          "cannot write a colour", ErrorCode::invalid_result);
}

void put_segmentation_frames(DcmItem& object, const SegmentationPlace& place,
                             const std::string& dimension_uid, std::size_t segments) {
    put(object, DCM_NumberOfFrames, std::to_string(segments));
    put_dimensions(object, dimension_uid);
    put_shared_groups(object, place);
    for (std::size_t i = 0; i < segments; ++i)
        put_frame_groups(object, place, i);
    put_references(object, place.source.header);
}

}  // namespace calcnode::dicom

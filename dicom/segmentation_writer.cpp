#include "dicom/segmentation_writer.h"

#include <algorithm>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcpixel.h>

#include "dicom/attributes.h"
#include "dicom/check.h"
#include "dicom/patient_context.h"
#include "dicom/result_check.h"
#include "dicom/result_codes.h"
#include "dicom/result_dataset.h"
#include "dicom/result_identity.h"
#include "dicom/segmentation_frames.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

using pipeline::Laterality;

constexpr std::uint16_t kClusterColour[3] = {43803, 26565, 37722};  // CIELab, PS3.3 C.10.7.1.1
constexpr std::uint16_t kUnclusteredColour[3] = {52428, 32896, 45000};

struct Job {
    const ResultSource& source;
    const ResultOptions& options;
    const PatientContext& context;
    std::vector<Segment> segments;
};

// PS3.3 C.7.6.1, C.8.20.2 (Segmentation Image)
void put_image(DcmItem& object, const Job& job) {
    DcmItem& source = job.source.dataset();
    put(object, DCM_ImageType, "DERIVED\\PRIMARY");
    put(object, DCM_BodyPartExamined, "BREAST");
    OFString orientation;
    source.findAndGetOFStringArray(DCM_PatientOrientation, orientation);
    put(object, DCM_PatientOrientation, orientation.c_str());
    const Laterality laterality = job.source.header.laterality;
    if (laterality != Laterality::unknown) {
        put(object, DCM_ImageLaterality,
            laterality == Laterality::left    ? "L"
            : laterality == Laterality::right ? "R"
                                              : "B");
    }
    put(object, DCM_BurnedInAnnotation, "NO");
    put_number(object, DCM_SamplesPerPixel, 1);
    put(object, DCM_PhotometricInterpretation, "MONOCHROME2");
    put_number(object, DCM_Rows, static_cast<std::uint16_t>(job.source.header.rows));
    put_number(object, DCM_Columns, static_cast<std::uint16_t>(job.source.header.columns));
    put_number(object, DCM_BitsAllocated, 1);
    put_number(object, DCM_BitsStored, 1);
    put_number(object, DCM_HighBit, 0);
    put_number(object, DCM_PixelRepresentation, 0);
    put(object, DCM_SegmentationType, "BINARY");
    put(object, DCM_SegmentsOverlap, "NO");
    put(object, DCM_ContentLabel, "MICROCALC");
    put(object, DCM_ContentDescription, "Microcalcification clusters");
    put(object, DCM_ContentCreatorName, "calcnode^Automatic");
}

// PS3.3 C.7.6.1.1.5: once lossy, always lossy.
void put_lossy_history(DcmItem& object, DcmItem& source) {
    const bool lossy = text_value(source, DCM_LossyImageCompression) == "01";
    put(object, DCM_LossyImageCompression, lossy ? "01" : "00");
    if (!lossy) return;
    for (const DcmTagKey& tag : {DCM_LossyImageCompressionRatio, DCM_LossyImageCompressionMethod}) {
        OFString value;
        source.findAndGetOFStringArray(tag, value);
        if (!value.empty()) put(object, tag, value.c_str());
    }
}

std::string label_of(const Segment& segment) {
    switch (segment.kind) {
        case Segment::Kind::cluster:
            return "Calcification cluster " + std::to_string(segment.cluster + 1);
        case Segment::Kind::further_clusters:
            return "Further calcification clusters";
        case Segment::Kind::unclustered:
            break;
    }
    return "Unclustered calcifications";
}

Tracking tracking_of(const Job& job, const Segment& segment) {
    switch (segment.kind) {
        case Segment::Kind::cluster:
            return cluster_tracking(job.source, job.options, segment.cluster);
        case Segment::Kind::further_clusters:
            return segment_tracking(job.source, job.options, "further clusters");
        case Segment::Kind::unclustered:
            break;
    }
    return segment_tracking(job.source, job.options, "unclustered calcifications");
}

std::string description_of(const Job& job, const Segment& segment) {
    std::string text = std::to_string(segment.calcifications.size()) + " calcifications";
    if (segment.kind == Segment::Kind::cluster)
        text += ", score " + decimal(job.source.findings().clusters[segment.cluster].score);
    return text;
}

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
void put_algorithm(DcmItem& item, const Job& job) {
    const pipeline::ModelIdentity& model = job.options.model;
    const Repertoire repertoire = job.context.repertoire;
    put(item, DCM_SegmentAlgorithmType, "AUTOMATIC");
    put(item, DCM_SegmentAlgorithmName, fit_text(model.name, kLongString, repertoire));
    DcmItem& algorithm = add_item(item, DCM_SegmentationAlgorithmIdentificationSequence);
    put_code(algorithm, DCM_AlgorithmFamilyCodeSequence,
             codes::kArtificialIntelligence.in(job.options.code_scheme));
    put(algorithm, DCM_AlgorithmName, fit_text(model.name, kLongString, repertoire));
    put(algorithm, DCM_AlgorithmVersion, fit_text(model.version, kLongString, repertoire));
    put(algorithm, DCM_AlgorithmSource, "calcnode project");
    put(algorithm, DCM_AlgorithmParameters,
        fit_text("model_sha256=" + model.digest + ";settings=" + job.options.config_digest, kFreeText,
                 repertoire));
}

void put_segment(DcmItem& object, const Job& job, std::size_t index) {
    const Segment& segment = job.segments[index];
    const bool unclustered = segment.kind == Segment::Kind::unclustered;
    const CodeScheme scheme = job.options.code_scheme;
    DcmItem& item = add_item(object, DCM_SegmentSequence);
    put_number(item, DCM_SegmentNumber, static_cast<std::uint16_t>(index + 1));
    put(item, DCM_SegmentLabel, label_of(segment));
    put(item, DCM_SegmentDescription, description_of(job, segment));
    put_code(item, DCM_SegmentedPropertyCategoryCodeSequence, codes::kAbnormalStructure.in(scheme));
    put_code(item, DCM_SegmentedPropertyTypeCodeSequence,
             (unclustered ? codes::kIndividualCalcification : codes::kCalcificationCluster).in(scheme));
    put_anatomy(item, job.source.header.laterality, scheme);
    put_algorithm(item, job);
    const Tracking tracking = tracking_of(job, segment);
    put(item, DCM_TrackingID, tracking.identifier);
    put(item, DCM_TrackingUID, tracking.uid);
    check(item.putAndInsertUint16Array(DCM_RecommendedDisplayCIELabValue,
                                       unclustered ? kUnclusteredColour : kClusterColour, 3),
          "cannot write a colour", ErrorCode::invalid_result);
}

// PS3.3 C.7.6.17: one dimension, the segment.
void put_dimensions(DcmItem& object, const Job& job) {
    const std::string uid = dimension_organization_uid(job.source, job.options);
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
void put_shared_groups(DcmItem& object, const Job& job) {
    DcmItem& shared = add_item(object, DCM_SharedFunctionalGroupsSequence);
    if (!job.options.plane_orientation_compat) return;
    DcmItem& orientation = add_item(shared, DCM_PlaneOrientationSequence);
    put(orientation, DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
    if (job.source.row_spacing_mm <= 0) return;
    DcmItem& measures = add_item(shared, DCM_PixelMeasuresSequence);
    put(measures, DCM_PixelSpacing,
        decimal(job.source.row_spacing_mm) + "\\" + decimal(job.source.column_spacing_mm));
}

// PS3.3 A.51.5.1 and Table A.51-2: without patient geometry the Derivation Image is what places a frame.
// Per frame although it is the same for all: viewers look for it there.
void put_frame_groups(DcmItem& object, const Job& job, std::size_t index) {
    DcmItem& frame = add_item(object, DCM_PerFrameFunctionalGroupsSequence);
    const std::uint32_t position[] = {static_cast<std::uint32_t>(index + 1)};
    put_numbers(add_item(frame, DCM_FrameContentSequence), DCM_DimensionIndexValues, position);
    DcmItem& derivation = add_item(frame, DCM_DerivationImageSequence);
    put_code(derivation, DCM_DerivationCodeSequence, codes::kSegmentation.in(job.options.code_scheme));
    DcmItem& source = put_reference(derivation, DCM_SourceImageSequence, job.source.header.sop_class_uid,
                                    job.source.header.sop_instance_uid);
    put(source, DCM_SpatialLocationsPreserved, "YES");
    put_code(source, DCM_PurposeOfReferenceCodeSequence, codes::kSourceImage.in(job.options.code_scheme));
    put_number(add_item(frame, DCM_SegmentIdentificationSequence), DCM_ReferencedSegmentNumber,
               static_cast<std::uint16_t>(index + 1));
}

void put_references(DcmItem& object, const InstanceHeader& header) {  // PS3.3 C.12.2
    DcmItem& series = add_item(object, DCM_ReferencedSeriesSequence);
    put(series, DCM_SeriesInstanceUID, header.series_instance_uid);
    put_reference(series, DCM_ReferencedInstanceSequence, header.sop_class_uid, header.sop_instance_uid);
}

void put_pixels(DcmItem& object, const Job& job) {
    const std::vector<std::uint8_t> bits =
        pack_frames(job.source.findings(), job.segments, job.source.extent());
    auto pixels = std::make_unique<DcmPixelData>(DCM_PixelData);
    check(pixels->setVR(EVR_OB), "cannot write pixel data", ErrorCode::invalid_result);
    check(pixels->putUint8Array(bits.data(), static_cast<unsigned long>(bits.size())),
          "cannot write pixel data", ErrorCode::invalid_result);
    check(object.insert(pixels.get(), OFTrue), "cannot write pixel data", ErrorCode::invalid_result);
    static_cast<void>(pixels.release());  // the data set's now
}

}  // namespace

std::unique_ptr<DcmFileFormat> make_segmentation(const ResultSource& source, const ResultOptions& options) {
    std::vector<Segment> segments = plan_segments(source.findings());
    if (segments.empty()) return nullptr;
    std::vector<PatientContext> contexts;
    contexts.push_back(read_patient_context(source.dataset()));
    const Job job{source, options, contexts.front(), std::move(segments)};
    auto format = std::make_unique<DcmFileFormat>();
    DcmItem& object = *format->getDataset();
    put_patient_context(object, job.context);
    put_request_attributes(object, job.context);
    put_series_and_equipment(object,
                             {.modality = "SEG",
                              .sop_class_uid = kSegmentationStorage,
                              .sop_instance_uid = segmentation_uid(source, options),
                              .series_instance_uid = segmentation_series_uid(source, options),
                              .series_number = kSegmentationSeries,
                              .instance_number = std::max(1, source.header.instance_number),
                              .description = "Microcalcifications SEG, RESEARCH ONLY",
                              .content = source.moment,
                              .series = source.study_moment},
                             options, job.context.repertoire);
    put_acquisition_equipment(object, contexts);
    put_image(object, job);
    put_lossy_history(object, source.dataset());
    put_dimensions(object, job);
    put_references(object, source.header);
    put(object, DCM_NumberOfFrames, std::to_string(job.segments.size()));
    put_shared_groups(object, job);
    for (std::size_t i = 0; i < job.segments.size(); ++i) {
        put_segment(object, job, i);
        put_frame_groups(object, job, i);
    }
    put_pixels(object, job);
    check_segmentation(object);
    return format;
}

}  // namespace calcnode::dicom

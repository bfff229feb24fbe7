#include "dicom/segmentation_writer.h"

#include <algorithm>

#include "dicom/patient_context.h"
#include "dicom/result_check.h"
#include "dicom/result_codes.h"
#include "dicom/result_dataset.h"
#include "dicom/result_identity.h"
#include "dicom/segmentation_frames.h"
#include "dicom/segmentation_parts.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

constexpr CieLab kClusterColour{43803, 26565, 37722};
constexpr CieLab kUnclusteredColour{52428, 32896, 45000};

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

Tracking tracking_of(const SegmentationPlace& place, const Segment& segment) {
    switch (segment.kind) {
        case Segment::Kind::cluster:
            return cluster_tracking(place.source, place.options, segment.cluster);
        case Segment::Kind::further_clusters:
            return segment_tracking(place.source, place.options, "further clusters");
        case Segment::Kind::unclustered:
            break;
    }
    return segment_tracking(place.source, place.options, "unclustered calcifications");
}

std::string description_of(const SegmentationPlace& place, const Segment& segment) {
    std::string text = std::to_string(segment.calcifications.size()) + " calcifications";
    if (segment.kind == Segment::Kind::cluster)
        text += ", score " + decimal(place.source.findings().clusters[segment.cluster].score);
    return text;
}

SegmentText text_of(const SegmentationPlace& place, const Segment& segment) {
    const bool unclustered = segment.kind == Segment::Kind::unclustered;
    return {.label = label_of(segment),
            .description = description_of(place, segment),
            .type = unclustered ? codes::kIndividualCalcification : codes::kCalcificationCluster,
            .tracking = tracking_of(place, segment),
            .colour = unclustered ? kUnclusteredColour : kClusterColour};
}

}  // namespace

std::unique_ptr<DcmFileFormat> make_segmentation(const ResultSource& source, const ResultOptions& options) {
    std::vector<Segment> segments = plan_segments(source.findings());
    if (segments.empty()) return nullptr;
    std::vector<PatientContext> contexts;
    contexts.push_back(read_patient_context(source.dataset()));
    const SegmentationPlace place{source, options, contexts.front().repertoire};
    auto format = std::make_unique<DcmFileFormat>();
    DcmItem& object = *format->getDataset();
    put_patient_context(object, contexts.front());
    put_request_attributes(object, contexts.front());
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
                             options, place.repertoire);
    put_acquisition_equipment(object, contexts);
    put_segmentation_image(object, place, SegmentationType::binary);
    for (std::size_t i = 0; i < segments.size(); ++i)
        put_segment(object, place, text_of(place, segments[i]), i + 1);
    put_segmentation_frames(object, place, dimension_organization_uid(source, options), segments.size());
    put_bytes(object, pack_frames(source.findings(), segments, source.extent()));
    check_segmentation(object, source);
    return format;
}

}  // namespace calcnode::dicom

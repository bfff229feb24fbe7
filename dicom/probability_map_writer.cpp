#include "dicom/probability_map_writer.h"

#include <algorithm>
#include <vector>

#include "dicom/error.h"
#include "dicom/patient_context.h"
#include "dicom/result_check.h"
#include "dicom/result_codes.h"
#include "dicom/result_dataset.h"
#include "dicom/segmentation_parts.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

constexpr CieLab kColour{52428, 32896, 45000};

}  // namespace

std::unique_ptr<DcmFileFormat> make_probability_map(const ResultSource& source,
                                                    const ResultOptions& options) {
    const pipeline::Image<std::uint8_t>& map = source.findings().probability;
    if (source.findings().clusters.empty() || map.empty()) return nullptr;
    if (map.rows != source.header.rows || map.columns != source.header.columns)
        throw Error(ErrorCode::invalid_result, "the probability map is not as large as its image");
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
                              .sop_instance_uid = probability_map_uid(source, options),
                              .series_instance_uid = probability_map_series_uid(source, options),
                              .series_number = kProbabilityMapSeries,
                              .instance_number = std::max(1, source.header.instance_number),
                              .description = "Microcalcification probability, RESEARCH ONLY",
                              .content = source.moment,
                              .series = source.study_moment},
                             options, place.repertoire);
    put_acquisition_equipment(object, contexts);
    put_segmentation_image(object, place, SegmentationType::probability);
    put_segment(object, place,
                {.label = "Probability of microcalcification",
                 .description = "0 where the Detector suspected nothing",
                 .type = codes::kIndividualCalcification,
                 .tracking = segment_tracking(source, options, "probability"),
                 .colour = kColour},
                1);
    put_segmentation_frames(object, place, probability_map_dimension_uid(source, options), 1);
    put_bytes(object, map.pixels);
    check_segmentation(object, source);
    return format;
}

}  // namespace calcnode::dicom

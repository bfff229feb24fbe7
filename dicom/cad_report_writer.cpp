#include "dicom/cad_report_writer.h"

#include <map>
#include <utility>

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/cad_report_content.h"
#include "dicom/check.h"
#include "dicom/patient_context.h"
#include "dicom/result_check.h"
#include "dicom/result_dataset.h"
#include "dicom/result_identity.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

// PS3.3 C.17.2 SR Document General
void put_document(DcmItem& object) {
    put(object, DCM_CompletionFlag, "COMPLETE");
    put(object, DCM_VerificationFlag, "UNVERIFIED");
    put_empty(object, DCM_PerformedProcedureCodeSequence);            // Type 2
    put_empty(object, DCM_ReferencedPerformedProcedureStepSequence);  // Type 2, C.17.1
}

// PS3.3 C.17.2.3: what the report refers to, and what was made with it.
void put_evidence(DcmItem& object, const std::vector<ResultSource>& sources,
                  const std::vector<SegmentationReference>& segmentations) {
    using Instance = std::pair<std::string, std::string>;  // class, instance
    std::map<std::string, std::vector<Instance>> series;
    for (const ResultSource& source : sources) {
        series[source.header.series_instance_uid].emplace_back(source.header.sop_class_uid,
                                                               source.header.sop_instance_uid);
    }
    for (const SegmentationReference& segmentation : segmentations)
        series[segmentation.series_instance_uid].emplace_back(kSegmentationStorage,
                                                              segmentation.sop_instance_uid);
    DcmItem& study = add_item(object, DCM_CurrentRequestedProcedureEvidenceSequence);
    put(study, DCM_StudyInstanceUID, sources.front().header.study_instance_uid);
    for (const auto& [uid, instances] : series) {
        DcmItem& item = add_item(study, DCM_ReferencedSeriesSequence);
        put(item, DCM_SeriesInstanceUID, uid);
        for (const auto& [sop_class, sop_instance] : instances)
            put_reference(item, DCM_ReferencedSOPSequence, sop_class, sop_instance);
    }
}

// PS3.3 C.17.2: only when the images say which request they fulfil.
void put_request(DcmItem& object, const PatientContext& context, const std::string& study_instance_uid) {
    DcmItem& request = *context.request;
    if (text_value(request, DCM_RequestedProcedureID).empty()) return;
    DcmItem& item = add_item(object, DCM_ReferencedRequestSequence);
    put(item, DCM_StudyInstanceUID, study_instance_uid);
    put_empty(item, DCM_ReferencedStudySequence);
    put_empty(item, DCM_PlacerOrderNumberImagingServiceRequest);
    put_empty(item, DCM_FillerOrderNumberImagingServiceRequest);
    for (unsigned long i = 0; i < request.card(); ++i) {
        check(request.findAndInsertCopyOfElement(request.getElement(i)->getTag(), &item),
              "cannot copy the request", ErrorCode::invalid_result);
    }
    for (const DcmTagKey& tag :
         {DCM_AccessionNumber, DCM_RequestedProcedureDescription, DCM_RequestedProcedureCodeSequence}) {
        if (!item.tagExists(tag)) put_empty(item, tag);
    }
}

}  // namespace

std::unique_ptr<DcmFileFormat> make_cad_report(const std::vector<ResultSource>& sources,
                                               const std::vector<SegmentationReference>& segmentations,
                                               const ResultOptions& options) {
    std::vector<PatientContext> contexts;
    for (const ResultSource& source : sources)
        contexts.push_back(read_patient_context(source.dataset()));
    const ResultSource& first = sources.front();
    auto format = std::make_unique<DcmFileFormat>();
    DcmItem& object = *format->getDataset();
    put_patient_context(object, contexts.front());
    put_series_and_equipment(object,
                             {.modality = "SR",
                              .sop_class_uid = kMammographyCadSr,
                              .sop_instance_uid = cad_report_uid(sources, options),
                              .series_instance_uid = cad_report_series_uid(sources, options),
                              .series_number = cad_report_series_number(options),
                              .instance_number = 1,
                              .description = "Mammography CAD SR, RESEARCH ONLY",
                              .content = latest_moment(sources),
                              .series = first.study_moment},
                             options, contexts.front().repertoire);
    put_acquisition_equipment(object, contexts);
    put_document(object);
    put_evidence(object, sources, segmentations);
    put_request(object, contexts.front(), first.header.study_instance_uid);
    encode_content(cad_report_content(sources, options, contexts.front().repertoire), object);
    check_cad_report(object);
    return format;
}

}  // namespace calcnode::dicom

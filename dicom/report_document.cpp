#include "dicom/report_document.h"

#include <map>
#include <utility>

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

// PS3.3 C.17.2 SR Document General
void put_general(DcmItem& object) {
    put(object, DCM_CompletionFlag, "COMPLETE");
    put(object, DCM_VerificationFlag, "UNVERIFIED");
    put_empty(object, DCM_PerformedProcedureCodeSequence);            // Type 2
    put_empty(object, DCM_ReferencedPerformedProcedureStepSequence);  // Type 2, C.17.1
}

// PS3.3 C.17.2.3: what the report refers to, and what was made with it.
void put_evidence(DcmItem& object, const ReportDocument& report) {
    using Instance = std::pair<std::string, std::string>;  // class, instance
    std::map<std::string, std::vector<Instance>> series;
    for (const ResultSource* image : report.images) {
        series[image->header.series_instance_uid].emplace_back(image->header.sop_class_uid,
                                                               image->header.sop_instance_uid);
    }
    for (const SegmentationReference& segmentation : report.segmentations)
        series[segmentation.series_instance_uid].emplace_back(kSegmentationStorage,
                                                              segmentation.sop_instance_uid);
    DcmItem& study = add_item(object, DCM_CurrentRequestedProcedureEvidenceSequence);
    put(study, DCM_StudyInstanceUID, report.sources.front().header.study_instance_uid);
    for (const auto& [uid, instances] : series) {
        DcmItem& item = add_item(study, DCM_ReferencedSeriesSequence);
        put(item, DCM_SeriesInstanceUID, uid);
        for (const auto& [sop_class, sop_instance] : instances)
            put_reference(item, DCM_ReferencedSOPSequence, sop_class, sop_instance);
    }
}

// PS3.3 C.17.2: the reports that this one takes the place of, by study and series.
void put_predecessors(DcmItem& object, const std::vector<PredecessorDocument>& predecessors) {
    for (const PredecessorDocument& document : predecessors) {
        DcmItem& study = add_item(object, DCM_PredecessorDocumentsSequence);
        put(study, DCM_StudyInstanceUID, document.study_instance_uid);
        DcmItem& series = add_item(study, DCM_ReferencedSeriesSequence);
        put(series, DCM_SeriesInstanceUID, document.series_instance_uid);
        put_reference(series, DCM_ReferencedSOPSequence, document.sop_class_uid, document.sop_instance_uid);
    }
}

}  // namespace

void put_report_document(DcmItem& object, const ReportDocument& report, ResultSeries series,
                         const ResultOptions& options) {
    const PatientContext& context = report.contexts.front();
    const ResultSource& first = report.sources.front();
    put_patient_context(object, context);
    series.modality = "SR";
    series.instance_number = 1;
    series.content = latest_moment(report.sources);
    series.series = first.study_moment;
    put_series_and_equipment(object, series, options, context.repertoire);
    put_acquisition_equipment(object, report.contexts);
    put_general(object);
    put_evidence(object, report);
    put_predecessors(object, report.predecessors);
    put_requests(object, report.contexts, first.header.study_instance_uid);
}

std::vector<PredecessorDocument> predecessors_of_class(const ResultOptions& options,
                                                       const std::string& sop_class_uid) {
    std::vector<PredecessorDocument> documents;
    for (const PredecessorDocument& document : options.predecessors) {
        if (document.sop_class_uid == sop_class_uid) documents.push_back(document);
    }
    return documents;
}

std::vector<PatientContext> read_patient_contexts(const std::vector<ResultSource>& sources) {
    std::vector<PatientContext> contexts;
    contexts.reserve(sources.size());
    for (const ResultSource& source : sources)
        contexts.push_back(read_patient_context(source.dataset()));
    return contexts;
}

}  // namespace calcnode::dicom

#include "dicom/cad_report_writer.h"

#include "dicom/cad_report_content.h"
#include "dicom/measurement_report_content.h"
#include "dicom/result_check_report.h"
#include "dicom/result_identity.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

/// A measurement report of before that this time has no successor is replaced by what says "none".
std::vector<PredecessorDocument> predecessors(const std::vector<ResultSource>& sources,
                                              const ResultOptions& options) {
    std::vector<PredecessorDocument> documents = predecessors_of_class(options, kMammographyCadSr);
    if (has_measurements(sources)) return documents;
    for (PredecessorDocument& document : predecessors_of_class(options, kComprehensive3dSr))
        documents.push_back(std::move(document));
    return documents;
}

}  // namespace

std::unique_ptr<DcmFileFormat> make_cad_report(const std::vector<ResultSource>& sources,
                                               const std::vector<SegmentationReference>& segmentations,
                                               const ResultOptions& options) {
    const std::vector<PatientContext> contexts = read_patient_contexts(sources);
    ReportDocument report{.sources = sources,
                          .contexts = contexts,
                          .segmentations = segmentations,
                          .images = {},
                          .predecessors = predecessors(sources, options)};
    for (const ResultSource& source : sources)
        report.images.push_back(&source);
    auto format = std::make_unique<DcmFileFormat>();
    DcmItem& object = *format->getDataset();
    put_report_document(object, report,
                        {.sop_class_uid = kMammographyCadSr,
                         .sop_instance_uid = cad_report_uid(sources, options),
                         .series_instance_uid = cad_report_series_uid(sources, options),
                         .series_number = cad_report_series_number(options),
                         .description = "Mammography CAD SR, RESEARCH ONLY"},
                        options);
    encode_content(cad_report_content(sources, options, contexts.front().repertoire), object,
                   options.code_scheme);
    check_cad_report(object, {sources, segmentations, options.code_scheme});
    return format;
}

}  // namespace calcnode::dicom

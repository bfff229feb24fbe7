#include "dicom/measurement_report_writer.h"

#include "dicom/measurement_report_content.h"
#include "dicom/result_check_report.h"
#include "dicom/result_identity.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

std::unique_ptr<DcmFileFormat> make_measurement_report(
    const std::vector<ResultSource>& sources, const std::vector<SegmentationReference>& segmentations,
    const ResultOptions& options) {
    if (!has_measurements(sources)) return nullptr;
    const std::vector<PatientContext> contexts = read_patient_contexts(sources);
    const ReportDocument report{.sources = sources,
                                .contexts = contexts,
                                .segmentations = segmentations,
                                .images = measured_images(sources),
                                .predecessors = predecessors_of_class(options, kComprehensive3dSr)};
    auto format = std::make_unique<DcmFileFormat>();
    DcmItem& object = *format->getDataset();
    put_report_document(object, report,
                        {.sop_class_uid = kComprehensive3dSr,
                         .sop_instance_uid = measurement_report_uid(sources, options),
                         .series_instance_uid = measurement_report_series_uid(sources, options),
                         .series_number = measurement_report_series_number(options),
                         .description = "Microcalcification measurements, RESEARCH ONLY"},
                        options);
    encode_content(measurement_report_content(sources, options, contexts.front().repertoire), object,
                   options.code_scheme);
    check_measurement_report(object, {sources, segmentations, options.code_scheme});
    return format;
}

}  // namespace calcnode::dicom

// What our two structured reports have in common beside their content: the modules of PS3.3 C.17. Internal to
// dicom/.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/patient_context.h"
#include "dicom/result_dataset.h"
#include "dicom/result_source.h"

namespace calcnode::dicom {

/// The SEG of one of the images, which a report's evidence lists beside the images.
struct SegmentationReference {
    std::string series_instance_uid;
    std::string sop_instance_uid;
};

struct ReportDocument {
    const std::vector<ResultSource>& sources;     // of the whole study: patient, request and dates are theirs
    const std::vector<PatientContext>& contexts;  // of each source
    const std::vector<SegmentationReference>& segmentations;
    std::vector<const ResultSource*> images;  // in the content's image library
    std::vector<PredecessorDocument> predecessors;
};

/// Everything of a report but its content: patient, study, series, equipment, SR Document General with
/// evidence, request and predecessors. `series` comes with its UIDs, class, number and description; the rest
/// is filled in. Throws Error invalid_result.
void put_report_document(DcmItem& object, const ReportDocument& report, ResultSeries series,
                         const ResultOptions& options);

/// The predecessors of one SOP class.
std::vector<PredecessorDocument> predecessors_of_class(const ResultOptions& options,
                                                       const std::string& sop_class_uid);

/// read_patient_context() of each.
std::vector<PatientContext> read_patient_contexts(const std::vector<ResultSource>& sources);

}  // namespace calcnode::dicom

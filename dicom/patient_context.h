// What a result object takes over from the image that it is about: patient, study, trial, acquisition
// equipment; and in which character set (dicom-results.md section 4). One copier for all result objects.
// Internal to dicom/.
#pragma once

#include <memory>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>

#include "dicom/result_text.h"

namespace calcnode::dicom {

/// One object has one character set. UTF-8 whenever the source's text can be converted. Otherwise the
/// source's own Specific Character Set with its bytes as they are, and then all text of ours must be ASCII.
struct PatientContext {
    std::unique_ptr<DcmDataset> attributes;  // character set, patient, study, trial, offset from UTC
    std::unique_ptr<DcmItem> equipment;      // Manufacturer ... of what made the image; may be empty
    std::unique_ptr<DcmItem> request;        // of the first Request Attributes item; may be empty
    Repertoire repertoire = Repertoire::utf8;
};

PatientContext read_patient_context(DcmItem& source);

/// Puts the attributes into `object`, and those of Type 2 that the source lacks as empty ones (PS3.3 C.7.1.1,
/// C.7.2.1). Text of the source is carried as it is, even where it is too long for its VR: a result must
/// match its images.
void put_patient_context(DcmItem& object, const PatientContext& context);

/// True for the attributes above, and for the sequences that carry equipment and request: their text is not
/// ours to judge.
bool is_taken_over(const DcmTagKey& tag);

}  // namespace calcnode::dicom

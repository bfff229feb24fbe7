// What a result object takes over from the image that it is about: patient, study, trial, order, acquisition
// equipment; and in which character set (dicom-results.md section 4). One copier for all result objects.
// Internal to dicom/.
#pragma once

#include <memory>
#include <span>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>

#include "dicom/result_text.h"

namespace calcnode::dicom {

/// One object has one character set. UTF-8 whenever the source's text can be converted. Otherwise the
/// source's own Specific Character Set with its bytes as they are, and then all text of ours must be ASCII.
struct PatientContext {
    std::unique_ptr<DcmDataset> attributes;  // character set, patient, study, trial, order, offset from UTC
    std::unique_ptr<DcmItem> equipment;      // Manufacturer ... of what made the image; may be empty
    Repertoire repertoire = Repertoire::utf8;
};

PatientContext read_patient_context(DcmItem& source);

/// Puts the attributes into `object`, and those of Type 2 that the source lacks as empty ones (PS3.3 C.7.1.1,
/// C.7.2.1). Text of the source is carried as it is, even where it is too long for its VR: a result must
/// match its images.
void put_patient_context(DcmItem& object, const PatientContext& context);

/// Request Attributes Sequence as the source has it, for the objects with a General Series module (PS3.3
/// C.7.3.1): images and presentation states.
void put_request_attributes(DcmItem& object, const PatientContext& context);

/// Referenced Request Sequence (PS3.3 C.17.2), for reports: an item for each different request that the
/// images name; none when they name none. `study_instance_uid` where a request has no study of its own, the
/// study's accession number and its issuer where it has none. Requests in a character set that is not the
/// object's (that of the first context) are left out.
void put_requests(DcmItem& object, std::span<const PatientContext> contexts,
                  const std::string& study_instance_uid);

/// True for the attributes above, and for the sequences that carry equipment and request: their text is not
/// ours to judge.
bool is_taken_over(const DcmTagKey& tag);

}  // namespace calcnode::dicom

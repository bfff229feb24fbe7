#include "dicom/patient_context.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcelem.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <dcmtk/dcmdata/dcstack.h>

#include "dicom/check.h"

namespace calcnode::dicom {

namespace {

// PS3.3 C.7.1.1 Patient, C.7.1.3 Clinical Trial Subject, C.7.2.1 General Study, C.7.2.2 Patient Study,
// C.7.2.3 Clinical Trial Study, C.12.1 SOP Common
const DcmTagKey kPatientAndStudy[] = {
    DCM_PatientName,
    DCM_PatientID,
    DCM_IssuerOfPatientID,
    DCM_IssuerOfPatientIDQualifiersSequence,
    DCM_OtherPatientIDsSequence,
    DCM_PatientBirthDate,
    DCM_PatientBirthTime,
    DCM_PatientSex,
    DCM_PatientAge,
    DCM_PatientSize,
    DCM_PatientWeight,
    DCM_QualityControlSubject,
    DCM_PatientIdentityRemoved,
    DCM_DeidentificationMethod,
    DCM_DeidentificationMethodCodeSequence,
    DCM_LongitudinalTemporalInformationModified,
    DCM_ClinicalTrialSponsorName,
    DCM_ClinicalTrialProtocolID,
    DCM_ClinicalTrialProtocolName,
    DCM_ClinicalTrialSiteID,
    DCM_ClinicalTrialSiteName,
    DCM_ClinicalTrialSubjectID,
    DCM_ClinicalTrialSubjectReadingID,
    DCM_ClinicalTrialProtocolEthicsCommitteeName,
    DCM_ClinicalTrialProtocolEthicsCommitteeApprovalNumber,
    DCM_ClinicalTrialTimePointID,
    DCM_ClinicalTrialTimePointDescription,
    DCM_ConsentForClinicalTrialUseSequence,
    DCM_StudyInstanceUID,
    DCM_StudyDate,
    DCM_StudyTime,
    DCM_StudyID,
    DCM_StudyDescription,
    DCM_AccessionNumber,
    DCM_IssuerOfAccessionNumberSequence,
    DCM_ReferringPhysicianName,
    DCM_TimezoneOffsetFromUTC,
};

const DcmTagKey kType2[] = {
    DCM_PatientName, DCM_PatientID, DCM_PatientBirthDate,       DCM_PatientSex,      DCM_StudyDate,
    DCM_StudyTime,   DCM_StudyID,   DCM_ReferringPhysicianName, DCM_AccessionNumber,
};

// PS3.3 C.7.5.1, for Contributing Equipment
const DcmTagKey kEquipment[] = {
    DCM_Manufacturer,          DCM_InstitutionName,    DCM_StationName,
    DCM_ManufacturerModelName, DCM_DeviceSerialNumber, DCM_SoftwareVersions,
};

// PS3.3 Table 10-9: what Referenced Request Sequence can use
const DcmTagKey kRequest[] = {
    DCM_AccessionNumber,
    DCM_IssuerOfAccessionNumberSequence,
    DCM_RequestedProcedureID,
    DCM_RequestedProcedureDescription,
    DCM_RequestedProcedureCodeSequence,
};

constexpr const char* kUtf8 = "ISO_IR 192";

void copy(DcmItem& from, DcmItem& to, std::span<const DcmTagKey> tags) {
    for (const DcmTagKey& tag : tags) {
        if (!from.tagExists(tag)) continue;
        check(from.findAndInsertCopyOfElement(tag, &to), "cannot copy an attribute of the source",
              ErrorCode::invalid_result);
    }
}

/// No byte over 127 and no escape sequence (ISO 2022): the text is the same in every character set.
bool is_plain_ascii(DcmItem& item) {
    DcmStack stack;
    while (item.nextObject(stack, OFTrue).good()) {
        DcmObject* object = stack.top();
        if (!object->isLeaf() || !object->isaString()) continue;
        char* bytes = nullptr;
        Uint32 length = 0;
        if (static_cast<DcmElement*>(object)->getString(bytes, length).bad() || bytes == nullptr) continue;
        const std::string_view text(bytes, length);
        if (!is_ascii(text) || text.find('\x1b') != std::string_view::npos) return false;
    }
    return true;
}

std::unique_ptr<DcmDataset> all_of_interest(DcmItem& source) {
    auto subset = std::make_unique<DcmDataset>();
    const DcmTagKey character_set[] = {DCM_SpecificCharacterSet};
    copy(source, *subset, character_set);
    copy(source, *subset, kPatientAndStudy);
    copy(source, *subset, kEquipment);
    const DcmTagKey request[] = {DCM_RequestAttributesSequence};
    copy(source, *subset, request);
    return subset;
}

/// Debian's DCMTK converts with glibc's iconv, which lacks some of ISO 2022: then the source's bytes stay.
Repertoire unify(std::unique_ptr<DcmDataset>& subset) {
    auto converted = std::make_unique<DcmDataset>(*subset);
    if (is_plain_ascii(*subset)) {
        check(subset->putAndInsertString(DCM_SpecificCharacterSet, kUtf8), "cannot set the character set",
              ErrorCode::invalid_result);
        return Repertoire::utf8;
    }
    if (converted->convertToUTF8().bad()) return Repertoire::ascii;
    subset = std::move(converted);
    return Repertoire::utf8;
}

}  // namespace

PatientContext read_patient_context(DcmItem& source) {
    std::unique_ptr<DcmDataset> subset = all_of_interest(source);
    PatientContext context;
    context.repertoire = unify(subset);
    context.equipment = std::make_unique<DcmItem>();
    copy(*subset, *context.equipment, kEquipment);
    context.request = std::make_unique<DcmItem>();
    DcmItem* request = nullptr;
    if (subset->findAndGetSequenceItem(DCM_RequestAttributesSequence, request, 0).good())
        copy(*request, *context.request, kRequest);
    for (const DcmTagKey& tag : kEquipment)
        subset->findAndDeleteElement(tag);
    subset->findAndDeleteElement(DCM_RequestAttributesSequence);
    context.attributes = std::move(subset);
    return context;
}

void put_patient_context(DcmItem& object, const PatientContext& context) {
    const DcmTagKey character_set[] = {DCM_SpecificCharacterSet};
    copy(*context.attributes, object, character_set);
    copy(*context.attributes, object, kPatientAndStudy);
    for (const DcmTagKey& tag : kType2) {
        if (object.tagExists(tag)) continue;
        check(object.insertEmptyElement(tag), "cannot add an empty attribute", ErrorCode::invalid_result);
    }
}

bool is_taken_over(const DcmTagKey& tag) {
    return tag == DCM_SpecificCharacterSet || tag == DCM_ContributingEquipmentSequence ||
           tag == DCM_ReferencedRequestSequence ||
           std::find(std::begin(kPatientAndStudy), std::end(kPatientAndStudy), tag) !=
               std::end(kPatientAndStudy);
}

}  // namespace calcnode::dicom

#include "dicom/patient_context.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcelem.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <dcmtk/dcmdata/dcstack.h>

#include "dicom/attributes.h"
#include "dicom/check.h"

namespace calcnode::dicom {

namespace {

// PS3.3 C.7.1.1 Patient, C.7.1.3 Clinical Trial Subject, C.7.2.1 General Study, C.7.2.2 Patient Study,
// C.7.2.3 Clinical Trial Study, C.12.1 SOP Common
const DcmTagKey kPatientAndStudy[] = {
    DCM_PatientName,
    DCM_PatientID,
    DCM_IssuerOfPatientID,
    DCM_TypeOfPatientID,
    DCM_IssuerOfPatientIDQualifiersSequence,
    DCM_SourcePatientGroupIdentificationSequence,
    DCM_GroupOfPatientsIdentificationSequence,
    DCM_RETIRED_OtherPatientIDs,
    DCM_OtherPatientIDsSequence,
    DCM_OtherPatientNames,
    DCM_ReferencedPatientSequence,
    DCM_PatientBirthDate,
    DCM_PatientBirthDateInAlternativeCalendar,
    DCM_PatientAlternativeCalendar,
    DCM_PatientBirthTime,
    DCM_PatientSex,
    DCM_PatientAge,
    DCM_PatientSize,
    DCM_PatientWeight,
    DCM_EthnicGroup,
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
    DCM_ProcedureCodeSequence,
    DCM_ReferencedStudySequence,
    DCM_AccessionNumber,
    DCM_IssuerOfAccessionNumberSequence,
    DCM_ReferringPhysicianName,
    DCM_ReferringPhysicianIdentificationSequence,
    DCM_ConsultingPhysicianName,
    DCM_ConsultingPhysicianIdentificationSequence,
    DCM_PhysiciansOfRecord,
    DCM_PhysiciansOfRecordIdentificationSequence,
    DCM_NameOfPhysiciansReadingStudy,
    DCM_PhysiciansReadingStudyIdentificationSequence,
    DCM_RequestingService,
    DCM_AdmissionID,
    DCM_IssuerOfAdmissionIDSequence,
    DCM_ServiceEpisodeID,
    DCM_IssuerOfServiceEpisodeIDSequence,
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

// What Referenced Request Sequence has in common with Request Attributes (PS3.3 Table 10-9, C.17.2)
const DcmTagKey kRequest[] = {
    DCM_StudyInstanceUID,
    DCM_ReferencedStudySequence,
    DCM_AccessionNumber,
    DCM_IssuerOfAccessionNumberSequence,
    DCM_PlacerOrderNumberImagingServiceRequest,
    DCM_OrderPlacerIdentifierSequence,
    DCM_FillerOrderNumberImagingServiceRequest,
    DCM_OrderFillerIdentifierSequence,
    DCM_RequestedProcedureID,
    DCM_RequestedProcedureDescription,
    DCM_RequestedProcedureCodeSequence,
    DCM_ReasonForTheRequestedProcedure,
    DCM_ReasonForRequestedProcedureCodeSequence,
};

const DcmTagKey kRequestType2[] = {
    DCM_ReferencedStudySequence,
    DCM_AccessionNumber,
    DCM_PlacerOrderNumberImagingServiceRequest,
    DCM_FillerOrderNumberImagingServiceRequest,
    DCM_RequestedProcedureID,
    DCM_RequestedProcedureDescription,
    DCM_RequestedProcedureCodeSequence,
};

constexpr const char* kUtf8 = "ISO_IR 192";

const DcmTagKey kRequestAttributes[] = {DCM_RequestAttributesSequence};

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
    copy(source, *subset, kRequestAttributes);
    return subset;
}

void fill_up(DcmItem& item, std::span<const DcmTagKey> tags) {
    for (const DcmTagKey& tag : tags) {
        if (item.tagExists(tag)) continue;
        check(item.insertEmptyElement(tag), "cannot add an empty attribute", ErrorCode::invalid_result);
    }
}

/// Can text of `context` stand in an object that has the character set of `object`?
bool is_text_of(const PatientContext& context, const PatientContext& object) {
    OFString own;
    OFString others;
    context.attributes->findAndGetOFStringArray(DCM_SpecificCharacterSet, own);
    object.attributes->findAndGetOFStringArray(DCM_SpecificCharacterSet, others);
    return own == others;
}

bool names_a_request(DcmItem& attributes) {
    const DcmTagKey kNames[] = {DCM_RequestedProcedureID,
                                DCM_AccessionNumber,
                                DCM_PlacerOrderNumberImagingServiceRequest,
                                DCM_FillerOrderNumberImagingServiceRequest,
                                DCM_RequestedProcedureDescription,
                                DCM_RequestedProcedureCodeSequence};
    return std::any_of(std::begin(kNames), std::end(kNames),
                       [&](const DcmTagKey& tag) { return attributes.tagExistsWithValue(tag); });
}

std::unique_ptr<DcmItem> referenced_request(DcmItem& attributes, const PatientContext& context,
                                            const std::string& study_instance_uid) {
    auto request = std::make_unique<DcmItem>();
    copy(attributes, *request, kRequest);
    if (!request->tagExistsWithValue(DCM_StudyInstanceUID)) {
        check(request->putAndInsertString(DCM_StudyInstanceUID, study_instance_uid.c_str()),
              "cannot write the request", ErrorCode::invalid_result);
    }
    if (!request->tagExistsWithValue(DCM_AccessionNumber)) {
        const DcmTagKey accession[] = {DCM_AccessionNumber, DCM_IssuerOfAccessionNumberSequence};
        copy(*context.attributes, *request, accession);
    }
    fill_up(*request, kRequestType2);
    return request;
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
    for (const DcmTagKey& tag : kEquipment)
        subset->findAndDeleteElement(tag);
    context.attributes = std::move(subset);
    return context;
}

void put_patient_context(DcmItem& object, const PatientContext& context) {
    const DcmTagKey character_set[] = {DCM_SpecificCharacterSet};
    copy(*context.attributes, object, character_set);
    copy(*context.attributes, object, kPatientAndStudy);
    fill_up(object, kType2);
}

void put_request_attributes(DcmItem& object, const PatientContext& context) {
    copy(*context.attributes, object, kRequestAttributes);
}

void put_requests(DcmItem& object, std::span<const PatientContext> contexts,
                  const std::string& study_instance_uid) {
    std::vector<DcmItem*> written;
    for (const PatientContext& context : contexts) {
        if (!is_text_of(context, contexts.front())) continue;
        for (DcmItem* attributes : items_of(*context.attributes, DCM_RequestAttributesSequence)) {
            if (!names_a_request(*attributes)) continue;
            std::unique_ptr<DcmItem> request = referenced_request(*attributes, context, study_instance_uid);
            const bool known = std::any_of(written.begin(), written.end(),
                                           [&](DcmItem* item) { return item->compare(*request) == 0; });
            if (known) continue;
            check(object.insertSequenceItem(DCM_ReferencedRequestSequence, request.get()),
                  "cannot write the request", ErrorCode::invalid_result);
            written.push_back(request.release());  // the data set's now
        }
    }
}

bool is_taken_over(const DcmTagKey& tag) {
    return tag == DCM_SpecificCharacterSet || tag == DCM_ContributingEquipmentSequence ||
           tag == DCM_ReferencedRequestSequence || tag == DCM_RequestAttributesSequence ||
           std::find(std::begin(kPatientAndStudy), std::end(kPatientAndStudy), tag) !=
               std::end(kPatientAndStudy);
}

}  // namespace calcnode::dicom

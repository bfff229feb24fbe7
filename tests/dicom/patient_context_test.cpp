// Patient, study and order of the results, as taken over from their images.
#include "dicom/patient_context.h"

#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>

#include "tests/dicom/result_kinds.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;

TEST(PatientContext, CopiesPatientAndStudyAndNothingElse) {
    const Results results = results_of([](DcmDataset& dataset) {
        put_text(dataset, DCM_IssuerOfPatientID, "HOSPITAL");
        put_text(dataset, DCM_PatientBirthDate, "19650412");
        put_text(dataset, DCM_PatientSex, "F");
        put_text(dataset, DCM_PatientAge, "058Y");
        put_text(dataset, DCM_AccessionNumber, "ACC1");
        put_text(dataset, DCM_StudyID, "S1");
        put_text(dataset, DCM_StudyDescription, "Screening");
        put_text(dataset, DCM_ClinicalTrialSubjectID, "TRIAL-7");
        put_text(dataset, DCM_TimezoneOffsetFromUTC, "+0100");
        put_text(dataset, DCM_PatientComments, "not for everybody");
        put_text(dataset, DCM_OperatorsName, "Operator^One");
    });
    EXPECT_EQ(said(results, DCM_PatientName), "Test^Patient");
    EXPECT_EQ(said(results, DCM_PatientID), "T1");
    EXPECT_EQ(said(results, DCM_IssuerOfPatientID), "HOSPITAL");
    EXPECT_EQ(said(results, DCM_PatientBirthDate), "19650412");
    EXPECT_EQ(said(results, DCM_PatientSex), "F");
    EXPECT_EQ(said(results, DCM_PatientAge), "058Y");
    EXPECT_EQ(said(results, DCM_StudyInstanceUID), kStudyUid);
    EXPECT_EQ(said(results, DCM_StudyDate), "20240131");
    EXPECT_EQ(said(results, DCM_StudyTime), "100000");
    EXPECT_EQ(said(results, DCM_AccessionNumber), "ACC1");
    EXPECT_EQ(said(results, DCM_StudyID), "S1");
    EXPECT_EQ(said(results, DCM_StudyDescription), "Screening");
    EXPECT_EQ(said(results, DCM_ClinicalTrialSubjectID), "TRIAL-7");
    EXPECT_EQ(said(results, DCM_TimezoneOffsetFromUTC), "+0100");
    for (DcmItem* object : results.all()) {
        EXPECT_FALSE(object->tagExists(DCM_PatientComments));
        EXPECT_FALSE(object->tagExists(DCM_OperatorsName));
        EXPECT_FALSE(object->tagExists(DCM_StationName));
    }
}

TEST(PatientContext, AttributesOfType2AreThereEvenWhenTheSourceLacksThem) {
    const Results results = results_of([](DcmDataset& dataset) {
        dataset.findAndDeleteElement(DCM_PatientName);
        dataset.findAndDeleteElement(DCM_PatientID);
    });
    for (DcmItem* object : results.all()) {
        for (const DcmTagKey& tag : {DCM_PatientName, DCM_PatientID, DCM_PatientBirthDate, DCM_PatientSex,
                                     DCM_StudyID, DCM_ReferringPhysicianName, DCM_AccessionNumber})
            EXPECT_TRUE(object->tagExists(tag)) << tag.toString();
    }
}

TEST(PatientContext, CarriesTheIssuersSequence) {
    const Results results = results_of([](DcmDataset& dataset) {
        DcmItem* other = nullptr;
        dataset.findOrCreateSequenceItem(DCM_OtherPatientIDsSequence, other);
        put_text(*other, DCM_PatientID, "OTHER");
    });
    for (DcmItem* object : results.all())
        EXPECT_EQ(value(item(*object, DCM_OtherPatientIDsSequence), DCM_PatientID), "OTHER");
}

TEST(PatientContext, DropsNoPartOfTheIdentity) {
    const Results results = results_of([](DcmDataset& dataset) {
        put_text(dataset, DCM_TypeOfPatientID, "TEXT");
        put_text(dataset, DCM_RETIRED_OtherPatientIDs, "OLD-1\\OLD-2");
        DcmItem* qualifiers = nullptr;
        dataset.findOrCreateSequenceItem(DCM_IssuerOfPatientIDQualifiersSequence, qualifiers);
        put_text(*qualifiers, DCM_UniversalEntityID, "1.2.3.4");
        put_text(*qualifiers, DCM_UniversalEntityIDType, "ISO");
        for (const char* id : {"OTHER-1", "OTHER-2"}) {
            DcmItem* other = nullptr;
            dataset.findOrCreateSequenceItem(DCM_OtherPatientIDsSequence, other, -2);
            put_text(*other, DCM_PatientID, id);
            put_text(*other, DCM_IssuerOfPatientID, std::string("ISSUER OF ") + id);
            DcmItem* issuer = nullptr;
            other->findOrCreateSequenceItem(DCM_IssuerOfPatientIDQualifiersSequence, issuer);
            put_text(*issuer, DCM_UniversalEntityID, "1.2.3.5");
            put_text(*issuer, DCM_UniversalEntityIDType, "ISO");
        }
        put_text(dataset, DCM_AccessionNumber, "ACC1");
        DcmItem* issuer = nullptr;
        dataset.findOrCreateSequenceItem(DCM_IssuerOfAccessionNumberSequence, issuer);
        put_text(*issuer, DCM_LocalNamespaceEntityID, "RIS");
        put_text(dataset, DCM_AdmissionID, "ADM1");
        put_text(dataset, DCM_ReferringPhysicianName, "Referring^One");
        add_code(dataset, DCM_ProcedureCodeSequence, "P5-09051", "SRT");  // the source's scheme, not ours
    });
    EXPECT_EQ(said(results, DCM_TypeOfPatientID), "TEXT");
    EXPECT_EQ(said(results, DCM_RETIRED_OtherPatientIDs), "OLD-1\\OLD-2");
    EXPECT_EQ(said(results, DCM_AdmissionID), "ADM1");
    EXPECT_EQ(said(results, DCM_ReferringPhysicianName), "Referring^One");
    for (DcmItem* object : results.all()) {
        EXPECT_EQ(value(item(*object, DCM_IssuerOfPatientIDQualifiersSequence), DCM_UniversalEntityID),
                  "1.2.3.4");
        EXPECT_EQ(value(item(*object, DCM_IssuerOfAccessionNumberSequence), DCM_LocalNamespaceEntityID),
                  "RIS");
        EXPECT_EQ(code(*object, DCM_ProcedureCodeSequence), "P5-09051");
        ASSERT_EQ(count(*object, DCM_OtherPatientIDsSequence), 2);
        DcmItem& second = item(*object, DCM_OtherPatientIDsSequence, 1);
        EXPECT_EQ(value(second, DCM_PatientID), "OTHER-2");
        EXPECT_EQ(value(second, DCM_IssuerOfPatientID), "ISSUER OF OTHER-2");
        EXPECT_EQ(value(item(second, DCM_IssuerOfPatientIDQualifiersSequence), DCM_UniversalEntityID),
                  "1.2.3.5");
    }
}

DcmItem& add_request(DcmDataset& dataset, const char* procedure) {
    DcmItem* request = nullptr;
    dataset.findOrCreateSequenceItem(DCM_RequestAttributesSequence, request, -2);
    put_text(*request, DCM_RequestedProcedureID, procedure);
    put_text(*request, DCM_ScheduledProcedureStepID, std::string("STEP OF ") + procedure);
    return *request;
}

TEST(PatientContext, RequestsOfTheImagesAreThoseOfTheReports) {
    Study study;
    const auto two = [](DcmDataset& dataset) {
        put_text(dataset, DCM_AccessionNumber, "ACC1");
        DcmItem* issuer = nullptr;
        dataset.findOrCreateSequenceItem(DCM_IssuerOfAccessionNumberSequence, issuer);
        put_text(*issuer, DCM_LocalNamespaceEntityID, "RIS");
        add_request(dataset, "RP1");
        DcmItem& other = add_request(dataset, "RP2");
        put_text(other, DCM_StudyInstanceUID, "1.2.3.9");
        put_text(other, DCM_AccessionNumber, "ACC2");
        put_text(other, DCM_FillerOrderNumberImagingServiceRequest, "FILL2");
    };
    add_cluster(study.add(two), 3);
    study.add(two);  // the same again
    study.add([](DcmDataset& dataset) { add_request(dataset, "RP3"); });
    const auto cad_report = study.cad_report();
    const auto measurements = study.measurement_report();
    for (DcmFileFormat* file : {cad_report.get(), measurements.get()}) {
        DcmItem& report = *file->getDataset();
        ASSERT_EQ(count(report, DCM_ReferencedRequestSequence), 3);
        DcmItem& first = item(report, DCM_ReferencedRequestSequence, 0);
        EXPECT_EQ(value(first, DCM_RequestedProcedureID), "RP1");
        EXPECT_EQ(value(first, DCM_StudyInstanceUID), kStudyUid);
        EXPECT_EQ(value(first, DCM_AccessionNumber), "ACC1");  // the study's
        EXPECT_EQ(value(item(first, DCM_IssuerOfAccessionNumberSequence), DCM_LocalNamespaceEntityID), "RIS");
        EXPECT_TRUE(first.tagExists(DCM_PlacerOrderNumberImagingServiceRequest));
        EXPECT_FALSE(first.tagExists(DCM_ScheduledProcedureStepID));
        DcmItem& second = item(report, DCM_ReferencedRequestSequence, 1);
        EXPECT_EQ(value(second, DCM_StudyInstanceUID), "1.2.3.9");
        EXPECT_EQ(value(second, DCM_AccessionNumber), "ACC2");
        EXPECT_EQ(value(second, DCM_FillerOrderNumberImagingServiceRequest), "FILL2");
        EXPECT_EQ(count(second, DCM_IssuerOfAccessionNumberSequence), 0);
        EXPECT_EQ(value(item(report, DCM_ReferencedRequestSequence, 2), DCM_RequestedProcedureID), "RP3");
    }
    const auto segmentation = load(study.write().front());
    DcmItem& image = *segmentation->getDataset();
    ASSERT_EQ(count(image, DCM_RequestAttributesSequence), 2);
    EXPECT_EQ(value(item(image, DCM_RequestAttributesSequence, 1), DCM_ScheduledProcedureStepID),
              "STEP OF RP2");
}

TEST(PatientContext, AnEmptyRequestIsNone) {
    const Results results = results_of([](DcmDataset& dataset) { add_request(dataset, ""); });
    EXPECT_EQ(count(results.of_class(kMammographyCadSr), DCM_ReferencedRequestSequence), 0);
}

TEST(PatientContext, AcquisitionEquipmentIsAContributor) {
    const Results results = results_of([](DcmDataset&) {});
    for (DcmItem* object : results.all()) {
        DcmItem& device = item(*object, DCM_ContributingEquipmentSequence);
        EXPECT_EQ(code(device, DCM_PurposeOfReferenceCodeSequence), "109101");
        EXPECT_EQ(value(device, DCM_Manufacturer), "Maker");
        EXPECT_EQ(value(device, DCM_ManufacturerModelName), "Model");
        EXPECT_EQ(value(device, DCM_StationName), "STATION1");
        EXPECT_NE(value(*object, DCM_Manufacturer), "Maker");
    }
}

TEST(PatientContext, EachDeviceContributesOnce) {
    Study study;
    study.add();
    study.add();
    study.add([](DcmDataset& dataset) { put_text(dataset, DCM_DeviceSerialNumber, "43"); });
    study.add([](DcmDataset& dataset) { dataset.findAndDeleteElement(DCM_Manufacturer); });
    const auto report = load_report(study.write());
    EXPECT_EQ(count(*report->getDataset(), DCM_ContributingEquipmentSequence), 2);
}

}  // namespace
}  // namespace calcnode::dicom

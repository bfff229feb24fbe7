// The gate of the reports: each defect that a faulty writer could make is planted in a good one.
#include "dicom/result_check_report.h"

#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dicom/check.h"
#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;
using ::testing::HasSubstr;

class ReportCheck : public ::testing::Test {
  protected:
    ReportCheck() {
        const auto in_frame = [](DcmDataset& d) { put_text(d, DCM_FrameOfReferenceUID, "1.2.3.4"); };
        add_cluster(study_.add(in_frame), 3);
        add_cluster(study_.images[0], 3);
        add_cluster(study_.add(in_frame), 3);
        sources_ = study_.sources();
        segmentations_ = study_.segmentations();
        cad_report_ = study_.cad_report();
        measurement_report_ = study_.measurement_report();
    }

    /// What the gate says of the changed report; empty: nothing.
    template <typename Change>
    std::string of_cad_report(Change change) {
        return refusal(*cad_report_, change, check_cad_report);
    }
    template <typename Change>
    std::string of_measurement_report(Change change) {
        return refusal(*measurement_report_, change, check_measurement_report);
    }

    CodeScheme asked_for_ = CodeScheme::sct;

  private:
    template <typename Change, typename Check>
    std::string refusal(DcmFileFormat& report, Change change, Check check_it) {
        DcmDataset changed(*report.getDataset());
        change(changed);
        try {
            check_it(changed, ReportFacts{sources_, segmentations_, asked_for_});
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_result);
            return error.what();
        }
        return "";
    }

    Study study_;
    std::vector<ResultSource> sources_;
    std::vector<SegmentationReference> segmentations_;
    std::unique_ptr<DcmFileFormat> cad_report_;
    std::unique_ptr<DcmFileFormat> measurement_report_;
};

DcmItem& group(DcmItem& report, std::size_t number) {
    return *children(child(report, "126010"), "125007").at(number);
}

DcmItem& finding(DcmItem& report) {
    return *children(*children(child(report, "111017"), "111034").front(), "111059").front();
}

/// Takes a child out of a content item.
void take_out(DcmItem& content, const std::string& concept_name) {
    DcmSequenceOfItems* sequence = nullptr;
    check(content.findAndGetSequence(DCM_ContentSequence, sequence), "content");
    delete sequence->remove(&child(content, concept_name));
}

DcmItem& coded(DcmItem& content, const DcmTagKey& sequence = DCM_ConceptCodeSequence) {
    return item(content, sequence);
}

TEST_F(ReportCheck, PassesWhatTheWritersWrite) {
    EXPECT_EQ(of_cad_report([](DcmDataset&) {}), "");
    EXPECT_EQ(of_measurement_report([](DcmDataset&) {}), "");
}

TEST_F(ReportCheck, MandatoryAttributes) {
    for (const DcmTagKey& tag : {DCM_SOPInstanceUID, DCM_StudyInstanceUID, DCM_SeriesInstanceUID,
                                 DCM_Manufacturer, DCM_ContentDate, DCM_ContentTime, DCM_CompletionFlag,
                                 DCM_VerificationFlag, DCM_ContinuityOfContent, DCM_ContentQualification}) {
        const auto remove = [&](DcmDataset& d) { d.findAndDeleteElement(tag); };
        EXPECT_THAT(of_cad_report(remove), HasSubstr("has no value")) << tag.toString();
        EXPECT_THAT(of_measurement_report(remove), HasSubstr("has no value")) << tag.toString();
    }
}

TEST_F(ReportCheck, UidsAreLegalAndTextFits) {
    EXPECT_THAT(of_cad_report([](DcmDataset& d) { put_text(d, DCM_SeriesInstanceUID, "1.02"); }),
                HasSubstr("no legal UID"));
    EXPECT_THAT(of_measurement_report(
                    [](DcmDataset& d) { put_text(child(group(d, 0), "112040"), DCM_UID, "2.25.x"); }),
                HasSubstr("no legal UID"));
    EXPECT_THAT(of_measurement_report(
                    [](DcmDataset& d) { put_text(d, DCM_SeriesDescription, std::string(65, 'x')); }),
                HasSubstr("too long"));
    EXPECT_THAT(
        of_cad_report([](DcmDataset& d) { put_text(child(finding(d), "112039"), DCM_TextValue, "K\xf6ln"); }),
        HasSubstr("not valid text"));
}

TEST_F(ReportCheck, OneCodeInTheOtherScheme) {
    const auto to_srt = [](DcmItem& code) {
        put_text(code, DCM_CodeValue, "F-01775");
        put_text(code, DCM_CodingSchemeDesignator, "SRT");
    };
    EXPECT_THAT(of_cad_report([&](DcmDataset& d) { to_srt(coded(finding(d))); }), HasSubstr("mixes"));
    EXPECT_THAT(of_measurement_report([&](DcmDataset& d) { to_srt(coded(child(group(d, 0), "121071"))); }),
                HasSubstr("mixes"));
}

TEST_F(ReportCheck, ACodeOfOneSchemeUnderTheNameOfTheOther) {
    const auto rename = [](DcmItem& code) { put_text(code, DCM_CodingSchemeDesignator, "SRT"); };
    EXPECT_THAT(of_cad_report([&](DcmDataset& d) { rename(coded(finding(d))); }),
                HasSubstr("129769006 is no code of SRT"));
    EXPECT_THAT(of_measurement_report([](DcmDataset& d) {
                    put_text(coded(child(group(d, 0), "121071")), DCM_CodeValue, "F-01775");
                }),
                HasSubstr("F-01775 is no code of SCT"));
}

TEST_F(ReportCheck, AWholeReportInTheSchemeThatWasNotAskedFor) {
    asked_for_ = CodeScheme::srt;
    EXPECT_THAT(of_cad_report([](DcmDataset&) {}), HasSubstr("not of the scheme asked for"));
    EXPECT_THAT(of_measurement_report([](DcmDataset&) {}), HasSubstr("not of the scheme asked for"));
}

TEST_F(ReportCheck, AGroupWithoutTrackingUid) {
    EXPECT_THAT(of_measurement_report([](DcmDataset& d) { take_out(group(d, 0), "112040"); }),
                HasSubstr("has not one Tracking Unique Identifier"));
    EXPECT_THAT(of_measurement_report([](DcmDataset& d) { take_out(group(d, 1), "112039"); }),
                HasSubstr("has not one Tracking Identifier"));
}

TEST_F(ReportCheck, ATrackingUidOnTwoImages) {
    EXPECT_THAT(of_measurement_report([](DcmDataset& d) {
                    const std::string uid = value(child(group(d, 0), "112040"), DCM_UID);
                    put_text(child(group(d, 2), "112040"), DCM_UID, uid);
                }),
                HasSubstr("that of two findings"));
    EXPECT_THAT(of_cad_report([](DcmDataset& d) {
                    const auto impressions = children(child(d, "111017"), "111034");
                    DcmItem& other = *children(*impressions.at(1), "111059").front();
                    put_text(child(other, "112040"), DCM_UID, value(child(finding(d), "112040"), DCM_UID));
                }),
                HasSubstr("that of two findings"));
}

TEST_F(ReportCheck, AnotherFrameOfReference) {
    EXPECT_THAT(of_cad_report([](DcmDataset& d) {
                    put_text(child(item(child(d, "111028"), DCM_ContentSequence), "112227"), DCM_UID,
                             "1.2.5");
                }),
                HasSubstr("Frame of Reference 1.2.5 is not that of its image"));
    EXPECT_THAT(of_measurement_report([](DcmDataset& d) {
                    DcmItem& library = child(child(d, "111028"), "126200");
                    put_text(child(item(library, DCM_ContentSequence), "112227"), DCM_UID, "1.2.5");
                }),
                HasSubstr("Frame of Reference 1.2.5 is not that of its image"));
    EXPECT_THAT(of_measurement_report([](DcmDataset& d) { put_text(d, DCM_FrameOfReferenceUID, "1.2.3.4"); }),
                HasSubstr("no Frame of Reference of its own"));
    EXPECT_THAT(of_measurement_report([](DcmDataset& d) {
                    put_text(child(group(d, 0), "111030"), DCM_ReferencedFrameOfReferenceUID, "1.2.3.4");
                }),
                HasSubstr("no Frame of Reference of its own"));
}

TEST_F(ReportCheck, AMeasurementWithoutUnitOrNumber) {
    const auto without = [](const DcmTagKey& tag, const char* name) {
        return [=](DcmDataset& d) {
            item(child(group(d, 0), name), DCM_MeasuredValueSequence).findAndDeleteElement(tag);
        };
    };
    EXPECT_THAT(of_measurement_report(without(DCM_MeasurementUnitsCodeSequence, "42798000")),
                HasSubstr("(0040,08ea) has not exactly one item"));
    EXPECT_THAT(of_measurement_report(without(DCM_NumericValue, "103339001")), HasSubstr("has no value"));
    EXPECT_THAT(of_measurement_report([](DcmDataset& d) {
                    DcmItem& area = child(group(d, 0), "42798000");
                    put_text(item(area, DCM_MeasuredValueSequence), DCM_NumericValue, "NAN");
                }),
                HasSubstr("not a number"));
    EXPECT_THAT(of_cad_report([](DcmDataset& d) {
                    DcmItem& certainty = item(child(finding(d), "111012"), DCM_MeasuredValueSequence);
                    certainty.findAndDeleteElement(DCM_MeasurementUnitsCodeSequence);
                }),
                HasSubstr("(0040,08ea) has not exactly one item"));
}

TEST_F(ReportCheck, AReferenceToAMissingImage) {
    EXPECT_THAT(of_cad_report([](DcmDataset& d) {  // the third image of a library of two
                    const Uint32 position[] = {1, 2, 3};
                    DcmItem& selected = item(child(finding(d), "111010"), DCM_ContentSequence);
                    check(selected.putAndInsertUint32Array(DCM_ReferencedContentItemIdentifier, position, 3),
                          "");
                }),
                HasSubstr("does not lead to an image"));
    EXPECT_THAT(of_cad_report([](DcmDataset& d) { take_out(d, "111028"); }),
                HasSubstr("does not lead to an image"));
    EXPECT_THAT(of_measurement_report([](DcmDataset& d) {
                    DcmItem& selected = item(child(group(d, 0), "111030"), DCM_ContentSequence);
                    put_text(item(selected, DCM_ReferencedSOPSequence), DCM_ReferencedSOPInstanceUID,
                             "1.2.3");
                }),
                HasSubstr("image 1.2.3 is none of the study's"));
    EXPECT_THAT(of_measurement_report([](DcmDataset& d) {
                    DcmItem& selected = item(child(group(d, 0), "111030"), DCM_ContentSequence);
                    put_text(item(selected, DCM_ReferencedSOPSequence), DCM_ReferencedSOPClassUID,
                             kMammographyForProcessing);
                }),
                HasSubstr("of another class"));
}

/// The first series of the evidence.
DcmItem& evidence(DcmDataset& report) {
    return item(item(report, DCM_CurrentRequestedProcedureEvidenceSequence), DCM_ReferencedSeriesSequence);
}

TEST_F(ReportCheck, IncompleteEvidence) {
    const auto lose_one = [](DcmDataset& d) {
        DcmSequenceOfItems* instances = nullptr;
        check(evidence(d).findAndGetSequence(DCM_ReferencedSOPSequence, instances), "");
        delete instances->remove(0ul);
    };
    EXPECT_THAT(of_cad_report(lose_one), HasSubstr("is not in the evidence"));
    EXPECT_THAT(of_measurement_report(lose_one), HasSubstr("is not in the evidence"));
    const auto lose_all = [](DcmDataset& d) {
        d.findAndDeleteElement(DCM_CurrentRequestedProcedureEvidenceSequence);
    };
    EXPECT_THAT(of_cad_report(lose_all), HasSubstr("has not exactly one item"));
    EXPECT_THAT(of_measurement_report(lose_all), HasSubstr("has not exactly one item"));
}

TEST_F(ReportCheck, EvidenceOfWhatIsNotThere) {
    EXPECT_THAT(of_cad_report([](DcmDataset& d) {
                    put_text(item(evidence(d), DCM_ReferencedSOPSequence), DCM_ReferencedSOPInstanceUID,
                             "1.2.3");
                }),
                HasSubstr("the evidence names 1.2.3"));
    EXPECT_THAT(
        of_measurement_report([](DcmDataset& d) { put_text(evidence(d), DCM_SeriesInstanceUID, "1.2.3"); }),
        HasSubstr("the evidence names"));
}

TEST_F(ReportCheck, CoordinatesOutsideTheImageOrNotClosed) {
    const auto move = [](std::size_t index, Float32 to) {
        return [=](DcmDataset& d) {
            DcmItem& region = child(group(d, 0), "111030");
            const Float32* data = nullptr;
            unsigned long length = 0;
            check(region.findAndGetFloat32Array(DCM_GraphicData, data, &length), "");
            std::vector<Float32> moved(data, data + length);
            moved.at(index) = to;
            check(region.putAndInsertFloat32Array(DCM_GraphicData, moved.data(), length), "");
        };
    };
    EXPECT_THAT(of_measurement_report(move(2, 44)), HasSubstr("lie outside image " + image_uid(1)));
    EXPECT_THAT(of_measurement_report(move(1, -1)), HasSubstr("lie outside image"));
    EXPECT_THAT(of_measurement_report(move(0, 2)), HasSubstr("not closed"));
}

TEST_F(ReportCheck, AnItemWithoutConceptName) {
    EXPECT_THAT(of_measurement_report([](DcmDataset& d) {
                    child(group(d, 0), "111009").findAndDeleteElement(DCM_ConceptNameCodeSequence);
                }),
                HasSubstr("(0040,a043) has not exactly one item"));
}

TEST_F(ReportCheck, PredecessorsAreOtherReports) {
    const auto name = [](DcmDataset& d, const char* sop_class, const std::string& uid) {
        DcmItem* study = nullptr;
        DcmItem* series = nullptr;
        DcmItem* document = nullptr;
        check(d.findOrCreateSequenceItem(DCM_PredecessorDocumentsSequence, study), "");
        put_text(*study, DCM_StudyInstanceUID, kStudyUid);
        check(study->findOrCreateSequenceItem(DCM_ReferencedSeriesSequence, series), "");
        put_text(*series, DCM_SeriesInstanceUID, "1.2.3");
        check(series->findOrCreateSequenceItem(DCM_ReferencedSOPSequence, document), "");
        put_text(*document, DCM_ReferencedSOPClassUID, sop_class);
        put_text(*document, DCM_ReferencedSOPInstanceUID, uid);
    };
    EXPECT_EQ(of_cad_report([&](DcmDataset& d) { name(d, kMammographyCadSr, "1.2.3"); }), "");
    EXPECT_THAT(of_cad_report([&](DcmDataset& d) { name(d, kSegmentationStorage, "1.2.3"); }),
                HasSubstr("no report of ours"));
    EXPECT_THAT(
        of_cad_report([&](DcmDataset& d) { name(d, kMammographyCadSr, value(d, DCM_SOPInstanceUID)); }),
        HasSubstr("its own predecessor"));
}

TEST_F(ReportCheck, ARelationshipThatTheStandardDoesNotKnow) {
    EXPECT_THAT(of_cad_report([](DcmDataset& d) {
                    put_text(child(d, "111065"), DCM_RelationshipType, "HAS PROPERTIES");
                }),
                HasSubstr("content tree"));
}

}  // namespace
}  // namespace calcnode::dicom

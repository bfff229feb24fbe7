// The Comprehensive 3D SR with TID 1500, read back with DCMTK.
#include <set>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmsr/dsrdoc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dicom/measurement_report_writer.h"
#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string coded(DcmItem& content, const char* name) {
    return code(child(content, name), DCM_ConceptCodeSequence);
}

std::string text(DcmItem& content, const char* name) {
    return value(child(content, name), DCM_TextValue);
}

/// Number and unit.
std::string measured(DcmItem& content, const char* name) {
    DcmItem& measurement = item(child(content, name), DCM_MeasuredValueSequence);
    return value(measurement, DCM_NumericValue) + ' ' + code(measurement, DCM_MeasurementUnitsCodeSequence);
}

std::vector<DcmItem*> groups(DcmItem& report) {
    return children(child(report, "126010"), "125007");
}

std::vector<std::string> library(DcmItem& report) {
    std::vector<std::string> uids;
    DcmItem& images = child(child(report, "111028"), "126200");
    for (long i = 0; i < count(images, DCM_ContentSequence); ++i) {
        DcmItem& image = item(images, DCM_ContentSequence, i);
        uids.push_back(value(item(image, DCM_ReferencedSOPSequence), DCM_ReferencedSOPInstanceUID));
    }
    return uids;
}

std::set<std::string> evidence(DcmItem& report) {
    std::set<std::string> uids;
    DcmItem& study = item(report, DCM_CurrentRequestedProcedureEvidenceSequence);
    for (long s = 0; s < count(study, DCM_ReferencedSeriesSequence); ++s) {
        DcmItem& series = item(study, DCM_ReferencedSeriesSequence, s);
        for (long i = 0; i < count(series, DCM_ReferencedSOPSequence); ++i)
            uids.insert(value(item(series, DCM_ReferencedSOPSequence, i), DCM_ReferencedSOPInstanceUID));
    }
    return uids;
}

TEST(MeasurementReport, ThereIsNoneWithoutClusters) {
    Study study;
    add_calcification(study.add(), 3, 3, 0.9);
    set_failed(study.add(), "cut short");
    set_not_attempted(study.add(), "specimen");
    EXPECT_EQ(study.measurement_report(), nullptr);
}

TEST(MeasurementReport, AGroupAClusterWithItsMeasurements) {
    Study study;
    ImageResult& image = study.add();
    add_cluster(image, 3);
    add_cluster(image, 2).distribution = pipeline::Distribution::unknown;
    add_cluster(study.add(), 4);
    study.add();
    const auto file = study.measurement_report();
    DcmItem& report = *file->getDataset();
    const auto found = groups(report);
    ASSERT_EQ(found.size(), 3u);
    DcmItem& first = *found[0];
    EXPECT_EQ(value(item(first, DCM_ContentTemplateSequence), DCM_TemplateIdentifier), "1410");
    EXPECT_EQ(text(first, "112039"), "R CC cluster 1");
    EXPECT_EQ(coded(first, "121071"), "129769006");
    EXPECT_EQ(coded(first, "363698007"), "76752008");
    EXPECT_EQ(coded(child(first, "363698007"), "272741003"), "24028007");
    EXPECT_EQ(measured(first, "42798000"), "12.345679 mm2");
    EXPECT_EQ(measured(first, "103339001"), "4.5 mm");
    EXPECT_EQ(measured(first, "111038"), "3 1");
    EXPECT_EQ(measured(first, "112200"), "0.7 mm");
    EXPECT_EQ(measured(first, "112201"), "0.123457 mm");
    EXPECT_EQ(coded(child(first, "112201"), "121401"), "112188");
    EXPECT_EQ(measured(first, "111012"), "90 %");
    EXPECT_EQ(coded(first, "111009"), "44771000");
    EXPECT_EQ(coded(first, "111008"), "129766004");
    EXPECT_THAT(children(*found[1], "111008"), IsEmpty());
    EXPECT_EQ(text(*found[2], "112039"), "L CC cluster 1");
    EXPECT_EQ(coded(child(*found[2], "363698007"), "272741003"), "7771000");
}

TEST(MeasurementReport, OutlinesAreSelectedFromTheirImages) {
    Study study;
    add_cluster(study.add(), 3);
    add_cluster(study.add(), 3).outline.clear();
    const auto file = study.measurement_report();
    const auto found = groups(*file->getDataset());
    DcmItem& outline = child(*found[0], "111030");
    EXPECT_EQ(value(outline, DCM_GraphicType), "POLYLINE");
    EXPECT_EQ(value(outline, DCM_GraphicData), "1\\1\\4\\1\\4\\4\\1\\4\\1\\1");
    DcmItem& selected = item(outline, DCM_ContentSequence);
    EXPECT_EQ(value(selected, DCM_RelationshipType), "SELECTED FROM");
    EXPECT_EQ(value(selected, DCM_ValueType), "IMAGE");
    EXPECT_EQ(value(item(selected, DCM_ReferencedSOPSequence), DCM_ReferencedSOPInstanceUID), image_uid(1));
    DcmItem& centre = child(*found[1], "111030");  // too small for an outline
    EXPECT_EQ(value(centre, DCM_GraphicType), "POINT");
    EXPECT_EQ(value(centre, DCM_GraphicData), "3.5\\1.5");
}

TEST(MeasurementReport, TrackingUidsAreThoseOfTheSegmentsAndDifferByImage) {
    Study study;
    ImageResult& image = study.add();
    add_cluster(image, 3);
    add_cluster(image, 3);
    add_cluster(study.add(), 3);
    std::vector<std::string> of_segments;
    for (const ResultObject& object : study.write()) {
        if (object.kind != ResultKind::segmentation) continue;
        const auto segmentation = load(object);
        for (long i = 0; i < count(*segmentation->getDataset(), DCM_SegmentSequence); ++i)
            of_segments.push_back(
                value(item(*segmentation->getDataset(), DCM_SegmentSequence, i), DCM_TrackingUID));
    }
    const auto file = study.measurement_report();
    std::vector<std::string> of_groups;
    for (DcmItem* found : groups(*file->getDataset()))
        of_groups.push_back(value(child(*found, "112040"), DCM_UID));
    EXPECT_EQ(of_groups, of_segments);
    EXPECT_EQ(std::set<std::string>(of_groups.begin(), of_groups.end()).size(), 3u);
}

TEST(MeasurementReport, NamesDeviceAlgorithmAndProcedure) {
    Study study;
    add_cluster(study.add(), 3);
    const auto file = study.measurement_report();
    DcmItem& report = *file->getDataset();
    EXPECT_EQ(coded(report, "121049"), "en");
    EXPECT_EQ(coded(report, "121005"), "121007");
    EXPECT_EQ(value(child(report, "121012"), DCM_UID).rfind("2.25.", 0), 0u);
    EXPECT_EQ(text(report, "121013"), "calcnode");
    EXPECT_EQ(text(report, "121014"), value(report, DCM_Manufacturer));
    EXPECT_EQ(text(report, "121016"), "SN7");
    EXPECT_EQ(coded(report, "121058"), "363679005");
    DcmItem& measurements = child(report, "126010");
    EXPECT_EQ(text(measurements, "111001"), "cascade");
    EXPECT_EQ(text(measurements, "111003"), "1.2");
    EXPECT_EQ(text(measurements, "111002"), "model_sha256=ab12;settings=cd34");
    EXPECT_EQ(value(item(report, DCM_ContributingEquipmentSequence), DCM_Manufacturer), "Maker");
}

TEST(MeasurementReport, LibraryAndEvidenceAreTheAnalysedImages) {
    Study study;
    add_cluster(study.add(), 3);
    study.add();
    set_failed(study.add(), "cut short");
    const auto file = study.measurement_report();
    DcmItem& report = *file->getDataset();
    EXPECT_THAT(library(report), ElementsAre(image_uid(1), image_uid(2)));
    std::set<std::string> expected{image_uid(1), image_uid(2)};
    for (const SegmentationReference& segmentation : study.segmentations())
        expected.insert(segmentation.sop_instance_uid);
    EXPECT_EQ(expected.size(), 3u);
    EXPECT_EQ(evidence(report), expected);
    DcmItem& image = item(child(child(report, "111028"), "126200"), DCM_ContentSequence);
    EXPECT_EQ(coded(image, "121139"), "MG");
    EXPECT_EQ(coded(image, "123014"), "76752008");
    EXPECT_EQ(coded(image, "111027"), "24028007");  // CID 244, not 6022 as in the CAD report
    EXPECT_EQ(coded(image, "111031"), "399162004");
    EXPECT_EQ(measured(image, "110910"), "61 {pixels}");
    EXPECT_EQ(measured(image, "110911"), "43 {pixels}");
    EXPECT_EQ(measured(image, "111026"), "0.08 mm");
}

/// A For Processing image with a cluster, and its For Presentation image, not attempted; `change` alters
/// that.
struct Pair : Study {
    template <typename Change>
    explicit Pair(Change change) {
        add_cluster(add([](DcmDataset& d) { put_text(d, DCM_SOPClassUID, kMammographyForProcessing); }), 3);
        set_not_attempted(add([&](DcmDataset& d) {
                              DcmItem* origin = nullptr;
                              d.findOrCreateSequenceItem(DCM_SourceImageSequence, origin);
                              put_text(*origin, DCM_ReferencedSOPClassUID, kMammographyForProcessing);
                              put_text(*origin, DCM_ReferencedSOPInstanceUID, image_uid(1));
                              put_text(*origin, DCM_SpatialLocationsPreserved, "YES");
                              change(d, *origin);
                          }),
                          "its For Processing image is analysed instead");
    }
};

TEST(MeasurementReport, ListsTheForPresentationImageOfTheAnalysedOne) {
    const Pair study([](DcmDataset&, DcmItem&) {});
    const auto file = study.measurement_report();
    DcmItem& report = *file->getDataset();
    EXPECT_THAT(library(report), ElementsAre(image_uid(1), image_uid(2)));
    EXPECT_EQ(evidence(report).count(image_uid(2)), 1u);
    DcmItem& selected = item(child(*groups(report).front(), "111030"), DCM_ContentSequence);
    DcmItem& analysed = item(selected, DCM_ReferencedSOPSequence);
    EXPECT_EQ(value(analysed, DCM_ReferencedSOPInstanceUID), image_uid(1));
    EXPECT_EQ(value(analysed, DCM_ReferencedSOPClassUID), kMammographyForProcessing);
}

TEST(MeasurementReport, ListsNoForPresentationImageOfOtherPixels) {
    const auto listed = [](auto change) {
        return library(*Pair(change).measurement_report()->getDataset()).size();
    };
    EXPECT_EQ(listed([](DcmDataset&, DcmItem&) {}), 2u);
    EXPECT_EQ(
        listed([](DcmDataset&, DcmItem& origin) { put_text(origin, DCM_SpatialLocationsPreserved, "NO"); }),
        1u);
    EXPECT_EQ(
        listed([](DcmDataset&, DcmItem& origin) { put_text(origin, DCM_ReferencedSOPInstanceUID, "1.2.3"); }),
        1u);
    EXPECT_EQ(listed([](DcmDataset& d, DcmItem&) { put_number(d, DCM_Rows, 60); }), 1u);
}

TEST(MeasurementReport, IsAnUnverifiedResearchDocumentOfItsGeneration) {
    Study study;
    study.options.generation = 2;
    add_cluster(study.add(), 3);
    const auto file = study.measurement_report();
    DcmItem& report = *file->getDataset();
    EXPECT_EQ(value(report, DCM_SOPClassUID), kComprehensive3dSr);
    EXPECT_EQ(value(report, DCM_Modality), "SR");
    EXPECT_EQ(value(report, DCM_CompletionFlag), "COMPLETE");
    EXPECT_EQ(value(report, DCM_VerificationFlag), "UNVERIFIED");
    EXPECT_EQ(value(report, DCM_ContentQualification), "RESEARCH");
    EXPECT_EQ(value(report, DCM_SeriesNumber), "9013");
    EXPECT_EQ(value(item(report, DCM_ContentTemplateSequence), DCM_TemplateIdentifier), "1500");
    DSRDocument document;
    ASSERT_TRUE(document.read(report).good());
    EXPECT_EQ(document.getDocumentType(), DSRTypes::DT_Comprehensive3DSR);
}

TEST(MeasurementReport, SameInputSameUidAndAnotherModelAnotherOne) {
    const auto uid = [](auto change) {
        Study study;
        add_cluster(study.add(), 3);
        change(study);
        return value(*study.measurement_report()->getDataset(), DCM_SOPInstanceUID);
    };
    const std::string original = uid([](Study&) {});
    EXPECT_EQ(uid([](Study&) {}), original);
    EXPECT_NE(uid([](Study& s) { s.options.model.digest = "ff"; }), original);
    EXPECT_NE(uid([](Study& s) { s.options.config_digest = "ff"; }), original);
    EXPECT_NE(uid([](Study& s) { s.options.generation = 2; }), original);
    EXPECT_NE(uid([](Study& s) { s.options.code_scheme = CodeScheme::srt; }), original);
    EXPECT_NE(uid([](Study& s) { s.add(); }), original);
}

}  // namespace
}  // namespace calcnode::dicom

// The Mammography CAD SR as write_results() writes it, read back with DCMTK.
#include <chrono>
#include <set>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmsr/dsrdoc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dicom/cad_report_content.h"
#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kLibrary = "111028";
constexpr const char* kSummary = "111017";
constexpr const char* kDetections = "111064";
constexpr const char* kFinding = "111059";
constexpr const char* kParameters = "111002";

std::string coded(DcmItem& content, const char* name) {
    return code(child(content, name), DCM_ConceptCodeSequence);
}

std::vector<std::string> texts(DcmItem& content, const char* name) {
    std::vector<std::string> found;
    for (DcmItem* text : children(content, name))
        found.push_back(value(*text, DCM_TextValue));
    return found;
}

std::string number(DcmItem& content, const char* name) {
    return value(item(child(content, name), DCM_MeasuredValueSequence), DCM_NumericValue);
}

/// SOP Instance UIDs of the images that a list of detections refers to.
std::vector<std::string> images_of(DcmItem& report, DcmItem& performed) {
    std::vector<std::string> uids;
    for (long i = 0; i < count(performed, DCM_ContentSequence); ++i) {
        DcmItem& reference = item(performed, DCM_ContentSequence, i);
        const Uint32* position = nullptr;
        unsigned long length = 0;
        if (reference.findAndGetUint32Array(DCM_ReferencedContentItemIdentifier, position, &length).bad())
            continue;
        EXPECT_EQ(length, 3u);
        DcmItem& library = item(report, DCM_ContentSequence, static_cast<long>(position[1]) - 1);
        DcmItem& image = item(library, DCM_ContentSequence, static_cast<long>(position[2]) - 1);
        uids.push_back(value(item(image, DCM_ReferencedSOPSequence), DCM_ReferencedSOPInstanceUID));
    }
    return uids;
}

struct Outcome {
    std::string summary;
    std::string detections;
    std::vector<std::string> successful;  // images; empty: no such list
    std::vector<std::string> failed;
};

std::vector<std::string> listed(DcmItem& report, const char* list) {
    const auto lists = children(child(report, kDetections), list);
    if (lists.empty()) return {};
    const auto performed = children(*lists.front(), "111022");
    EXPECT_EQ(performed.size(), 2u);
    EXPECT_EQ(code(*performed.front(), DCM_ConceptCodeSequence), "129769006");
    EXPECT_EQ(code(*performed.back(), DCM_ConceptCodeSequence), "129770007");
    EXPECT_EQ(images_of(report, *performed.front()), images_of(report, *performed.back()));
    return images_of(report, *performed.front());
}

Outcome outcome_of(Study& study) {
    const auto file = load_report(study.write());
    DcmDataset& report = *file->getDataset();
    EXPECT_EQ(coded(report, "111065"), "111225");
    EXPECT_EQ(count(child(report, kLibrary), DCM_ContentSequence), static_cast<long>(study.images.size()));
    return {coded(report, kSummary), coded(report, kDetections), listed(report, "111063"),
            listed(report, "111025")};
}

TEST(CadReport, AllAnalysedWithFindings) {
    Study study;
    add_cluster(study.add(), 3);
    study.add();
    const Outcome outcome = outcome_of(study);
    EXPECT_EQ(outcome.summary, "111242");
    EXPECT_EQ(outcome.detections, "111222");
    EXPECT_THAT(outcome.successful, ElementsAre(image_uid(1), image_uid(2)));
    EXPECT_THAT(outcome.failed, IsEmpty());
}

TEST(CadReport, AllAnalysedWithoutFindings) {
    Study study;
    study.add();
    add_calcification(study.add(), 3, 3, 0.9);
    const Outcome outcome = outcome_of(study);
    EXPECT_EQ(outcome.summary, "111241");
    EXPECT_EQ(outcome.detections, "111222");
    EXPECT_THAT(outcome.successful, ElementsAre(image_uid(1), image_uid(2)));
    EXPECT_THAT(outcome.failed, IsEmpty());
}

TEST(CadReport, SomeFailed) {
    for (const bool findings : {true, false}) {
        Study study;
        ImageResult& first = study.add();
        if (findings) add_cluster(first, 3);
        set_failed(study.add(), "cut short");
        const Outcome outcome = outcome_of(study);
        EXPECT_EQ(outcome.summary, findings ? "111244" : "111243");
        EXPECT_EQ(outcome.detections, "111223");
        EXPECT_THAT(outcome.successful, ElementsAre(image_uid(1)));
        EXPECT_THAT(outcome.failed, ElementsAre(image_uid(2)));
    }
}

TEST(CadReport, AllFailed) {
    Study study;
    set_failed(study.add(), "cut short");
    const Outcome outcome = outcome_of(study);
    EXPECT_EQ(outcome.summary, "111245");
    EXPECT_EQ(outcome.detections, "111224");
    EXPECT_THAT(outcome.successful, IsEmpty());
    EXPECT_THAT(outcome.failed, ElementsAre(image_uid(1)));
}

TEST(CadReport, NothingAttempted) {
    Study study;
    set_not_attempted(study.add(), "specimen");
    const Outcome outcome = outcome_of(study);
    EXPECT_EQ(outcome.summary, "111245");
    EXPECT_EQ(outcome.detections, "111225");
    EXPECT_THAT(outcome.successful, IsEmpty());
    EXPECT_THAT(outcome.failed, IsEmpty());
}

TEST(CadReport, WhatWasNotAttemptedDoesNotChangeTheOutcome) {
    Study study;
    study.add();
    set_not_attempted(study.add(), "magnification view");
    const Outcome outcome = outcome_of(study);
    EXPECT_EQ(outcome.summary, "111241");
    EXPECT_EQ(outcome.detections, "111222");
    EXPECT_THAT(outcome.successful, ElementsAre(image_uid(1)));
    EXPECT_THAT(outcome.failed, IsEmpty());
}

TEST(CadReport, SaysWhyInAlgorithmParameters) {
    Study study;
    study.add();
    set_failed(study.add(), "cut\nshort");
    set_not_attempted(study.add(), "magnification view");
    const auto file = load_report(study.write());
    DcmItem& detections = child(*file->getDataset(), kDetections);
    DcmItem& successful = *children(child(detections, "111063"), "111022").front();
    DcmItem& failed = *children(child(detections, "111025"), "111022").front();
    const std::string model = "model_sha256=ab12;settings=cd34;required_score=0";
    EXPECT_THAT(texts(successful, kParameters),
                ElementsAre(model, "status=not_attempted image=" + image_uid(3) + " magnification view"));
    EXPECT_THAT(texts(failed, kParameters),
                ElementsAre(model, "status=failed image=" + image_uid(2) + " cut short"));
}

TEST(CadReport, DescribesEachImageInTheLibrary) {
    Study study;
    study.add([](DcmDataset& dataset) {
        add_code(item(dataset, DCM_ViewCodeSequence), DCM_ViewModifierCodeSequence, "399209000", "SCT");
    });
    study.add([](DcmDataset& dataset) {
        dataset.findAndDeleteElement(DCM_ViewCodeSequence);
        put_text(dataset, DCM_ViewPosition, "MLO");
        put_text(dataset, DCM_ContentDate, "2024-01-31");
        put_text(dataset, DCM_EstimatedRadiographicMagnificationFactor, "2");
    });
    study.images[1].row_spacing_mm = study.images[1].column_spacing_mm = 0;
    const auto file = load_report(study.write());
    DcmItem& library = child(*file->getDataset(), kLibrary);
    DcmItem& first = item(library, DCM_ContentSequence, 0);
    EXPECT_EQ(coded(first, "111027"), "73056007");
    EXPECT_EQ(coded(first, "111031"), "399162004");
    EXPECT_EQ(coded(child(first, "111031"), "111032"), "399209000");
    EXPECT_THAT(texts(first, "111044"), ElementsAre("P"));
    EXPECT_THAT(texts(first, "111043"), ElementsAre("L"));
    EXPECT_EQ(value(child(first, "111018"), DCM_Date), "20240131");
    EXPECT_EQ(value(child(first, "111019"), DCM_Time), "101111");
    EXPECT_EQ(number(first, "111026"), "0.08");  // horizontal: between columns
    EXPECT_EQ(number(first, "111066"), "0.07");
    DcmItem& second = item(library, DCM_ContentSequence, 1);
    EXPECT_EQ(coded(second, "111031"), "399368009");
    EXPECT_THAT(children(second, "111018"), IsEmpty());
    EXPECT_EQ(number(second, "111066"), "0.035");  // of the header
}

TEST(CadReport, DescribesAClusterAndItsCalcifications) {
    Study study;
    study.options.required_score = 0.85;
    ImageResult& image = study.add();
    add_cluster(image, 3);
    add_cluster(image, 2).distribution = pipeline::Distribution::unknown;
    const auto file = load_report(study.write());
    DcmItem& impression = child(child(*file->getDataset(), kSummary), "111034");
    EXPECT_EQ(coded(impression, "111056"), "111150");
    const auto clusters = children(impression, kFinding);
    ASSERT_EQ(clusters.size(), 2u);
    DcmItem& first = *clusters[0];
    EXPECT_EQ(code(first, DCM_ConceptCodeSequence), "129769006");
    EXPECT_EQ(coded(first, "111056"), "111150");
    EXPECT_EQ(coded(*clusters[1], "111056"), "111151");
    EXPECT_THAT(texts(first, "112039"), ElementsAre("R CC cluster 1"));
    EXPECT_THAT(texts(first, "111001"), ElementsAre("cascade"));
    EXPECT_THAT(texts(first, "111003"), ElementsAre("1.2"));
    EXPECT_EQ(number(first, "111012"), "90");
    EXPECT_EQ(coded(first, "111009"), "44771000");
    EXPECT_EQ(coded(first, "111008"), "129766004");
    EXPECT_THAT(children(*clusters[1], "111008"), IsEmpty());
    EXPECT_EQ(number(first, "111038"), "3");
    const auto calcifications = children(first, kFinding);
    ASSERT_EQ(calcifications.size(), 3u);
    EXPECT_EQ(code(*calcifications[0], DCM_ConceptCodeSequence), "129770007");
    EXPECT_EQ(coded(*calcifications[0], "111056"), "111151");
    EXPECT_EQ(number(*calcifications[1], "111012"), "98.9");
    EXPECT_EQ(number(*calcifications[1], "42798000"), "0.0056");
}

TEST(CadReport, NestsTheMostCertainCalcificationFirst) {
    Study study;
    ImageResult& image = study.add();
    add_cluster(image, 3);
    image.findings.calcifications[0].score = 0.2;
    image.findings.calcifications[2].score = 0.7;
    image.findings.calcifications[1].score = 0.4;
    const auto file = load_report(study.write());
    DcmItem& cluster = child(child(child(*file->getDataset(), kSummary), "111034"), kFinding);
    std::vector<std::string> certainties;
    for (DcmItem* calcification : children(cluster, kFinding))
        certainties.push_back(number(*calcification, "111012"));
    EXPECT_THAT(certainties, ElementsAre("70", "40", "20"));
}

TEST(CadReport, SaysWhichFrameOfReferenceAnImageHas) {
    Study study;
    study.add([](DcmDataset& dataset) { put_text(dataset, DCM_FrameOfReferenceUID, "1.2.3.4"); });
    study.add();
    const auto file = load_report(study.write());
    DcmItem& library = child(*file->getDataset(), kLibrary);
    EXPECT_EQ(value(child(item(library, DCM_ContentSequence, 0), "112227"), DCM_UID), "1.2.3.4");
    EXPECT_THAT(children(item(library, DCM_ContentSequence, 1), "112227"), IsEmpty());
}

TEST(CadReport, CoordinatesAreThoseOfTheFindingAndOfItsImage) {
    Study study;
    study.add();
    add_cluster(study.add(), 3);
    const auto file = load_report(study.write());
    DcmItem& cluster = child(child(child(*file->getDataset(), kSummary), "111034"), kFinding);
    DcmItem& center = child(cluster, "111010");
    EXPECT_EQ(value(center, DCM_GraphicType), "POINT");
    EXPECT_EQ(value(center, DCM_GraphicData), "3.5\\1.5");
    DcmItem& outline = child(cluster, "111041");
    EXPECT_EQ(value(outline, DCM_GraphicType), "POLYLINE");
    EXPECT_EQ(value(outline, DCM_GraphicData), "1\\1\\4\\1\\4\\4\\1\\4\\1\\1");
    for (DcmItem* coordinates : {&center, &outline}) {
        DcmItem& selected = item(*coordinates, DCM_ContentSequence);
        EXPECT_EQ(value(selected, DCM_RelationshipType), "SELECTED FROM");
        EXPECT_EQ(value(selected, DCM_ReferencedContentItemIdentifier), "1\\2\\2");
    }
}

TEST(CadReport, TrackingUidsAreThoseOfTheSegments) {
    Study study;
    ImageResult& image = study.add();
    add_cluster(image, 3);
    add_cluster(image, 3);
    add_cluster(study.add(), 3);
    const auto objects = study.write();
    std::vector<std::string> of_segments;
    for (const ResultObject& object : objects) {
        if (object.kind != ResultKind::segmentation) continue;
        const auto segmentation = load(object);
        for (long i = 0; i < count(*segmentation->getDataset(), DCM_SegmentSequence); ++i)
            of_segments.push_back(
                value(item(*segmentation->getDataset(), DCM_SegmentSequence, i), DCM_TrackingUID));
    }
    const auto file = load_report(objects);
    std::vector<std::string> of_findings;
    for (DcmItem* impression : children(child(*file->getDataset(), kSummary), "111034")) {
        for (DcmItem* finding : children(*impression, kFinding))
            of_findings.push_back(value(child(*finding, "112040"), DCM_UID));
    }
    EXPECT_EQ(of_segments, of_findings);
    EXPECT_EQ(std::set<std::string>(of_findings.begin(), of_findings.end()).size(), 3u);
}

TEST(CadReport, EvidenceListsImagesAndSegmentations) {
    Study study;
    add_cluster(study.add(), 3);
    set_not_attempted(study.add(), "specimen");
    const auto objects = study.write();
    const auto file = load_report(objects);
    DcmItem& evidence = item(*file->getDataset(), DCM_CurrentRequestedProcedureEvidenceSequence);
    EXPECT_EQ(value(evidence, DCM_StudyInstanceUID), kStudyUid);
    std::set<std::string> uids;
    for (long s = 0; s < count(evidence, DCM_ReferencedSeriesSequence); ++s) {
        DcmItem& series = item(evidence, DCM_ReferencedSeriesSequence, s);
        for (long i = 0; i < count(series, DCM_ReferencedSOPSequence); ++i)
            uids.insert(value(item(series, DCM_ReferencedSOPSequence, i), DCM_ReferencedSOPInstanceUID));
    }
    EXPECT_EQ(uids, (std::set<std::string>{image_uid(1), image_uid(2), objects.front().sop_instance_uid}));
}

TEST(CadReport, IsAnUnverifiedResearchDocumentOfItsGeneration) {
    Study study;
    study.options.generation = 3;
    study.add();
    study.add();
    const auto file = load_report(study.write());
    DcmDataset& report = *file->getDataset();
    EXPECT_EQ(value(report, DCM_SOPClassUID), kMammographyCadSr);
    EXPECT_EQ(value(report, DCM_CompletionFlag), "COMPLETE");
    EXPECT_EQ(value(report, DCM_VerificationFlag), "UNVERIFIED");
    EXPECT_EQ(value(report, DCM_ContentQualification), "RESEARCH");
    EXPECT_NE(value(report, DCM_SeriesDescription).find("RESEARCH ONLY"), std::string::npos);
    EXPECT_EQ(value(report, DCM_SeriesNumber), "9022");
    EXPECT_EQ(value(report, DCM_ContentDate), "20240131");
    EXPECT_EQ(value(report, DCM_ContentTime), "101112");  // of the later image
    EXPECT_EQ(value(item(report, DCM_ContentTemplateSequence), DCM_TemplateIdentifier), "4000");
    DSRDocument document;
    ASSERT_TRUE(document.read(report).good());
    EXPECT_EQ(document.getDocumentType(), DSRTypes::DT_MammographyCadSR);
}

TEST(CadReport, AThousandCalcificationsInSecondsAtMostFiveHundredOfThemListed) {
    Study study(101, 43);
    ImageResult& image = study.add();
    add_cluster(image, 1000).centroid = {20, 20};
    add_cluster(image, 20);  // over pixels of the first: only its labels count
    for (pipeline::Calcification& calcification : image.findings.calcifications)
        calcification.score = 0.5;
    for (const int member : image.findings.clusters[1].members)
        image.findings.calcifications[static_cast<std::size_t>(member)].score = 0.9;
    const auto start = std::chrono::steady_clock::now();
    const auto objects = study.write();
    const auto took = std::chrono::steady_clock::now() - start;
    const auto file = load_report(objects);
    const auto clusters = children(child(child(*file->getDataset(), kSummary), "111034"), kFinding);
    ASSERT_EQ(clusters.size(), 2u);
    EXPECT_EQ(children(*clusters[0], kFinding).size(), 480u);
    EXPECT_EQ(children(*clusters[1], kFinding).size(), 20u);  // all: they score highest
    EXPECT_EQ(number(*clusters[0], "111038"), "1000");
    EXPECT_LT(took, std::chrono::seconds(20));  // under sanitizers; 0.3 s without
}

}  // namespace
}  // namespace calcnode::dicom

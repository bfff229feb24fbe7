// What check_segmentation() refuses: the defects that public validators let pass, and some that they see.
#include <functional>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>

#include "dicom/probability_map_writer.h"
#include "dicom/result_check.h"
#include "dicom/segmentation_writer.h"
#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;

/// A segmentation of three segments (or a map) as it is made, spoilt, and looked at again.
std::string gate(const std::function<void(DcmItem&)>& spoil, bool map = false) {
    Study study;
    ImageResult& image = study.add();
    add_cluster(image, 3);
    add_cluster(image, 2);
    add_calcification(image, 40, 20, 0.4);
    image.findings.probability = pipeline::Image<std::uint8_t>(61, 43);
    image.findings.probability.at(40, 20) = 200;
    const auto sources = read_result_sources(study.images);
    const auto object =
        map ? make_probability_map(sources[0], study.options) : make_segmentation(sources[0], study.options);
    spoil(*object->getDataset());
    try {
        check_segmentation(*object->getDataset(), sources[0]);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_result);
        return error.what();
    }
    return "";
}

void expect(const char* what, const std::function<void(DcmItem&)>& spoil, bool map = false) {
    const std::string said = gate(spoil, map);
    EXPECT_NE(said.find(what), std::string::npos) << what << ": " << said;
}

DcmItem& frame_of(DcmItem& object, long index) {
    return item(object, DCM_PerFrameFunctionalGroupsSequence, index);
}

DcmItem& source_of(DcmItem& object, long index) {
    return item(item(frame_of(object, index), DCM_DerivationImageSequence), DCM_SourceImageSequence);
}

TEST(SegmentationGate, LetsAGoodOnePass) {
    EXPECT_EQ(gate([](DcmItem&) {}), "");
    EXPECT_EQ(gate([](DcmItem&) {}, true), "");
}

TEST(SegmentationGate, ReferencedSegmentNumber) {
    expect("not of its segment", [](DcmItem& s) {
        put_number(item(frame_of(s, 1), DCM_SegmentIdentificationSequence), DCM_ReferencedSegmentNumber, 9);
    });
    expect("not numbered from 1",
           [](DcmItem& s) { put_number(item(s, DCM_SegmentSequence, 1), DCM_SegmentNumber, 3); });
}

TEST(SegmentationGate, FrameOfReference) {
    expect("no Frame of Reference", [](DcmItem& s) { put_text(s, DCM_FrameOfReferenceUID, "1.2.3"); });
}

TEST(SegmentationGate, CodesOfTwoSchemes) {
    expect("SRT", [](DcmItem& s) {  // the retired scheme with a SNOMED CT code
        put_text(item(item(s, DCM_SegmentSequence), DCM_SegmentedPropertyTypeCodeSequence),
                 DCM_CodingSchemeDesignator, "SRT");
    });
    expect("mixes", [](DcmItem& s) {
        DcmItem& code = item(item(s, DCM_SegmentSequence), DCM_SegmentedPropertyTypeCodeSequence);
        put_text(code, DCM_CodingSchemeDesignator, "SRT");
        put_text(code, DCM_CodeValue, "F-01775");
    });
}

TEST(SegmentationGate, TrackingUids) {
    expect("has no value",
           [](DcmItem& s) { item(s, DCM_SegmentSequence, 2).findAndDeleteElement(DCM_TrackingUID); });
    expect("one tracking UID", [](DcmItem& s) {
        put_text(item(s, DCM_SegmentSequence, 1), DCM_TrackingUID,
                 value(item(s, DCM_SegmentSequence, 0), DCM_TrackingUID));
    });
}

TEST(SegmentationGate, NumberOfFramesAndPixelLength) {
    expect("one frame for each segment", [](DcmItem& s) { put_text(s, DCM_NumberOfFrames, "2"); });
    expect("as long as", [](DcmItem& s) {
        const Uint8 bytes[] = {1, 2};
        s.putAndInsertUint8Array(DcmTag(DCM_PixelData, EVR_OB), bytes, 2);
    });
    expect(
        "as long as", [](DcmItem& s) { put_number(s, DCM_BitsAllocated, 1); }, true);
    expect("is empty", [](DcmItem& s) {
        const std::vector<Uint8> zeros((3 * 61 * 43 + 7) / 8 + 1);
        s.putAndInsertUint8Array(DcmTag(DCM_PixelData, EVR_OB), zeros.data(), zeros.size() / 2 * 2);
    });
}

TEST(SegmentationGate, TheReferencedImage) {
    expect("not its image",
           [](DcmItem& s) { put_text(source_of(s, 2), DCM_ReferencedSOPInstanceUID, image_uid(7)); });
    expect("exactly one item", [](DcmItem& s) {
        item(frame_of(s, 0), DCM_DerivationImageSequence).findAndDeleteElement(DCM_SourceImageSequence);
    });
    expect("another SOP class", [](DcmItem& s) {
        put_text(source_of(s, 0), DCM_ReferencedSOPClassUID, kMammographyForProcessing);
    });
    expect("exactly one item", [](DcmItem& s) { s.findAndDeleteElement(DCM_ReferencedSeriesSequence); });
    expect("another series", [](DcmItem& s) {
        put_text(item(s, DCM_ReferencedSeriesSequence), DCM_SeriesInstanceUID, "1.2.3");
    });
    expect("rows and columns", [](DcmItem& s) { put_number(s, DCM_Rows, 60); });
    expect("does not lie on",
           [](DcmItem& s) { put_text(source_of(s, 0), DCM_SpatialLocationsPreserved, "NO"); });
}

TEST(SegmentationGate, IllegalUidsAndTexts) {
    expect("no legal UID", [](DcmItem& s) { put_text(s, DCM_SeriesInstanceUID, "1.2.03"); });
    expect("no legal UID",
           [](DcmItem& s) { put_text(s, DCM_SOPInstanceUID, "2.25." + std::string(60, '9')); });
    expect("is too long", [](DcmItem& s) {
        put_text(item(s, DCM_SegmentSequence), DCM_SegmentLabel, std::string(65, 'x'));
    });
    expect("no code string", [](DcmItem& s) { put_text(s, DCM_ContentLabel, "Microcalc"); });
    expect("control characters", [](DcmItem& s) { put_text(s, DCM_SeriesDescription, "a\tb"); });
}

TEST(ProbabilityMap, IsAFractionalSegmentationInASeriesOfItsOwn) {
    Study study;
    ImageResult& image = study.add();
    add_cluster(image, 3);
    image.findings.probability = pipeline::Image<std::uint8_t>(61, 43);
    image.findings.probability.at(60, 42) = 255;
    image.findings.probability.at(0, 1) = 7;
    study.options.kinds = {ResultKind::segmentation, ResultKind::probability_map};
    const auto objects = study.write();
    ASSERT_EQ(objects.size(), 2u);
    EXPECT_EQ(objects[1].kind, ResultKind::probability_map);
    EXPECT_EQ(objects[1].sop_class_uid, kSegmentationStorage);
    EXPECT_NE(objects[1].series_instance_uid, objects[0].series_instance_uid);
    const auto file = load(objects[1]);
    DcmDataset& map = *file->getDataset();
    EXPECT_EQ(value(map, DCM_SegmentationType), "FRACTIONAL");
    EXPECT_EQ(value(map, DCM_SegmentationFractionalType), "PROBABILITY");
    EXPECT_EQ(value(map, DCM_MaximumFractionalValue), "255");
    EXPECT_EQ(value(map, DCM_NumberOfFrames), "1");
    EXPECT_EQ(value(map, DCM_BitsAllocated), "8");
    const Uint8* bytes = nullptr;
    unsigned long length = 0;
    ASSERT_TRUE(map.findAndGetUint8Array(DCM_PixelData, bytes, &length).good());
    ASSERT_EQ(length, 61u * 43u + 1u);
    EXPECT_EQ(bytes[1], 7);
    EXPECT_EQ(bytes[61 * 43 - 1], 255);
    EXPECT_EQ(bytes[61 * 43], 0) << "padding";
}

TEST(ProbabilityMap, NoneWithoutClustersOrMap) {
    Study study;
    study.options.kinds = {ResultKind::probability_map};
    add_cluster(study.add(), 3);
    study.add().findings.probability = pipeline::Image<std::uint8_t>(61, 43, 9);
    EXPECT_TRUE(study.write().empty());
    study.images[0].findings.probability = pipeline::Image<std::uint8_t>(60, 43, 9);
    EXPECT_EQ(error_of([&] { study.write(); }, ErrorCode::invalid_result), "");
}

}  // namespace
}  // namespace calcnode::dicom

// Segmentations as write_results() writes them, read back with DCMTK.
#include <array>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>

#include "dicom/segmentation_frames.h"
#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;

/// The segment that holds the pixel, 0: none.
int segment_at(DcmDataset& segmentation, int row, int column) {
    int found = 0;
    for (int frame = 0; frame < static_cast<int>(count(segmentation, DCM_SegmentSequence)); ++frame) {
        if (!bit(segmentation, frame, row, column)) continue;
        EXPECT_EQ(found, 0) << "segments overlap";
        found = frame + 1;
    }
    return found;
}

/// Every pixel of the segmentation against the labels.
void expect_mask(DcmDataset& segmentation, const pipeline::ImageFindings& findings,
                 const std::vector<int>& segment_of_calcification) {
    for (int row = 0; row < findings.labels.rows; ++row) {
        for (int column = 0; column < findings.labels.columns; ++column) {
            const int label = findings.labels.at(row, column);
            const int expected =
                label == 0 ? 0 : segment_of_calcification[static_cast<std::size_t>(label) - 1];
            ASSERT_EQ(segment_at(segmentation, row, column), expected) << row << ", " << column;
        }
    }
}

class SegmentationSize : public ::testing::TestWithParam<std::array<int, 2>> {};

TEST_P(SegmentationSize, FramesHoldTheMaskBitForBit) {
    const auto [rows, columns] = GetParam();
    Study study(rows, columns);
    ImageResult& image = study.add();
    add_cluster(image, 3);
    add_cluster(image, 2);
    add_calcification(image, 0, 0, 0.5);
    add_calcification(image, rows - 1, columns - 1, 0.5);
    const auto objects = study.write();
    ASSERT_EQ(objects.size(), 3u);
    const auto file = load(objects.front());
    DcmDataset& segmentation = *file->getDataset();
    EXPECT_EQ(value(segmentation, DCM_NumberOfFrames), "3");
    expect_mask(segmentation, study.images[0].findings, {1, 1, 1, 2, 2, 3, 3});
    const Uint8* bytes = nullptr;
    unsigned long length = 0;
    ASSERT_TRUE(segmentation.findAndGetUint8Array(DCM_PixelData, bytes, &length).good());
    EXPECT_EQ(length % 2, 0u);
    EXPECT_LT(length * 8 - static_cast<unsigned long>(3 * rows * columns), 16u);
}

// rows x columns modulo 8: 7, 0, 1, 3, 4
INSTANTIATE_TEST_SUITE_P(Sizes, SegmentationSize,
                         ::testing::Values(std::array{61, 43}, std::array{64, 48}, std::array{17, 17},
                                           std::array{11, 9}, std::array{10, 10}));

TEST(SegmentationWriter, RefersEachFrameToItsSourceImage) {
    Study study;
    add_cluster(study.add(), 3);
    const auto file = load(study.write().front());
    DcmDataset& segmentation = *file->getDataset();
    DcmItem& frame = item(segmentation, DCM_PerFrameFunctionalGroupsSequence);
    DcmItem& derivation = item(frame, DCM_DerivationImageSequence);
    EXPECT_EQ(code(derivation, DCM_DerivationCodeSequence), "113076");
    DcmItem& source = item(derivation, DCM_SourceImageSequence);
    EXPECT_EQ(value(source, DCM_ReferencedSOPClassUID), kMammographyForPresentation);
    EXPECT_EQ(value(source, DCM_ReferencedSOPInstanceUID), image_uid(1));
    EXPECT_EQ(value(source, DCM_SpatialLocationsPreserved), "YES");
    EXPECT_EQ(code(source, DCM_PurposeOfReferenceCodeSequence), "121322");
    EXPECT_EQ(value(item(frame, DCM_SegmentIdentificationSequence), DCM_ReferencedSegmentNumber), "1");
    EXPECT_EQ(value(item(frame, DCM_FrameContentSequence), DCM_DimensionIndexValues), "1");
    DcmItem& series = item(segmentation, DCM_ReferencedSeriesSequence);
    EXPECT_EQ(value(series, DCM_SeriesInstanceUID), "1.2.826.0.1.3680043.2.1143.3");
    EXPECT_EQ(value(item(series, DCM_ReferencedInstanceSequence), DCM_ReferencedSOPInstanceUID),
              image_uid(1));
}

TEST(SegmentationWriter, DescribesItsSegments) {
    Study study;
    ImageResult& image = study.add();
    add_cluster(image, 3);
    add_calcification(image, 40, 20, 0.4);
    const auto file = load(study.write().front());
    DcmItem& cluster = item(*file->getDataset(), DCM_SegmentSequence, 0);
    EXPECT_EQ(value(cluster, DCM_SegmentNumber), "1");
    EXPECT_EQ(value(cluster, DCM_SegmentLabel), "Calcification cluster 1");
    EXPECT_EQ(code(cluster, DCM_SegmentedPropertyCategoryCodeSequence), "49755003");
    EXPECT_EQ(code(cluster, DCM_SegmentedPropertyTypeCodeSequence), "129769006");
    EXPECT_EQ(value(cluster, DCM_SegmentAlgorithmType), "AUTOMATIC");
    EXPECT_EQ(value(cluster, DCM_SegmentAlgorithmName), "cascade");
    EXPECT_EQ(value(cluster, DCM_TrackingID), "R CC cluster 1");
    EXPECT_EQ(value(cluster, DCM_RecommendedDisplayCIELabValue), "43803\\26565\\37722");
    DcmItem& region = item(cluster, DCM_AnatomicRegionSequence);
    EXPECT_EQ(value(region, DCM_CodeValue), "76752008");
    EXPECT_EQ(code(region, DCM_AnatomicRegionModifierSequence), "24028007");
    DcmItem& algorithm = item(cluster, DCM_SegmentationAlgorithmIdentificationSequence);
    EXPECT_EQ(value(algorithm, DCM_AlgorithmVersion), "1.2");
    EXPECT_EQ(value(algorithm, DCM_AlgorithmParameters), "model_sha256=ab12;settings=cd34");
    DcmItem& rest = item(*file->getDataset(), DCM_SegmentSequence, 1);
    EXPECT_EQ(value(rest, DCM_SegmentLabel), "Unclustered calcifications");
    EXPECT_EQ(code(rest, DCM_SegmentedPropertyTypeCodeSequence), "129770007");
    EXPECT_NE(value(rest, DCM_TrackingUID), value(cluster, DCM_TrackingUID));
}

TEST(SegmentationWriter, DescribesTheImage) {
    Study study;
    study.options.institution = "Hospital";
    add_cluster(study.add(), 3);
    const auto file = load(study.write().front());
    DcmDataset& segmentation = *file->getDataset();
    EXPECT_EQ(value(segmentation, DCM_Modality), "SEG");
    EXPECT_EQ(value(segmentation, DCM_SegmentationType), "BINARY");
    EXPECT_EQ(value(segmentation, DCM_BitsAllocated), "1");
    EXPECT_EQ(value(segmentation, DCM_PatientOrientation), "P\\L");
    EXPECT_EQ(value(segmentation, DCM_ImageLaterality), "R");
    EXPECT_FALSE(segmentation.tagExists(DCM_Laterality));
    EXPECT_FALSE(segmentation.tagExists(DCM_FrameOfReferenceUID));
    EXPECT_EQ(value(segmentation, DCM_BodyPartExamined), "BREAST");
    EXPECT_EQ(value(segmentation, DCM_LossyImageCompression), "00");
    EXPECT_EQ(value(segmentation, DCM_ContentQualification), "RESEARCH");
    EXPECT_NE(value(segmentation, DCM_SeriesDescription).find("RESEARCH ONLY"), std::string::npos);
    EXPECT_EQ(value(segmentation, DCM_SeriesNumber), "9001");
    EXPECT_EQ(value(segmentation, DCM_InstanceNumber), "1");
    EXPECT_EQ(value(segmentation, DCM_ContentDate), "20240131");
    EXPECT_EQ(value(segmentation, DCM_ContentTime), "101111");
    EXPECT_EQ(value(segmentation, DCM_DeviceSerialNumber), "SN7");
    EXPECT_EQ(value(segmentation, DCM_SoftwareVersions), CALCNODE_VERSION "\\cascade 1.2");
    EXPECT_EQ(value(segmentation, DCM_InstitutionName), "Hospital");
}

TEST(SegmentationWriter, PlaneOrientationComesOnlyWithTheSwitch) {
    Study study;
    add_cluster(study.add(), 3);
    const auto compatible = load(study.write().front());
    DcmItem& shared = item(*compatible->getDataset(), DCM_SharedFunctionalGroupsSequence);
    EXPECT_EQ(value(item(shared, DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient),
              "1\\0\\0\\0\\1\\0");
    EXPECT_EQ(value(item(shared, DCM_PixelMeasuresSequence), DCM_PixelSpacing), "0.07\\0.08");
    study.options.plane_orientation_compat = false;
    const auto pure = load(study.write().front());
    EXPECT_EQ(item(*pure->getDataset(), DCM_SharedFunctionalGroupsSequence).card(), 0u);
    EXPECT_NE(value(*pure->getDataset(), DCM_SOPInstanceUID),
              value(*compatible->getDataset(), DCM_SOPInstanceUID));
}

TEST(SegmentationWriter, CarriesTheLossyHistoryOfItsSource) {
    Study study;
    ImageResult& image = study.add([](DcmDataset& dataset) {
        put_text(dataset, DCM_LossyImageCompression, "01");
        put_text(dataset, DCM_LossyImageCompressionRatio, "12.5");
        put_text(dataset, DCM_LossyImageCompressionMethod, "ISO_10918_1");
    });
    add_cluster(image, 3);
    const auto file = load(study.write().front());
    EXPECT_EQ(value(*file->getDataset(), DCM_LossyImageCompression), "01");
    EXPECT_EQ(value(*file->getDataset(), DCM_LossyImageCompressionRatio), "12.5");
    EXPECT_EQ(value(*file->getDataset(), DCM_LossyImageCompressionMethod), "ISO_10918_1");
}

TEST(SegmentationWriter, ManyClustersEndInOneSegmentAndNoPixelIsLost) {
    Study study(101, 43);
    ImageResult& image = study.add();
    for (int i = 0; i < 40; ++i)
        add_cluster(image, 1);
    add_calcification(image, 90, 20, 0.4);
    const auto file = load(study.write().front());
    DcmDataset& segmentation = *file->getDataset();
    ASSERT_EQ(count(segmentation, DCM_SegmentSequence), 32);
    EXPECT_EQ(value(item(segmentation, DCM_SegmentSequence, 29), DCM_SegmentLabel),
              "Calcification cluster 30");
    EXPECT_EQ(value(item(segmentation, DCM_SegmentSequence, 30), DCM_SegmentLabel),
              "Further calcification clusters");
    EXPECT_EQ(value(item(segmentation, DCM_SegmentSequence, 31), DCM_SegmentLabel),
              "Unclustered calcifications");
    std::vector<int> expected;
    for (int cluster = 1; cluster <= 40; ++cluster)
        expected.push_back(cluster <= 30 ? cluster : 31);
    expected.push_back(32);
    expect_mask(segmentation, study.images[0].findings, expected);
}

TEST(SegmentationWriter, ThirtyTwoClustersKeepASegmentEach) {
    Study study(101, 43);
    ImageResult& image = study.add();
    for (int i = 0; i < 32; ++i)
        add_cluster(image, 1);
    const auto file = load(study.write().front());
    EXPECT_EQ(value(item(*file->getDataset(), DCM_SegmentSequence, 31), DCM_SegmentLabel),
              "Calcification cluster 32");
}

TEST(SegmentationWriter, SingleCalcificationsAloneAreNoFinding) {
    Study study;
    add_calcification(study.add(), 10, 10, 0.9);
    const auto objects = study.write();
    ASSERT_EQ(objects.size(), 1u);
    EXPECT_EQ(objects.front().kind, ResultKind::cad_sr);
}

TEST(SegmentationWriter, RefusesFindingsThatContradictThemselves) {
    const auto refused = [](auto spoil) {
        Study study;
        ImageResult& image = study.add();
        add_cluster(image, 3);
        spoil(image.findings);
        return error_of([&] { study.write(); }, ErrorCode::invalid_result);
    };
    using pipeline::ImageFindings;
    EXPECT_EQ(refused([](ImageFindings& f) { f.labels = pipeline::Image<std::uint16_t>(60, 43); }), "");
    EXPECT_EQ(refused([](ImageFindings& f) { f.labels.at(5, 5) = 4; }), "");
    EXPECT_EQ(refused([](ImageFindings& f) { f.clusters[0].members.push_back(3); }), "");
    EXPECT_EQ(refused([](ImageFindings& f) { f.clusters[0].members.push_back(0); }), "");
    EXPECT_EQ(refused([](ImageFindings& f) { f.labels = pipeline::Image<std::uint16_t>(61, 43); }), "");
    EXPECT_EQ(refused([](ImageFindings& f) { f.clusters[0].score = 1.5; }), "");
    EXPECT_EQ(refused([](ImageFindings& f) { f.clusters[0].centroid.x = 44; }), "");
}

}  // namespace
}  // namespace calcnode::dicom

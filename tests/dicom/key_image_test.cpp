// Key images as write_results() writes them, read back with DCMTK; and what the gate refuses.
#include <functional>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>

#include "dicom/key_image_writer.h"
#include "dicom/result_check_image.h"
#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;

/// 3 x 5 pixels: an odd number of bytes.
pipeline::KeyImage picture() {
    pipeline::KeyImage image{.rows = 3, .columns = 5, .rgb = {}};
    for (int i = 0; i < 45; ++i)
        image.rgb.push_back(static_cast<std::uint8_t>(i));
    return image;
}

ImageResult& add_image(Study& study) {
    ImageResult& image = study.add();
    add_cluster(image, 3);
    image.key_image = picture();
    study.options.kinds = {ResultKind::secondary_capture};
    return image;
}

TEST(KeyImage, HoldsThePictureAndNamesItsSource) {
    Study study;
    add_image(study);
    const auto objects = study.write();
    ASSERT_EQ(objects.size(), 1u);
    EXPECT_EQ(objects[0].sop_class_uid, kSecondaryCapture);
    const auto file = load(objects[0]);
    DcmDataset& key = *file->getDataset();
    const Uint8* bytes = nullptr;
    unsigned long length = 0;
    ASSERT_TRUE(key.findAndGetUint8Array(DCM_PixelData, bytes, &length).good());
    ASSERT_EQ(length, 46u);
    EXPECT_EQ(std::vector<std::uint8_t>(bytes, bytes + 45), picture().rgb);
    EXPECT_EQ(bytes[45], 0);
    EXPECT_EQ(value(key, DCM_Rows), "3");
    EXPECT_EQ(value(key, DCM_Columns), "5");
    EXPECT_EQ(value(key, DCM_PhotometricInterpretation), "RGB");
    EXPECT_EQ(value(key, DCM_BurnedInAnnotation), "YES");
    EXPECT_EQ(value(key, DCM_Modality), "OT");
    EXPECT_EQ(value(key, DCM_ImageLaterality), "R");
    EXPECT_EQ(value(key, DCM_ContentQualification), "RESEARCH");
    EXPECT_NE(value(key, DCM_SeriesDescription).find("RESEARCH ONLY"), std::string::npos);
    DcmItem& source = item(key, DCM_SourceImageSequence);
    EXPECT_EQ(value(source, DCM_ReferencedSOPInstanceUID), image_uid(1));
    EXPECT_EQ(value(source, DCM_SpatialLocationsPreserved), "NO");
    EXPECT_FALSE(key.tagExists(DCM_PixelSpacing));
}

TEST(KeyImage, NoneWithoutClustersOrPicture) {
    Study study;
    add_image(study).key_image = {};
    study.add().key_image = picture();
    EXPECT_TRUE(study.write().empty());
}

TEST(KeyImage, CarriesTheLossyHistoryOfItsSource) {
    Study study;
    ImageResult& image = study.add([](DcmDataset& dataset) {
        put_text(dataset, DCM_LossyImageCompression, "01");
        put_text(dataset, DCM_LossyImageCompressionRatio, "12.5");
    });
    add_cluster(image, 3);
    image.key_image = picture();
    study.options.kinds = {ResultKind::secondary_capture};
    const auto file = load(study.write().at(0));
    EXPECT_EQ(value(*file->getDataset(), DCM_LossyImageCompression), "01");
    EXPECT_EQ(value(*file->getDataset(), DCM_LossyImageCompressionRatio), "12.5");
}

std::string gate(const std::function<void(DcmItem&)>& spoil) {
    Study study;
    add_image(study);
    const auto sources = read_result_sources(study.images);
    const auto object = make_key_image_object(sources[0], study.options);
    spoil(*object->getDataset());
    try {
        check_key_image(*object->getDataset(), sources[0]);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_result);
        return error.what();
    }
    return "";
}

TEST(KeyImageGate, CatchesPlantedDefects) {
    const auto expect = [](const char* what, const std::function<void(DcmItem&)>& spoil) {
        EXPECT_NE(gate(spoil).find(what), std::string::npos) << what << ": " << gate(spoil);
    };
    EXPECT_EQ(gate([](DcmItem&) {}), "");
    expect("as long as", [](DcmItem& k) { put_number(k, DCM_Rows, 4); });
    expect("as long as", [](DcmItem& k) { k.findAndDeleteElement(DCM_PixelData); });
    expect("is not YES", [](DcmItem& k) { put_text(k, DCM_BurnedInAnnotation, "NO"); });
    expect("none of its images", [](DcmItem& k) {
        put_text(item(k, DCM_SourceImageSequence), DCM_ReferencedSOPInstanceUID, image_uid(7));
    });
    expect("exactly one item", [](DcmItem& k) { k.findAndDeleteElement(DCM_SourceImageSequence); });
    expect("measured in", [](DcmItem& k) { put_text(k, DCM_PixelSpacing, "0.1\\0.1"); });
    expect("no legal UID", [](DcmItem& k) { put_text(k, DCM_SeriesInstanceUID, "1..2"); });
    expect("is too long", [](DcmItem& k) { put_text(k, DCM_DerivationDescription, std::string(1025, 'x')); });
}

}  // namespace
}  // namespace calcnode::dicom

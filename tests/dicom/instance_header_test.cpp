#include "dicom/instance_header.h"

#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>

#include "dicom/view_codes.h"
#include "tests/dicom/instance_fixture.h"

namespace calcnode::dicom {
namespace {

using fixture::add_code;
using fixture::error_of;
using fixture::make_instance;
using fixture::put_text;
using fixture::save;
using fixture::TemporaryFolder;
using pipeline::Intent;
using pipeline::Laterality;
using pipeline::View;

class InstanceHeaders : public ::testing::Test {
  protected:
    InstanceHeader header(const std::string& syntax = kExplicitLittleEndian) {
        save(*instance_, folder_ / "file.dcm", syntax);
        return read_instance_header(folder_ / "file.dcm");
    }
    DcmDataset& dataset() { return *instance_->getDataset(); }

    TemporaryFolder folder_;
    std::unique_ptr<DcmFileFormat> instance_ = make_instance();
};

/// Any bytes as the value of a UID.
void put_bytes(DcmDataset& dataset, const DcmTagKey& tag, const std::string& bytes) {
    ASSERT_TRUE(dataset.putAndInsertString(tag, bytes.data(), static_cast<Uint32>(bytes.size())).good());
}

TEST_F(InstanceHeaders, HoldsWhatTheFileSays) {
    const InstanceHeader found = header();
    EXPECT_EQ(found.sop_class_uid, kMammographyForPresentation);
    EXPECT_EQ(found.sop_instance_uid, "1.2.826.0.1.3680043.2.1143.1");
    EXPECT_EQ(found.study_instance_uid, "1.2.826.0.1.3680043.2.1143.2");
    EXPECT_EQ(found.series_instance_uid, "1.2.826.0.1.3680043.2.1143.3");
    EXPECT_EQ(found.transfer_syntax_uid, kExplicitLittleEndian);
    EXPECT_EQ(found.modality, "MG");
    EXPECT_EQ(found.station_name, "STATION1");
    EXPECT_EQ(found.manufacturer, "Maker");
    EXPECT_EQ(found.instance_number, 3);
    EXPECT_EQ(found.laterality, Laterality::right);
    EXPECT_EQ(found.view, View::cc);
    EXPECT_EQ(found.intent, Intent::presentation);
    EXPECT_EQ(found.rows, 61);
    EXPECT_EQ(found.columns, 43);
    EXPECT_EQ(found.number_of_frames, 1);
    EXPECT_EQ(found.content_datetime, "20240131101112.5");
    EXPECT_FALSE(found.implant_present || found.implant_displaced || found.magnification ||
                 found.spot_compression || found.specimen || found.partial_view || found.quality_control ||
                 found.tomosynthesis);
    EXPECT_TRUE(found.source_instance_uids.empty());
}

TEST_F(InstanceHeaders, IsTheSameInEverySyntax) {
    for (const auto& syntax : fixture::syntaxes()) {
        if (!syntax.lossless) continue;  // those get a SOP Instance UID of their own from the encoder
        instance_ = make_instance();
        const InstanceHeader found = header(syntax.uid);
        EXPECT_EQ(found.sop_instance_uid, "1.2.826.0.1.3680043.2.1143.1") << syntax.name;
        EXPECT_EQ(found.view, View::cc) << syntax.name;
        EXPECT_EQ(found.columns, 43) << syntax.name;
        EXPECT_EQ(found.transfer_syntax_uid, syntax.uid);
    }
}

TEST_F(InstanceHeaders, ReadsViewModifiersWithinTheView) {
    DcmItem* view = nullptr;
    ASSERT_TRUE(dataset().findAndGetSequenceItem(DCM_ViewCodeSequence, view).good());
    add_code(*view, DCM_ViewModifierCodeSequence, "399163009", "SCT");
    add_code(*view, DCM_ViewModifierCodeSequence, "R-102D7", "SRT");
    const InstanceHeader found = header();
    EXPECT_TRUE(found.magnification);
    EXPECT_TRUE(found.spot_compression);
    EXPECT_FALSE(found.implant_displaced);
}

TEST_F(InstanceHeaders, ReadsViewModifiersBesideTheView) {
    add_code(dataset(), DCM_ViewModifierCodeSequence, "R-102D5", "SNM3");
    EXPECT_TRUE(header().implant_displaced);
}

TEST_F(InstanceHeaders, TakesTheViewPositionWhenTheCodeIsUnknown) {
    dataset().findAndDeleteElement(DCM_ViewCodeSequence);
    put_text(dataset(), DCM_ViewPosition, "MLO");
    EXPECT_EQ(header().view, View::mlo);
    add_code(dataset(), DCM_ViewCodeSequence, "12345", "99LOCAL");
    EXPECT_EQ(header().view, View::mlo);
    add_code(dataset(), DCM_ViewCodeSequence, "R-10242", "SRT");
    EXPECT_EQ(header().view, View::cc);
}

TEST_F(InstanceHeaders, TakesTheSeriesLateralityWhenTheImageHasNone) {
    dataset().findAndDeleteElement(DCM_ImageLaterality);
    EXPECT_EQ(header().laterality, Laterality::unknown);
    put_text(dataset(), DCM_Laterality, "L");
    EXPECT_EQ(header().laterality, Laterality::left);
}

TEST_F(InstanceHeaders, TakesALargeMagnificationFactorForAMagnificationView) {
    put_text(dataset(), DCM_EstimatedRadiographicMagnificationFactor, "1.08");
    EXPECT_FALSE(header().magnification);
    put_text(dataset(), DCM_EstimatedRadiographicMagnificationFactor, "1.4");
    EXPECT_TRUE(header().magnification);
}

TEST_F(InstanceHeaders, ReadsTheFlags) {
    put_text(dataset(), DCM_BreastImplantPresent, "YES");
    put_text(dataset(), DCM_PartialView, "YES");
    put_text(dataset(), DCM_QualityControlImage, "YES");
    add_code(dataset(), DCM_ViewCodeSequence, "x", "y");
    const InstanceHeader found = header();
    EXPECT_TRUE(found.implant_present);
    EXPECT_TRUE(found.partial_view);
    EXPECT_TRUE(found.quality_control);
    put_text(dataset(), DCM_QualityControlImage, "NO");
    EXPECT_FALSE(header().quality_control);
}

TEST_F(InstanceHeaders, KnowsASpecimen) {
    dataset().findAndDeleteElement(DCM_ViewCodeSequence);
    add_code(dataset(), DCM_ViewCodeSequence, "G-8310", "SRT");
    EXPECT_TRUE(header().specimen);
}

TEST_F(InstanceHeaders, KnowsTomosynthesis) {
    put_text(dataset(), DCM_ImageType, "DERIVED\\PRIMARY\\\\GENERATED_2D");
    EXPECT_TRUE(header().tomosynthesis);
    put_text(dataset(), DCM_ImageType, "ORIGINAL\\PRIMARY\\TOMO_PROJ\\LEFT");
    EXPECT_TRUE(header().tomosynthesis);
    put_text(dataset(), DCM_ImageType, "ORIGINAL\\PRIMARY");
    put_text(dataset(), DCM_NumberOfFrames, "50");
    EXPECT_TRUE(header().tomosynthesis);
    EXPECT_EQ(header().number_of_frames, 50);
}

TEST_F(InstanceHeaders, KnowsRawImagesAndTheirSources) {
    put_text(dataset(), DCM_SOPClassUID, kMammographyForProcessing);
    DcmItem* source = nullptr;
    ASSERT_TRUE(dataset().findOrCreateSequenceItem(DCM_SourceImageSequence, source, -2).good());
    put_text(*source, DCM_ReferencedSOPInstanceUID, "1.2.3");
    const InstanceHeader found = header();
    EXPECT_EQ(found.intent, Intent::processing);
    EXPECT_EQ(found.source_instance_uids, std::vector<std::string>{"1.2.3"});
}

TEST_F(InstanceHeaders, FindsTheBestDateThereIs) {
    put_text(dataset(), DCM_StudyDate, "20240101");
    put_text(dataset(), DCM_AcquisitionDateTime, "20240202030405.123456+0100");
    dataset().findAndDeleteElement(DCM_ContentDate);
    EXPECT_EQ(header().content_datetime, "20240202030405.123456");
    dataset().findAndDeleteElement(DCM_AcquisitionDateTime);
    EXPECT_EQ(header().content_datetime, "20240101000000");
    put_text(dataset(), DCM_StudyTime, "0930");
    EXPECT_EQ(header().content_datetime, "20240101093000");
    dataset().findAndDeleteElement(DCM_StudyDate);
    EXPECT_EQ(header().content_datetime, "");
}

TEST_F(InstanceHeaders, LeavesMammographyFieldsOfOtherClassesAlone) {
    put_text(dataset(), DCM_SOPClassUID, "1.2.840.10008.5.1.4.1.1.7");
    put_text(dataset(), DCM_Modality, "OT");
    const InstanceHeader found = header();
    EXPECT_EQ(found.modality, "OT");
    EXPECT_EQ(found.station_name, "STATION1");
    EXPECT_EQ(found.view, View::unknown);
    EXPECT_EQ(found.laterality, Laterality::unknown);
    EXPECT_EQ(found.rows, 0);
    EXPECT_EQ(found.content_datetime, "");
}

TEST_F(InstanceHeaders, NeedsTheFourUids) {
    for (const DcmTagKey& tag : {DCM_StudyInstanceUID, DCM_SeriesInstanceUID}) {
        instance_ = make_instance();
        dataset().findAndDeleteElement(tag);
        EXPECT_EQ(error_of([&] { header(); }, ErrorCode::missing_attribute), "") << tag;
        put_text(dataset(), tag, "");
        EXPECT_EQ(error_of([&] { header(); }, ErrorCode::missing_attribute), "") << tag;
        put_text(dataset(), tag, "1.2.x");
        EXPECT_EQ(error_of([&] { header(); }, ErrorCode::malformed_dataset), "") << tag;
    }
}

TEST_F(InstanceHeaders, TakesNoPartOfAValueForAUid) {
    for (const std::string& bad :
         {std::string("1.2\\3.4"), std::string("1.2.3\0.4/x", 10), std::string("1.2/3")}) {
        put_bytes(dataset(), DCM_StudyInstanceUID, bad);
        EXPECT_EQ(error_of([&] { header(); }, ErrorCode::malformed_dataset), "") << bad;
    }
}

TEST_F(InstanceHeaders, NeedsNoPixelData) {
    dataset().findAndDeleteElement(DCM_PixelData);
    EXPECT_EQ(header().rows, 61);
    EXPECT_EQ(header(kDeflatedLittleEndian).rows, 61);
}

TEST_F(InstanceHeaders, WorksWhenPixelDataComeFirst) {
    header();
    const auto whole = fixture::read_bytes(folder_ / "file.dcm");
    const std::size_t pixel_size = 12 + 61 * 43 * 2;  // the last element, explicit OW
    const std::size_t meta_end = 132 + 12 + whole[140];
    ASSERT_EQ(whole[whole.size() - pixel_size], 0xE0);
    std::vector<unsigned char> turned(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(meta_end));
    turned.insert(turned.end(), whole.end() - static_cast<std::ptrdiff_t>(pixel_size), whole.end());
    turned.insert(turned.end(), whole.begin() + static_cast<std::ptrdiff_t>(meta_end),
                  whole.end() - static_cast<std::ptrdiff_t>(pixel_size));
    fixture::write_bytes(folder_ / "turned.dcm", turned);
    EXPECT_EQ(read_instance_header(folder_ / "turned.dcm").sop_instance_uid, "1.2.826.0.1.3680043.2.1143.1");
}

TEST_F(InstanceHeaders, GivesTextAsUtf8) {
    put_text(dataset(), DCM_SpecificCharacterSet, "ISO_IR 100");
    put_text(dataset(), DCM_Manufacturer, "M\xFCller");
    EXPECT_EQ(header().manufacturer, "M\xC3\xBCller");
    put_text(dataset(), DCM_SpecificCharacterSet, "ISO_IR 192");
    EXPECT_EQ(header().manufacturer, "M?ller");  // declared UTF-8, but is not
    dataset().findAndDeleteElement(DCM_SpecificCharacterSet);
    EXPECT_EQ(header().manufacturer, "M?ller");
    put_text(dataset(), DCM_Manufacturer, "line\nbreak");
    EXPECT_EQ(header().manufacturer, "line?break");
}

TEST_F(InstanceHeaders, RefusesANestingBomb) {
    DcmItem* inner = &dataset();
    for (int level = 0; level < 70; ++level) {
        DcmItem* next = nullptr;
        ASSERT_TRUE(inner->findOrCreateSequenceItem(DCM_ReferencedImageSequence, next, -2).good());
        inner = next;
    }
    EXPECT_EQ(error_of([&] { header(); }, ErrorCode::too_large), "");
}

TEST(ViewCodes, KnowAllSchemesOfCid4014) {
    struct Row {
        View view;
        const char* sct;
        const char* srt;
    };
    const Row rows[] = {{View::ml, "399260004", "R-10224"},     {View::mlo, "399368009", "R-10226"},
                        {View::lm, "399352003", "R-10228"},     {View::lmo, "399099002", "R-10230"},
                        {View::cc, "399162004", "R-10242"},     {View::fb, "399196006", "R-10244"},
                        {View::sio, "399188001", "R-102D0"},    {View::iso, "441555000", "R-40AAA"},
                        {View::xccl, "399192008", "R-1024A"},   {View::xccm, "399101009", "R-1024B"},
                        {View::specimen, "127457009", "G-8310"}};
    for (const Row& row : rows) {
        EXPECT_EQ(view_of_code({row.sct, "SCT", ""}), row.view) << row.sct;
        EXPECT_EQ(view_of_code({row.srt, "SRT", ""}), row.view) << row.srt;
        EXPECT_EQ(view_of_code({row.srt, "SNM3", ""}), row.view) << row.srt;
        EXPECT_EQ(view_of_code({row.sct, "SRT", ""}), View::unknown) << row.sct;
    }
    EXPECT_EQ(view_of_code({"", "", ""}), View::unknown);
}

TEST(ViewCodes, KnowViewPositions) {
    EXPECT_EQ(view_of_position("CC"), View::cc);
    EXPECT_EQ(view_of_position("XCCM"), View::xccm);
    EXPECT_EQ(view_of_position("cc"), View::unknown);
    EXPECT_EQ(view_of_position(""), View::unknown);
}

}  // namespace
}  // namespace calcnode::dicom

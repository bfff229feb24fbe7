#include "dicom/mammogram_reader.h"

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>

#include "tests/dicom/instance_fixture.h"

namespace calcnode::dicom {
namespace {

using fixture::error_of;
using fixture::ImageOptions;
using fixture::make_instance;
using fixture::pattern;
using fixture::put_number;
using fixture::put_text;
using fixture::save;
using fixture::TemporaryFolder;

using Words = std::vector<std::uint16_t>;

class MammogramReader : public ::testing::Test {
  protected:
    pipeline::Mammogram read(DcmFileFormat& instance, const std::string& syntax = kExplicitLittleEndian) {
        save(instance, folder_ / "file.dcm", syntax);
        return read_mammogram(folder_ / "file.dcm");
    }
    std::string refusal(DcmFileFormat& instance, ErrorCode expected) {
        return error_of([&] { read(instance); }, expected);
    }
    // One row of 16 bit values, 12 of them stored unless said otherwise.
    std::unique_ptr<DcmFileFormat> row_of(const Words& values, ImageOptions options = {}) {
        options.rows = 1;
        options.columns = static_cast<int>(values.size());
        return make_instance(options, values);
    }
    TemporaryFolder folder_;
};

class MammogramSyntax : public MammogramReader, public ::testing::WithParamInterface<fixture::Syntax> {};

TEST_P(MammogramSyntax, GivesBackThePixels) {
    for (const int bits : {10, 12}) {
        if (bits == 10 && !GetParam().lossless) continue;  // DCMTK's lossy encoder stretches these to 12 bits
        ImageOptions options;
        options.bits_stored = bits;
        auto instance = make_instance(options);
        const pipeline::Mammogram found = read(*instance, GetParam().uid);
        const Words expected = pattern(options);
        ASSERT_EQ(found.pixels.rows, options.rows);
        ASSERT_EQ(found.pixels.columns, options.columns);
        ASSERT_EQ(found.pixels.pixels.size(), expected.size());
        if (GetParam().lossless) {
            EXPECT_EQ(found.pixels.pixels, expected) << bits;
            continue;
        }
        double error = 0;
        for (std::size_t index = 0; index < expected.size(); ++index) {
            error += std::abs(found.pixels.pixels[index] - expected[index]);
        }
        EXPECT_LT(error / static_cast<double>(expected.size()), (1 << bits) / 16.0) << bits;
        EXPECT_NE(found.pixels.pixels, expected);
    }
}

TEST_P(MammogramSyntax, GivesBackAllSixteenBits) {
    if (std::string(GetParam().uid) == kJpegExtended) GTEST_SKIP() << "at most 12 bits";
    ImageOptions options;
    options.bits_stored = 16;
    auto instance = make_instance(options);
    const pipeline::Mammogram found = read(*instance, GetParam().uid);
    EXPECT_EQ(found.bits_stored, 16);
    if (GetParam().lossless) {
        EXPECT_EQ(found.pixels.pixels, pattern(options));
    }
}

TEST_P(MammogramSyntax, GivesBackEightBits) {
    ImageOptions options;
    options.bits_allocated = 8;
    options.bits_stored = 8;
    auto instance = make_instance(options);
    const pipeline::Mammogram found = read(*instance, GetParam().uid);
    EXPECT_EQ(found.bits_stored, 8);
    if (GetParam().lossless) {
        EXPECT_EQ(found.pixels.pixels, pattern(options));
    }
}

TEST_P(MammogramSyntax, GivesBackEightBitsInSixteen) {
    if (!GetParam().lossless) GTEST_SKIP();
    ImageOptions options;
    options.bits_stored = 8;
    auto instance = make_instance(options);
    EXPECT_EQ(read(*instance, GetParam().uid).pixels.pixels, pattern(options));
}

TEST_P(MammogramSyntax, TurnsMonochrome1Round) {
    ImageOptions options;
    auto straight = make_instance(options);
    options.photometric = "MONOCHROME1";
    auto inverted = make_instance(options);
    const Words values = read(*straight, GetParam().uid).pixels.pixels;
    Words turned = read(*inverted, GetParam().uid).pixels.pixels;
    for (std::uint16_t& value : turned)
        value = static_cast<std::uint16_t>(4095 - value);
    EXPECT_EQ(turned, values);
}

INSTANTIATE_TEST_SUITE_P(All, MammogramSyntax, ::testing::ValuesIn(fixture::syntaxes()),
                         [](const auto& test) { return test.param.name; });

TEST_F(MammogramReader, ReadsJpegBaseline) {
    ImageOptions options;
    options.bits_allocated = 8;
    options.bits_stored = 8;
    auto instance = make_instance(options);
    const pipeline::Mammogram found = read(*instance, kJpegBaseline);
    const Words expected = pattern(options);
    double error = 0;
    for (std::size_t index = 0; index < expected.size(); ++index) {
        error += std::abs(found.pixels.pixels[index] - expected[index]);
    }
    EXPECT_LT(error / static_cast<double>(expected.size()), 8);
}

TEST_F(MammogramReader, FillsTheRest) {
    auto instance = make_instance();
    const pipeline::Mammogram found = read(*instance);
    EXPECT_EQ(found.bits_stored, 12);
    EXPECT_DOUBLE_EQ(found.row_spacing_mm, 0.07);
    EXPECT_DOUBLE_EQ(found.column_spacing_mm, 0.08);
    EXPECT_EQ(found.laterality, pipeline::Laterality::right);
    EXPECT_EQ(found.view, pipeline::View::cc);
    EXPECT_EQ(found.intent, pipeline::Intent::presentation);
    EXPECT_EQ(found.device.manufacturer, "Maker");
    EXPECT_EQ(found.device.model, "Model");
    EXPECT_EQ(found.device.serial_number, "42");
    EXPECT_EQ(found.device.software_versions, "1.0");
    EXPECT_EQ(found.sop_instance_uid, "1.2.826.0.1.3680043.2.1143.1");
    EXPECT_TRUE(found.padding.empty());
}

TEST_F(MammogramReader, MasksWhatStandsAboveTheStoredBits) {
    auto instance = row_of({0xF123, 0x8FFF, 0x7000});
    EXPECT_EQ(read(*instance).pixels.pixels, (Words{0x123, 0xFFF, 0}));
    ImageOptions options;
    options.photometric = "MONOCHROME1";
    instance = row_of({0xF123, 0x8FFF, 0x7000}, options);
    EXPECT_EQ(read(*instance).pixels.pixels, (Words{0xEDC, 0, 0xFFF}));
}

TEST_F(MammogramReader, TurnsRoundOnceOnly) {
    auto instance = row_of({0, 5});
    put_text(*instance->getDataset(), DCM_PresentationLUTShape, "INVERSE");
    EXPECT_EQ(read(*instance).pixels.pixels, (Words{4095, 4090}));
    put_text(*instance->getDataset(), DCM_PhotometricInterpretation, "MONOCHROME1");
    EXPECT_EQ(read(*instance).pixels.pixels, (Words{4095, 4090}));
    put_text(*instance->getDataset(), DCM_PresentationLUTShape, "IDENTITY");
    EXPECT_EQ(read(*instance).pixels.pixels, (Words{4095, 4090}));
    put_text(*instance->getDataset(), DCM_PhotometricInterpretation, "MONOCHROME2");
    EXPECT_EQ(read(*instance).pixels.pixels, (Words{0, 5}));
}

TEST_F(MammogramReader, TellsPaddingFromTheStoredValues) {
    ImageOptions options;
    options.photometric = "MONOCHROME1";
    auto instance = row_of({0, 7, 4095, 10, 11}, options);
    put_number(*instance->getDataset(), DCM_PixelPaddingValue, 4095);
    const pipeline::Mammogram one = read(*instance);
    EXPECT_EQ(one.padding.pixels, (std::vector<std::uint8_t>{0, 0, 1, 0, 0}));
    EXPECT_EQ(one.pixels.pixels, (Words{4095, 4088, 0, 4085, 4084}));
    put_number(*instance->getDataset(), DCM_PixelPaddingValue, 10);
    put_number(*instance->getDataset(), DCM_PixelPaddingRangeLimit, 0);
    EXPECT_EQ(read(*instance).padding.pixels, (std::vector<std::uint8_t>{1, 1, 0, 1, 0}));
}

TEST_F(MammogramReader, AppliesARescale) {
    auto instance = row_of({0, 4095, 1024});
    put_text(*instance->getDataset(), DCM_RescaleSlope, "1");
    put_text(*instance->getDataset(), DCM_RescaleIntercept, "0");
    EXPECT_EQ(read(*instance).pixels.pixels, (Words{0, 4095, 1024}));
    put_text(*instance->getDataset(), DCM_RescaleSlope, "-0.5");
    put_text(*instance->getDataset(), DCM_RescaleIntercept, "100");
    const pipeline::Mammogram found = read(*instance);
    EXPECT_EQ(found.bits_stored, 16);
    EXPECT_EQ(found.pixels.pixels, (Words{65535, 0, 49147}));
    put_text(*instance->getDataset(), DCM_RescaleSlope, "0");
    EXPECT_EQ(refusal(*instance, ErrorCode::unsupported_pixels), "");
}

class RawMammogram : public MammogramReader {
  protected:
    Words read_raw(const char* relationship, int sign, const char* photometric) {
        ImageOptions options;
        options.sop_class = kMammographyForProcessing;
        options.bits_stored = 14;
        options.photometric = photometric;
        auto instance = row_of({0, 1, 100, 1000, 16383}, options);
        put_text(*instance->getDataset(), DCM_PixelIntensityRelationship, relationship);
        if (sign != 0) {
            const auto value = static_cast<Sint16>(sign);
            instance->getDataset()->putAndInsertSint16(DCM_PixelIntensityRelationshipSign, value);
        }
        const pipeline::Mammogram found = read(*instance);
        EXPECT_EQ(found.intent, pipeline::Intent::processing);
        bits_ = found.bits_stored;
        return found.pixels.pixels;
    }
    int bits_ = 0;
};

TEST_F(RawMammogram, TakesTheLogarithmOfLinearExposureAndTurnsItRound) {
    Words expected;
    for (const double exposure : {0.0, 1.0, 100.0, 1000.0, 16383.0}) {
        expected.push_back(static_cast<std::uint16_t>(
            std::lround(65535 * (1 - std::log(1 + exposure) / std::log(16384.0)))));
    }
    EXPECT_EQ(expected.front(), 65535);
    EXPECT_EQ(expected.back(), 0);
    EXPECT_EQ(read_raw("LIN", 1, "MONOCHROME2"), expected);
    EXPECT_EQ(bits_, 16);
    EXPECT_EQ(read_raw("LIN", 1, "MONOCHROME1"), expected);  // display only: the sign is the fact
    EXPECT_EQ(read_raw("LIN", 0, "MONOCHROME1"), expected);
}

TEST_F(RawMammogram, MirrorsLinearDataOfNegativeSignFirst) {
    const Words found = read_raw("LIN", -1, "MONOCHROME2");
    EXPECT_EQ(found.front(), 0);  // stored 0 is the most exposure
    EXPECT_EQ(found.back(), 65535);
    EXPECT_EQ(found[3], std::lround(65535 * (1 - std::log(16384.0 - 1000.0) / std::log(16384.0))));
}

TEST_F(RawMammogram, LeavesLogarithmicAndDisplayDataAsTheyAre) {
    const Words stored = {0, 1, 100, 1000, 16383};
    const Words turned = {16383, 16382, 16283, 15383, 0};
    EXPECT_EQ(read_raw("LOG", -1, "MONOCHROME2"), stored);
    EXPECT_EQ(bits_, 14);
    EXPECT_EQ(read_raw("LOG", 1, "MONOCHROME1"), turned);
    EXPECT_EQ(read_raw("LOG", 0, "MONOCHROME1"), turned);
    EXPECT_EQ(read_raw("DISP", -1, "MONOCHROME2"), stored);
    EXPECT_EQ(read_raw("DISP", 1, "MONOCHROME1"), turned);
}

TEST_F(MammogramReader, DividesTheImagerSpacingByTheMagnification) {
    auto instance = make_instance();
    put_text(*instance->getDataset(), DCM_EstimatedRadiographicMagnificationFactor, "1.25");
    const pipeline::Mammogram found = read(*instance);
    EXPECT_DOUBLE_EQ(found.row_spacing_mm, 0.056);
    EXPECT_DOUBLE_EQ(found.column_spacing_mm, 0.064);
}

TEST_F(MammogramReader, PrefersACalibratedPixelSpacing) {
    auto instance = make_instance();
    DcmDataset& dataset = *instance->getDataset();
    put_text(dataset, DCM_EstimatedRadiographicMagnificationFactor, "1.25");
    put_text(dataset, DCM_PixelSpacing, "0.07\\0.08");  // the imager's own: not calibrated
    EXPECT_DOUBLE_EQ(read(*instance).row_spacing_mm, 0.056);
    put_text(dataset, DCM_PixelSpacingCalibrationType, "GEOMETRY");
    EXPECT_DOUBLE_EQ(read(*instance).row_spacing_mm, 0.07);
    dataset.findAndDeleteElement(DCM_PixelSpacingCalibrationType);
    put_text(dataset, DCM_PixelSpacing, "0.06\\0.065");
    EXPECT_DOUBLE_EQ(read(*instance).column_spacing_mm, 0.065);
    dataset.findAndDeleteElement(DCM_ImagerPixelSpacing);
    EXPECT_DOUBLE_EQ(read(*instance).row_spacing_mm, 0.06);
    dataset.findAndDeleteElement(DCM_PixelSpacing);
    EXPECT_EQ(refusal(*instance, ErrorCode::missing_attribute), "");
    put_text(dataset, DCM_ImagerPixelSpacing, "0\\0");
    EXPECT_EQ(refusal(*instance, ErrorCode::missing_attribute), "");
}

TEST_F(MammogramReader, RefusesWhatIsNoMammogram) {
    auto instance = make_instance();
    put_text(*instance->getDataset(), DCM_NumberOfFrames, "2");
    EXPECT_EQ(refusal(*instance, ErrorCode::not_a_mammogram), "");
    instance = make_instance();
    put_text(*instance->getDataset(), DCM_Modality, "DX");
    EXPECT_EQ(refusal(*instance, ErrorCode::not_a_mammogram), "");
    instance = make_instance();
    put_text(*instance->getDataset(), DCM_SOPClassUID, "1.2.840.10008.5.1.4.1.1.7");
    EXPECT_EQ(refusal(*instance, ErrorCode::not_a_mammogram), "");
}

TEST_F(MammogramReader, RefusesPixelsThatItDoesNotHandle) {
    const auto refused = [&](const DcmTagKey& tag, int value) {
        auto instance = make_instance();
        put_number(*instance->getDataset(), tag, value);
        return refusal(*instance, ErrorCode::unsupported_pixels);
    };
    EXPECT_EQ(refused(DCM_PixelRepresentation, 1), "");
    EXPECT_EQ(refused(DCM_SamplesPerPixel, 3), "");
    EXPECT_EQ(refused(DCM_BitsAllocated, 32), "");
    EXPECT_EQ(refused(DCM_BitsAllocated, 12), "");
    EXPECT_EQ(refused(DCM_BitsStored, 17), "");
    EXPECT_EQ(refused(DCM_BitsStored, 0), "");
    EXPECT_EQ(refused(DCM_HighBit, 15), "");
    EXPECT_EQ(refused(DCM_Rows, 0), "");
    for (const char* photometric : {"PALETTE COLOR", "RGB", "YBR_FULL_422"}) {
        ImageOptions options;
        options.photometric = photometric;
        auto instance = make_instance(options);
        EXPECT_EQ(refusal(*instance, ErrorCode::unsupported_pixels), "") << photometric;
    }
}

TEST_F(MammogramReader, NeedsItsAttributes) {
    for (const DcmTagKey& tag : {DCM_Rows, DCM_Columns, DCM_BitsAllocated, DCM_BitsStored,
                                 DCM_PhotometricInterpretation, DCM_PixelData}) {
        auto instance = make_instance();
        instance->getDataset()->findAndDeleteElement(tag);
        EXPECT_EQ(refusal(*instance, ErrorCode::missing_attribute), "") << tag;
    }
}

TEST_F(MammogramReader, RefusesSizesThatThePixelDataDoNotHave) {
    for (const int rows : {1, 60, 62, 65535}) {
        auto instance = make_instance();
        put_number(*instance->getDataset(), DCM_Rows, rows);
        EXPECT_EQ(refusal(*instance, ErrorCode::malformed_dataset), "") << rows;
    }
    auto instance = make_instance();
    put_number(*instance->getDataset(), DCM_Rows, 65535);
    put_number(*instance->getDataset(), DCM_Columns, 65535);
    EXPECT_EQ(refusal(*instance, ErrorCode::too_large), "");
}

TEST_F(MammogramReader, KeepsItsLimits) {
    auto instance = make_instance();
    save(*instance, folder_ / "file.dcm", kExplicitLittleEndian);
    const auto read_with = [&](const ReaderLimits& limits) { read_mammogram(folder_ / "file.dcm", limits); };
    EXPECT_EQ(error_of([&] { read_with({.pixels = 61 * 43 - 1}); }, ErrorCode::too_large), "");
    EXPECT_EQ(error_of([&] { read_with({.file_bytes = 1000}); }, ErrorCode::too_large), "");
    EXPECT_NO_THROW(read_with({.pixels = 61 * 43}));
    EXPECT_EQ(error_of([&] { read_mammogram(folder_ / "none.dcm"); }, ErrorCode::file_error), "");
}

TEST_F(MammogramReader, RefusesSyntaxesThatItCannotDecode) {
    auto instance = make_instance();
    fixture::put_fragments(*instance->getDataset(), {{1, 2, 3, 4}}, "1.2.840.10008.1.2.4.102");  // MPEG4
    instance->saveFile((folder_ / "file.dcm").c_str(), EXS_MPEG4HighProfileLevel4_1);
    EXPECT_EQ(error_of([&] { read_mammogram(folder_ / "file.dcm"); }, ErrorCode::unsupported_syntax), "");
}

}  // namespace
}  // namespace calcnode::dicom

// Pixel data that a codec must refuse, or at least survive: cut, contradicted by the header, changed.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>

#include "dicom/jpeg_frame.h"
#include "dicom/mammogram_reader.h"
#include "dicom/rle_decoder.h"
#include "tests/dicom/instance_fixture.h"

namespace calcnode::dicom {
namespace {

using fixture::error_of;
using fixture::ImageOptions;
using fixture::make_instance;
using fixture::pattern;
using fixture::put_fragments;
using fixture::put_number;
using fixture::read_bytes;
using fixture::save;
using fixture::TemporaryFolder;
using fixture::write_bytes;

using Bytes = std::vector<unsigned char>;

bool is_encapsulated(const fixture::Syntax& syntax) {
    return DcmXfer(syntax.uid).isEncapsulated();
}

class DamagedPixels : public ::testing::Test {
  protected:
    // The one fragment of an instance that was encoded in `syntax`.
    Bytes encoded(const std::string& syntax, const ImageOptions& options = {}) {
        auto instance = make_instance(options);
        save(*instance, folder_ / "encoded.dcm", syntax);
        const Bytes file = read_bytes(folder_ / "encoded.dcm");
        const Bytes mark = {0xE0, 0x7F, 0x10, 0x00, 'O', 'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF};
        const auto found = std::search(file.begin(), file.end(), mark.begin(), mark.end());
        const std::size_t table = static_cast<std::size_t>(found - file.begin()) + mark.size();
        const std::size_t fragment = table + 8 + length_at(file, table + 4);
        const std::size_t begin = fragment + 8;
        return Bytes(file.begin() + static_cast<std::ptrdiff_t>(begin),
                     file.begin() + static_cast<std::ptrdiff_t>(begin + length_at(file, fragment + 4)));
    }
    // An instance whose header is that of `options` and whose Pixel Data are these fragments.
    void write(const std::vector<Bytes>& fragments, const std::string& syntax,
               const ImageOptions& options = {}) {
        auto instance = make_instance(options);
        put_fragments(*instance->getDataset(), fragments, syntax);
        std::filesystem::remove(folder_ / "file.dcm");
        const OFCondition saved =
            instance->saveFile((folder_ / "file.dcm").c_str(), DcmXfer(syntax.c_str()).getXfer());
        ASSERT_TRUE(saved.good()) << saved.text();
    }
    std::string refusal(ErrorCode expected) {
        return error_of([&] { read_mammogram(folder_ / "file.dcm"); }, expected);
    }
    TemporaryFolder folder_;

  private:
    static std::size_t length_at(const Bytes& bytes, std::size_t at) {
        return bytes[at] | static_cast<std::size_t>(bytes[at + 1]) << 8 |
               static_cast<std::size_t>(bytes[at + 2]) << 16 | static_cast<std::size_t>(bytes[at + 3]) << 24;
    }
};

TEST_F(DamagedPixels, AreUndecodableWhenCut) {
    for (const auto& syntax : fixture::syntaxes()) {
        if (!is_encapsulated(syntax)) continue;
        const Bytes whole = encoded(syntax.uid);
        for (const double part : {0.0, 0.05, 0.3, 0.6, 0.9}) {
            const auto size = static_cast<std::ptrdiff_t>(part * static_cast<double>(whole.size()));
            write({Bytes(whole.begin(), whole.begin() + size)}, syntax.uid);
            EXPECT_EQ(refusal(ErrorCode::undecodable), "") << syntax.name << " cut to " << size;
        }
    }
}

TEST_F(DamagedPixels, OfACutFileAreNeverTakenForWhole) {
    for (const auto& syntax : fixture::syntaxes()) {
        auto instance = make_instance();
        save(*instance, folder_ / "whole.dcm", syntax.uid);
        const Bytes whole = read_bytes(folder_ / "whole.dcm");
        for (std::size_t size = 0; size < whole.size(); size += 97) {
            write_bytes(folder_ / "cut.dcm",
                        Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
            EXPECT_THROW(read_mammogram(folder_ / "cut.dcm"), Error) << syntax.name << " at " << size;
        }
    }
}

TEST_F(DamagedPixels, AreUndecodableWhenOfAnotherSize) {
    for (const auto& syntax : fixture::syntaxes()) {
        if (!is_encapsulated(syntax)) continue;
        const Bytes whole = encoded(syntax.uid);
        ImageOptions other;
        other.rows = 122;
        write({whole}, syntax.uid, other);
        EXPECT_EQ(refusal(ErrorCode::undecodable), "") << syntax.name;
        other.rows = 30;
        write({whole}, syntax.uid, other);
        EXPECT_EQ(refusal(ErrorCode::undecodable), "") << syntax.name;
    }
}

TEST_F(DamagedPixels, AreUnsupportedWhenOfFewerBits) {
    ImageOptions few;
    few.bits_allocated = 8;
    few.bits_stored = 8;
    for (const char* syntax : {kJpegBaseline, kJpegLosslessSv1, kJpegLsLossless, kJpeg2000Lossless}) {
        const Bytes whole = encoded(syntax, few);
        write({whole}, syntax);  // 12 bits stored
        EXPECT_EQ(refusal(ErrorCode::unsupported_pixels), "") << syntax;
    }
}

TEST_F(DamagedPixels, AreUndecodableWhenOfAnotherCodec) {
    for (const auto& syntax : fixture::syntaxes()) {
        if (!is_encapsulated(syntax)) continue;
        write({Bytes(1000, 0x55)}, syntax.uid);
        EXPECT_EQ(refusal(ErrorCode::undecodable), "") << syntax.name;
        write({Bytes(1000, 0xFF)}, syntax.uid);
        EXPECT_EQ(refusal(ErrorCode::undecodable), "") << syntax.name;
        write({}, syntax.uid);
        EXPECT_EQ(refusal(ErrorCode::undecodable), "") << syntax.name;
    }
}

TEST_F(DamagedPixels, AreJoinedFromTheirFragments) {
    for (const char* syntax : {kJpeg2000Lossless, kJpegLosslessSv1, kJpegLsLossless, kRleLossless}) {
        const Bytes whole = encoded(syntax);
        const auto middle = static_cast<std::ptrdiff_t>(whole.size() / 4 * 2);
        write({Bytes(whole.begin(), whole.begin() + middle), Bytes(whole.begin() + middle, whole.end())},
              syntax);
        EXPECT_EQ(read_mammogram(folder_ / "file.dcm").pixels.pixels, pattern({})) << syntax;
    }
}

TEST_F(DamagedPixels, NeverCrashTheReaderWhenChanged) {
    std::mt19937 random(11);
    for (const auto& syntax : fixture::syntaxes()) {
        if (!is_encapsulated(syntax)) continue;
        const Bytes whole = encoded(syntax.uid);
        for (int round = 0; round < 60; ++round) {
            Bytes changed = whole;
            for (int change = 0; change <= round % 4; ++change) {
                changed[random() % changed.size()] = static_cast<unsigned char>(random());
            }
            write({changed}, syntax.uid);
            try {
                const pipeline::Mammogram found = read_mammogram(folder_ / "file.dcm");
                EXPECT_EQ(found.pixels.pixels.size(), 61u * 43u) << syntax.name;
            } catch (const Error& error) {
                EXPECT_TRUE(error.code() == ErrorCode::undecodable ||
                            error.code() == ErrorCode::unsupported_pixels)
                    << syntax.name << ": " << error.what();
            }
        }
    }
}

TEST_F(DamagedPixels, OfNativeLengthInAnEncapsulatedSyntaxAreMalformed) {
    auto instance = make_instance();
    save(*instance, folder_ / "file.dcm", kExplicitLittleEndian);
    Bytes bytes = read_bytes(folder_ / "file.dcm");
    const std::string from = std::string(kExplicitLittleEndian) + '\0';  // 20 bytes
    const std::string to = std::string("1.2.840.10008.1.2.5") + '\0';
    const auto found = std::search(bytes.begin(), bytes.end(), from.begin(), from.end());
    ASSERT_NE(found, bytes.end());
    std::copy(to.begin(), to.end(), found);
    write_bytes(folder_ / "file.dcm", bytes);
    EXPECT_EQ(refusal(ErrorCode::malformed_dataset), "");
}

TEST(JpegFrame, RefusesATemMarkerAtOnce) {
    const Bytes stream = {0xFF, 0xD8, 0xFF, 0x01, 0xFF, 0x01, 0xFF, 0xC3, 0, 11,
                          8,    0,    1,    0,    1,    1,    1,    0x11, 0};
    EXPECT_EQ(error_of([&] { read_jpeg_frame(stream); }, ErrorCode::undecodable), "");
}

TEST(JpegFrame, PassesOverSegmentsAndFillBytes) {
    const Bytes stream = {0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xFF, 0xC3,
                          0,    11,   12,   1,    2, 3, 4, 1, 1,    0x11, 0};
    const JpegFrame frame = read_jpeg_frame(stream);
    EXPECT_EQ(frame.precision, 12);
    EXPECT_EQ(frame.rows, 0x102);
    EXPECT_EQ(frame.columns, 0x304);
    EXPECT_EQ(frame.components, 1);
}

class RleDecoder : public ::testing::Test {
  protected:
    // A frame with one segment for one row of four 8 bit pixels.
    static Bytes frame(const Bytes& segment) {
        Bytes bytes(64 + segment.size(), 0);
        bytes[0] = 1;
        bytes[4] = 64;
        std::copy(segment.begin(), segment.end(), bytes.begin() + 64);
        return bytes;
    }
    static std::vector<std::uint16_t> decode(const Bytes& bytes) { return decode_rle(bytes, format()); }
    static std::string refusal(const Bytes& bytes) {
        return error_of([&] { decode(bytes); }, ErrorCode::undecodable);
    }
    static PixelFormat format() {
        PixelFormat value;
        value.rows = 1;
        value.columns = 4;
        value.bits_allocated = value.bits_stored = 8;
        return value;
    }
};

TEST_F(RleDecoder, ExpandsLiteralsRunsAndNoOperations) {
    EXPECT_EQ(decode(frame({0, 7, 128, 254, 9, 0})), (std::vector<std::uint16_t>{7, 9, 9, 9}));
}

TEST_F(RleDecoder, RefusesSegmentsThatAreTooShortOrTooLong) {
    EXPECT_EQ(refusal(frame({})), "");
    EXPECT_EQ(refusal(frame({3})), "");
    EXPECT_EQ(refusal(frame({3, 1, 2})), "");
    EXPECT_EQ(refusal(frame({254, 1})), "");
    EXPECT_EQ(refusal(frame({129, 1})), "");
    EXPECT_EQ(refusal(frame({128, 128, 128, 128})), "");
    EXPECT_EQ(refusal(frame({253, 5, 253, 5, 0})), "");
}

TEST_F(RleDecoder, RefusesHeadersThatPointElsewhere) {
    for (const auto& [at, value] : {std::pair{0, 0}, {0, 2}, {0, 255}, {4, 0}, {4, 63}, {4, 255}, {7, 255}}) {
        Bytes bytes = frame({253, 5});
        bytes[static_cast<std::size_t>(at)] = static_cast<unsigned char>(value);
        EXPECT_EQ(refusal(bytes), "") << at << ' ' << value;
    }
    EXPECT_EQ(decode(frame({253, 5})), (std::vector<std::uint16_t>{5, 5, 5, 5}));
    EXPECT_EQ(refusal(Bytes(63, 0)), "");
}

}  // namespace
}  // namespace calcnode::dicom

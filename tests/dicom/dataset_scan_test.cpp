#include "dicom/dataset_scan.h"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "dicom/error.h"
#include "tests/dicom/instance_fixture.h"

namespace calcnode::dicom {
namespace {

using fixture::error_of;
using fixture::make_instance;
using fixture::read_bytes;
using fixture::save;
using fixture::syntaxes;
using fixture::TemporaryFolder;
using fixture::write_bytes;

using Bytes = std::vector<unsigned char>;

constexpr std::uint32_t kUndefined = 0xFFFFFFFF;

void append_number(Bytes& out, std::uint32_t value, int size) {
    for (int index = 0; index < size; ++index)
        out.push_back(static_cast<unsigned char>(value >> (8 * index)));
}

// Explicit little endian when `vr` is given, implicit otherwise; the value follows.
void append_header(Bytes& out, std::uint32_t tag, const char* vr, std::uint32_t length) {
    append_number(out, tag >> 16, 2);
    append_number(out, tag & 0xFFFF, 2);
    const bool is_long = vr != nullptr && std::strstr("OB OW SQ UN UT", vr) != nullptr;
    if (vr != nullptr) out.insert(out.end(), vr, vr + 2);
    if (is_long) append_number(out, 0, 2);
    append_number(out, length, vr != nullptr && !is_long ? 2 : 4);
}

Bytes file_of(const std::string& syntax, const Bytes& dataset) {
    std::string uid = syntax;
    if (uid.size() % 2 == 1) uid.push_back('\0');
    Bytes meta;
    append_header(meta, 0x00020010, "UI", static_cast<std::uint32_t>(uid.size()));
    meta.insert(meta.end(), uid.begin(), uid.end());
    Bytes bytes(132, 0);
    std::memcpy(bytes.data() + 128, "DICM", 4);
    append_header(bytes, 0x00020000, "UL", 4);
    append_number(bytes, static_cast<std::uint32_t>(meta.size()), 4);
    bytes.insert(bytes.end(), meta.begin(), meta.end());
    bytes.insert(bytes.end(), dataset.begin(), dataset.end());
    return bytes;
}

class DatasetScan : public ::testing::Test {
  protected:
    ScanResult scan(const std::string& syntax, const Bytes& dataset, const ScanLimits& limits = {}) {
        write_bytes(folder_ / "file.dcm", file_of(syntax, dataset));
        return scan_dataset(folder_ / "file.dcm", limits);
    }
    std::string refusal(const std::string& syntax, const Bytes& dataset, ErrorCode expected,
                        const ScanLimits& limits = {}) {
        return error_of([&] { scan(syntax, dataset, limits); }, expected);
    }
    TemporaryFolder folder_;
};

TEST_F(DatasetScan, AcceptsEverySyntax) {
    for (const auto& syntax : syntaxes()) {
        auto instance = make_instance();
        save(*instance, folder_ / "good.dcm", syntax.uid);
        const ScanResult result = scan_dataset(folder_ / "good.dcm");
        EXPECT_EQ(result.transfer_syntax_uid, syntax.uid);
        EXPECT_TRUE(result.has_pixel_data) << syntax.name;
        EXPECT_GE(result.depth, 1) << syntax.name;  // lossy encoders add a derivation code
        if (!DcmXfer(syntax.uid).isEncapsulated()) {
            EXPECT_EQ(result.pixel_data_bytes, 61u * 43u * 2u) << syntax.name;
        }
    }
}

TEST_F(DatasetScan, NeverTakesACutFileForWhole) {
    for (const auto& syntax : syntaxes()) {
        auto instance = make_instance();
        save(*instance, folder_ / "good.dcm", syntax.uid);
        const Bytes whole = read_bytes(folder_ / "good.dcm");
        for (std::size_t size = 0; size < whole.size(); size += 97) {
            write_bytes(folder_ / "cut.dcm",
                        Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
            try {
                // Only a cut that falls between two elements before Pixel Data leaves a sound data set.
                EXPECT_FALSE(scan_dataset(folder_ / "cut.dcm").has_pixel_data)
                    << syntax.name << " at " << size;
            } catch (const Error& error) {
                EXPECT_TRUE(error.code() == ErrorCode::malformed_dataset ||
                            error.code() == ErrorCode::not_dicom)
                    << syntax.name << " at " << size << ": " << error.what();
            }
        }
    }
}

TEST_F(DatasetScan, SurvivesFlippedBytes) {
    for (const auto& syntax : syntaxes()) {
        auto instance = make_instance();
        save(*instance, folder_ / "good.dcm", syntax.uid);
        const Bytes whole = read_bytes(folder_ / "good.dcm");
        const std::size_t end = std::min<std::size_t>(whole.size(), 1500);
        for (std::size_t at = 128; at < end; at += 5) {
            Bytes changed = whole;
            changed[at] ^= static_cast<unsigned char>(1u << at % 8);
            write_bytes(folder_ / "changed.dcm", changed);
            try {
                scan_dataset(folder_ / "changed.dcm");
            } catch (const Error& error) {
                EXPECT_NE(error.code(), ErrorCode::file_error) << error.what();
            }
        }
    }
}

// Each level is a sequence of undefined length with one item of undefined length.
Bytes nested(int levels, bool explicit_vr) {
    Bytes bytes;
    for (int level = 0; level < levels; ++level) {
        append_header(bytes, 0x00081140, explicit_vr ? "SQ" : nullptr, kUndefined);
        append_header(bytes, 0xFFFEE000, nullptr, kUndefined);
    }
    for (int level = 0; level < levels; ++level) {
        append_header(bytes, 0xFFFEE00D, nullptr, 0);
        append_header(bytes, 0xFFFEE0DD, nullptr, 0);
    }
    return bytes;
}

// The same with lengths: only the dictionary, or the value's first bytes, tell that these are sequences.
Bytes nested_with_lengths(int levels, std::uint32_t tag) {
    Bytes bytes;
    for (int level = levels; level > 0; --level) {
        const auto inner = static_cast<std::uint32_t>(16 * (level - 1));
        append_header(bytes, tag, nullptr, inner + 8);
        append_header(bytes, 0xFFFEE000, nullptr, inner);
    }
    return bytes;
}

TEST_F(DatasetScan, CountsNesting) {
    EXPECT_EQ(scan(kExplicitLittleEndian, nested(64, true)).depth, 64);
    EXPECT_EQ(scan(kImplicitLittleEndian, nested(64, false)).depth, 64);
    EXPECT_EQ(scan(kImplicitLittleEndian, nested_with_lengths(64, 0x00081140)).depth, 64);
    EXPECT_EQ(scan(kImplicitLittleEndian, nested_with_lengths(64, 0x00091040)).depth, 64);
}

TEST_F(DatasetScan, RefusesANestingBomb) {
    EXPECT_EQ(refusal(kExplicitLittleEndian, nested(10000, true), ErrorCode::too_large), "");
    EXPECT_EQ(refusal(kImplicitLittleEndian, nested(10000, false), ErrorCode::too_large), "");
    EXPECT_EQ(refusal(kImplicitLittleEndian, nested_with_lengths(10000, 0x00081140), ErrorCode::too_large),
              "");
    EXPECT_EQ(refusal(kImplicitLittleEndian, nested_with_lengths(10000, 0x00091040), ErrorCode::too_large),
              "");
    EXPECT_EQ(refusal(kExplicitLittleEndian, nested(65, true), ErrorCode::too_large), "");
}

TEST_F(DatasetScan, WalksIntoUnknownValuesOfUndefinedLength) {
    Bytes bytes;
    append_header(bytes, 0x00091001, "UN", kUndefined);  // its content is implicit (PS3.5 6.2.2)
    append_header(bytes, 0xFFFEE000, nullptr, kUndefined);
    const Bytes inner = nested(3, false);
    bytes.insert(bytes.end(), inner.begin(), inner.end());
    append_header(bytes, 0xFFFEE00D, nullptr, 0);
    append_header(bytes, 0xFFFEE0DD, nullptr, 0);
    EXPECT_EQ(scan(kExplicitLittleEndian, bytes).depth, 4);
}

TEST_F(DatasetScan, RefusesLengthsBeyondTheFileAndSaysWhere) {
    Bytes bytes;
    append_header(bytes, 0x00100020, "LO", 4);
    append_number(bytes, 0x20202020, 4);
    append_header(bytes, 0x7FE00010, "OW", 0x7FFFFFFE);
    append_number(bytes, 0, 4);
    try {
        scan(kExplicitLittleEndian, bytes);
        FAIL() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::malformed_dataset);
        EXPECT_NE(std::string(error.what()).find("(7fe0,0010) at offset 184"), std::string::npos)
            << error.what();
    }
}

TEST_F(DatasetScan, RefusesAnElementThatLeavesItsItem) {
    Bytes bytes;
    append_header(bytes, 0x00081140, "SQ", 8 + 10);
    append_header(bytes, 0xFFFEE000, nullptr, 10);
    append_header(bytes, 0x00080100, "SH", 8);  // only 2 bytes are left of the item
    bytes.insert(bytes.end(), 8, ' ');
    EXPECT_EQ(refusal(kExplicitLittleEndian, bytes, ErrorCode::malformed_dataset), "");
}

TEST_F(DatasetScan, RefusesAnItemThatLeavesItsSequence) {
    Bytes bytes;
    append_header(bytes, 0x00081140, "SQ", 8 + 2);
    append_header(bytes, 0xFFFEE000, nullptr, 10);
    append_header(bytes, 0x00080100, "SH", 2);
    bytes.insert(bytes.end(), 2, ' ');
    EXPECT_EQ(refusal(kExplicitLittleEndian, bytes, ErrorCode::malformed_dataset), "");
}

TEST_F(DatasetScan, RefusesDelimitersOutOfPlace) {
    for (const std::uint32_t tag : {0xFFFEE000u, 0xFFFEE00Du, 0xFFFEE0DDu}) {
        Bytes bytes;
        append_header(bytes, tag, nullptr, 0);
        EXPECT_EQ(refusal(kExplicitLittleEndian, bytes, ErrorCode::malformed_dataset), "") << std::hex << tag;
    }
    Bytes crossed;
    append_header(crossed, 0x00081140, "SQ", kUndefined);
    append_header(crossed, 0xFFFEE000, nullptr, kUndefined);
    append_header(crossed, 0xFFFEE0DD, nullptr, 0);
    append_header(crossed, 0xFFFEE00D, nullptr, 0);
    EXPECT_EQ(refusal(kExplicitLittleEndian, crossed, ErrorCode::malformed_dataset), "");
}

TEST_F(DatasetScan, RefusesUndefinedLengthsWhereTheyCannotBe) {
    for (const char* vr : {"OB", "UT"}) {
        Bytes bytes;
        append_header(bytes, 0x00420011, vr, kUndefined);
        append_header(bytes, 0xFFFEE0DD, nullptr, 0);
        EXPECT_EQ(refusal(kExplicitLittleEndian, bytes, ErrorCode::malformed_dataset), "") << vr;
    }
    Bytes native;  // fragments, but the syntax is not encapsulated
    append_header(native, 0x7FE00010, "OB", kUndefined);
    append_header(native, 0xFFFEE000, nullptr, 0);
    append_header(native, 0xFFFEE0DD, nullptr, 0);
    EXPECT_EQ(refusal(kExplicitLittleEndian, native, ErrorCode::malformed_dataset), "");
    EXPECT_TRUE(scan(kJpegBaseline, native).has_pixel_data);
}

TEST_F(DatasetScan, SumsFragmentsWithoutTheOffsetTable) {
    Bytes bytes;
    append_header(bytes, 0x7FE00010, "OB", kUndefined);
    for (const std::uint32_t length : {4u, 6u, 10u}) {
        append_header(bytes, 0xFFFEE000, nullptr, length);
        bytes.insert(bytes.end(), length, 1);
    }
    append_header(bytes, 0xFFFEE0DD, nullptr, 0);
    EXPECT_EQ(scan(kJpegBaseline, bytes).pixel_data_bytes, 16u);
}

TEST_F(DatasetScan, RefusesPixelDataTwice) {
    Bytes bytes;
    for (int index = 0; index < 2; ++index)
        append_header(bytes, 0x7FE00010, "OW", 0);
    EXPECT_EQ(refusal(kExplicitLittleEndian, bytes, ErrorCode::malformed_dataset), "");
}

TEST_F(DatasetScan, CountsElements) {
    Bytes bytes;
    for (int index = 0; index < 101; ++index)
        append_header(bytes, 0x00080008, "CS", 0);
    EXPECT_EQ(refusal(kExplicitLittleEndian, bytes, ErrorCode::too_large, {.elements = 100}), "");
    EXPECT_FALSE(scan(kExplicitLittleEndian, bytes, {.elements = 101}).has_pixel_data);
}

TEST_F(DatasetScan, LimitsWhatTheHeaderTakes) {
    Bytes bytes;
    append_header(bytes, 0x00420011, "OB", 1000);
    bytes.insert(bytes.end(), 1000, 0);
    EXPECT_EQ(refusal(kExplicitLittleEndian, bytes, ErrorCode::too_large, {.header_bytes = 999}), "");
    EXPECT_EQ(scan(kExplicitLittleEndian, bytes, {.header_bytes = 1000}).depth, 0);
}

Bytes deflated(const Bytes& bytes) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
    Bytes out(deflateBound(&stream, bytes.size()));
    stream.next_in = const_cast<unsigned char*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

TEST_F(DatasetScan, RefusesADeflateBomb) {
    Bytes bytes;
    append_header(bytes, 0x7FE00010, "OW", 8 << 20);
    bytes.insert(bytes.end(), 8 << 20, 0);
    const Bytes bomb = deflated(bytes);
    ASSERT_LT(bomb.size(), 20000u);
    EXPECT_EQ(refusal(kDeflatedLittleEndian, bomb, ErrorCode::too_large, {.inflated_bytes = 1 << 20}), "");
    EXPECT_EQ(scan(kDeflatedLittleEndian, bomb).pixel_data_bytes, 8u << 20);
}

TEST_F(DatasetScan, RefusesADamagedDeflatedStream) {
    Bytes bytes;
    append_header(bytes, 0x7FE00010, "OW", 2000);
    for (int index = 0; index < 2000; ++index)
        bytes.push_back(static_cast<unsigned char>(index * index));
    Bytes stream = deflated(bytes);
    Bytes longer = stream;
    longer.insert(longer.end(), 2, 0);
    EXPECT_EQ(refusal(kDeflatedLittleEndian, longer, ErrorCode::malformed_dataset), "");
    longer.pop_back();  // one padding byte is right (PS3.5 A.5)
    EXPECT_TRUE(scan(kDeflatedLittleEndian, longer).has_pixel_data);
    stream.erase(stream.end() - 10, stream.end());
    EXPECT_EQ(refusal(kDeflatedLittleEndian, stream, ErrorCode::malformed_dataset), "");
    EXPECT_EQ(refusal(kDeflatedLittleEndian, Bytes(100, 0xFF), ErrorCode::malformed_dataset), "");
}

TEST_F(DatasetScan, RefusesWhatIsNoDicomFile) {
    write_bytes(folder_ / "text", Bytes(1000, 'x'));
    EXPECT_EQ(error_of([&] { scan_dataset(folder_ / "text"); }, ErrorCode::not_dicom), "");
    write_bytes(folder_ / "empty", {});
    EXPECT_EQ(error_of([&] { scan_dataset(folder_ / "empty"); }, ErrorCode::not_dicom), "");
    EXPECT_EQ(error_of([&] { scan_dataset(folder_ / "nothing"); }, ErrorCode::file_error), "");
    EXPECT_EQ(error_of([&] { scan_dataset("/dev/zero"); }, ErrorCode::file_error), "");
}

TEST_F(DatasetScan, RefusesUnknownSyntaxes) {
    EXPECT_EQ(refusal("1.2.3.4", {}, ErrorCode::unsupported_syntax), "");
    EXPECT_EQ(refusal("not a uid", {}, ErrorCode::malformed_dataset), "");
}

TEST_F(DatasetScan, RefusesAMetaHeaderWithAWrongLength) {
    Bytes bytes = file_of(kExplicitLittleEndian, {});
    for (const int change : {-2, 2}) {
        Bytes changed = bytes;
        changed[140] = static_cast<unsigned char>(changed[140] + change);
        append_header(changed, 0x00080008, "CS", 0);
        write_bytes(folder_ / "changed.dcm", changed);
        EXPECT_EQ(error_of([&] { scan_dataset(folder_ / "changed.dcm"); }, ErrorCode::malformed_dataset), "");
    }
}

TEST_F(DatasetScan, AcceptsAnEmptyDataSet) {
    const ScanResult result = scan(kExplicitLittleEndian, {});
    EXPECT_FALSE(result.has_pixel_data);
    EXPECT_EQ(result.pixel_data_bytes, 0u);
}

}  // namespace
}  // namespace calcnode::dicom

#include "dicom/dataset_scan.h"

#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include "dicom/byte_source.h"
#include "dicom/dataset_walker.h"
#include "dicom/error.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

constexpr std::size_t kPreambleSize = 128;  // PS3.10 7.1
constexpr std::uint32_t kLargestMetaHeader = 1 << 20;
constexpr std::uint16_t kMetaGroup = 0x0002;
constexpr std::uint16_t kTransferSyntaxElement = 0x0010;

[[noreturn]] void malformed_meta(const std::string& why) {
    throw Error(ErrorCode::malformed_dataset, "file meta information: " + why);
}

std::uint32_t little_endian(const unsigned char* bytes, int count) {
    std::uint32_t value = 0;
    for (int index = count - 1; index >= 0; --index)
        value = value << 8 | bytes[index];
    return value;
}

void read_exactly(ByteSource& source, std::span<unsigned char> out) {
    if (source.read(out) != out.size()) malformed_meta("is cut off");
}

void check_preamble(ByteSource& source, const std::filesystem::path& file) {
    unsigned char bytes[kPreambleSize + 4];
    if (source.read(bytes) != sizeof bytes || std::memcmp(bytes + kPreambleSize, "DICM", 4) != 0) {
        throw Error(ErrorCode::not_dicom, "no DICOM preamble: " + file.filename().string());
    }
}

// PS3.10 7.1: (0002,0000) is the first element and mandatory; it says where the data set begins.
std::uint64_t read_meta_end(ByteSource& source) {
    unsigned char bytes[12];
    read_exactly(source, bytes);
    constexpr unsigned char kGroupLength[8] = {2, 0, 0, 0, 'U', 'L', 4, 0};
    if (std::memcmp(bytes, kGroupLength, sizeof kGroupLength) != 0)
        malformed_meta("does not begin with its length");
    const std::uint32_t length = little_endian(bytes + 8, 4);
    if (length > kLargestMetaHeader || length > source.remaining().value_or(0)) {
        malformed_meta("length " + std::to_string(length) + " is impossible");
    }
    return source.position() + length;
}

struct MetaElement {
    std::uint16_t group = 0;
    std::uint16_t element = 0;
    std::uint32_t length = 0;
};

// Explicit VR Little Endian, whatever the data set's own syntax.
MetaElement read_meta_element(ByteSource& source) {
    unsigned char bytes[8];
    read_exactly(source, bytes);
    MetaElement element;
    element.group = static_cast<std::uint16_t>(little_endian(bytes, 2));
    element.element = static_cast<std::uint16_t>(little_endian(bytes + 2, 2));
    element.length = little_endian(bytes + 6, 2);
    if (element.group != kMetaGroup) malformed_meta("holds an element of another group");
    const std::string_view vr(reinterpret_cast<const char*>(bytes + 4), 2);
    if (vr == "OB" || vr == "UN" || vr == "UR") {  // PS3.5 Table 7.1-1: a 32 bit length
        unsigned char length[4];
        read_exactly(source, length);
        element.length = little_endian(length, 4);
    } else if (vr != "UI" && vr != "SH" && vr != "AE" && vr != "UL") {
        malformed_meta("holds an element of a VR that it cannot have");
    }
    return element;
}

std::string read_uid(ByteSource& source, std::uint32_t length) {
    if (length > 128) malformed_meta("Transfer Syntax UID is too long");
    std::string uid(length, '\0');
    read_exactly(source, {reinterpret_cast<unsigned char*>(uid.data()), uid.size()});
    while (!uid.empty() && (uid.back() == '\0' || uid.back() == ' '))
        uid.pop_back();
    if (!is_legal_uid(uid)) malformed_meta("Transfer Syntax UID is not a legal UID");
    return uid;
}

std::string read_meta_header(ByteSource& source) {
    const std::uint64_t end = read_meta_end(source);
    std::string transfer_syntax;
    while (source.position() < end) {
        const MetaElement element = read_meta_element(source);
        if (source.position() > end || element.length > end - source.position()) {
            malformed_meta("an element is longer than the whole");
        }
        if (element.element == kTransferSyntaxElement) {
            transfer_syntax = read_uid(source, element.length);
        } else {
            source.skip(element.length);
        }
    }
    if (transfer_syntax.empty()) malformed_meta("Transfer Syntax UID is missing");
    return transfer_syntax;
}

}  // namespace

ScanResult scan_dataset(const std::filesystem::path& file, const ScanLimits& limits) {
    std::unique_ptr<ByteSource> source = open_file_source(file);
    check_preamble(*source, file);
    ScanResult result;
    result.transfer_syntax_uid = read_meta_header(*source);

    const DcmXfer syntax(result.transfer_syntax_uid.c_str());
    // A syntax that DCMTK does not know it would guess from the bytes, and perhaps otherwise than we do.
    if (syntax.getXfer() == EXS_Unknown || (syntax.isImplicitVR() && syntax.isBigEndian())) {
        throw Error(ErrorCode::unsupported_syntax, "unknown transfer syntax " + result.transfer_syntax_uid);
    }
    if (syntax.getStreamCompression() == ESC_zlib) {
        source = make_inflate_source(std::move(source), limits.inflated_bytes);
    } else if (syntax.getStreamCompression() != ESC_none) {
        throw Error(ErrorCode::unsupported_syntax,
                    "compressed transfer syntax " + result.transfer_syntax_uid);
    }
    Encoding encoding;
    encoding.explicit_vr = syntax.isExplicitVR();
    encoding.big_endian = syntax.isBigEndian();
    encoding.encapsulated = syntax.isEncapsulated();
    DatasetWalker(*source, limits, encoding).walk(result);
    return result;
}

}  // namespace calcnode::dicom

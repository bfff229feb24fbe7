#include "dicom/dataset_walker.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctag.h>
#include <dcmtk/dcmdata/dcvr.h>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

constexpr std::uint32_t kUndefinedLength = 0xFFFFFFFF;  // PS3.5 7.1.1
constexpr std::uint16_t kDelimiterGroup = 0xFFFE;       // PS3.5 7.5
constexpr ScanTag kItem{0xFFFE, 0xE000};
constexpr ScanTag kItemDelimitation{0xFFFE, 0xE00D};
constexpr ScanTag kSequenceDelimitation{0xFFFE, 0xE0DD};
constexpr ScanTag kPixelData{0x7FE0, 0x0010};
constexpr std::size_t kHeaderSize = 8;  // tag and length, or tag, VR and 16 bit length
constexpr Encoding kUnknownValueEncoding{.explicit_vr =
                                             false};  // PS3.5 6.2.2 note 3: implicit, little endian

std::string place(ScanTag tag, std::uint64_t offset) {
    char text[64];
    std::snprintf(text, sizeof text, "(%04x,%04x) at offset %llu: ", tag.group, tag.element,
                  static_cast<unsigned long long>(offset));
    return text;
}

[[noreturn]] void malformed(ScanTag tag, std::uint64_t offset, std::string_view why) {
    throw Error(ErrorCode::malformed_dataset, place(tag, offset) + std::string(why));
}

[[noreturn]] void over_limit(ScanTag tag, std::uint64_t offset, std::string_view why) {
    throw Error(ErrorCode::too_large, place(tag, offset) + std::string(why));
}

// Table 7.1-1 of PS3.5, and any VR of the future: a 32 bit length after two reserved bytes.
bool has_short_length(std::string_view vr) {
    static constexpr std::string_view kShort[] = {"AE", "AS", "AT", "CS", "DA", "DS", "DT",
                                                  "FL", "FD", "IS", "LO", "LT", "PN", "SH",
                                                  "SL", "SS", "ST", "TM", "UI", "UL", "US"};
    for (const std::string_view known : kShort) {
        if (vr == known) return true;
    }
    return false;
}

bool is_vr_text(std::string_view vr) {
    return vr[0] >= 'A' && vr[0] <= 'Z' && vr[1] >= 'A' && vr[1] <= 'Z';
}

}  // namespace

DatasetWalker::DatasetWalker(ByteSource& source, const ScanLimits& limits, const Encoding& encoding)
    : source_(source), limits_(limits) {
    const auto left = source.remaining();
    Frame root;
    root.end = left ? source.position() + *left : std::numeric_limits<std::uint64_t>::max();
    root.encoding = encoding;
    stack_.push_back(root);
}

void DatasetWalker::walk(ScanResult& result) {
    while (!stack_.empty()) {
        if (frame_is_finished()) {
            if (stack_.back().is_sequence) --depth_;
            stack_.pop_back();
        } else if (stack_.back().is_sequence) {
            step_sequence();
        } else {
            step_item();
        }
    }
    result.pixel_data_bytes = found_.pixel_data_bytes;
    result.has_pixel_data = found_.has_pixel_data;
    result.depth = found_.depth;
}

bool DatasetWalker::frame_is_finished() {
    const Frame& frame = stack_.back();
    if (frame.delimited) return false;
    if (is_top_level()) return source_.at_end();
    return source_.position() == frame.end;
}

void DatasetWalker::step_item() {
    const Header header = read_header();
    if (header.tag.group == kDelimiterGroup) {
        close_frame(header, kItemDelimitation);
    } else if (header.length == kUndefinedLength) {
        step_undefined_length(header);
    } else {
        step_value(header);
    }
}

void DatasetWalker::step_sequence() {
    const Header header = read_item_header();
    if (header.tag == kItem) {
        open_item(header);
    } else {
        close_frame(header, kSequenceDelimitation);
    }
}

void DatasetWalker::step_value(const Header& header) {
    if (header.length > room()) {
        malformed(header.tag, header.offset,
                  "length " + std::to_string(header.length) + " is over the " + std::to_string(room()) +
                      " bytes that are left");
    }
    if (header.tag == kPixelData && is_top_level()) {
        if (found_.has_pixel_data) malformed(header.tag, header.offset, "Pixel Data occurs twice");
        found_.has_pixel_data = true;
        found_.pixel_data_bytes = header.length;
        skip_value(header, header.length);
    } else if (header.is_sequence) {
        push(header, true, stack_.back().encoding);
    } else if (!stack_.back().encoding.explicit_vr && header.tag.is_private() &&
               header.length >= kHeaderSize) {
        step_private_value(header);
    } else {
        count_value(header);
        skip_value(header, header.length);
    }
}

void DatasetWalker::step_undefined_length(const Header& header) {
    const Encoding& encoding = stack_.back().encoding;
    if (header.tag == kPixelData && encoding.encapsulated && header.holds_bytes) {
        skip_fragments(header);
    } else if (header.is_sequence) {
        push(header, true, encoding);
    } else if (header.is_unknown) {
        push(header, true, kUnknownValueEncoding);
    } else {
        malformed(header.tag, header.offset, "undefined length is not allowed for its VR");
    }
}

// A private element of an implicit data set has no VR here, but DCMTK may know it for a sequence and would
// recurse: what begins with an item is walked as a sequence.
void DatasetWalker::step_private_value(const Header& header) {
    const Header first = read_item_header();
    if (first.tag != kItem) {
        count_value(header);
        skip_value(header, header.length - kHeaderSize);
        return;
    }
    Header sequence = header;
    sequence.length = static_cast<std::uint32_t>(header.length - kHeaderSize);
    push(sequence, true, stack_.back().encoding);
    open_item(first);
}

// PS3.5 A.4: a basic offset table, then fragments, all with a length, up to the sequence delimiter.
void DatasetWalker::skip_fragments(const Header& pixel_data) {
    std::uint64_t bytes = 0;
    for (std::uint64_t index = 0;; ++index) {
        const Header fragment = read_item_header();
        if (fragment.tag == kSequenceDelimitation) break;
        if (fragment.tag != kItem || fragment.length == kUndefinedLength) {
            malformed(fragment.tag, fragment.offset, "is not a fragment of Pixel Data");
        }
        if (fragment.length > room()) {
            malformed(pixel_data.tag, pixel_data.offset,
                      "fragment at offset " + std::to_string(fragment.offset) + " is over the " +
                          std::to_string(room()) + " bytes that are left");
        }
        skip_value(fragment, fragment.length);
        if (index > 0) bytes += fragment.length;
    }
    if (!is_top_level()) return;
    if (found_.has_pixel_data) malformed(pixel_data.tag, pixel_data.offset, "Pixel Data occurs twice");
    found_.has_pixel_data = true;
    found_.pixel_data_bytes = bytes;
}

DatasetWalker::Header DatasetWalker::read_item_header() {
    Header header;
    header.offset = source_.position();
    header.tag = stack_.back().tag;  // for the message when even the tag is cut off
    unsigned char bytes[kHeaderSize];
    read_bytes(bytes, sizeof bytes, header);
    header.tag = {number16(bytes), number16(bytes + 2)};
    header.length = number32(bytes + 4);
    if (++elements_ > limits_.elements) {
        over_limit(header.tag, header.offset, "more than " + std::to_string(limits_.elements) + " elements");
    }
    return header;
}

DatasetWalker::Header DatasetWalker::read_header() {
    Header header = read_item_header();
    if (header.tag.group != kDelimiterGroup) read_vr_and_length(header);
    return header;
}

// On entry `length` holds the four bytes after the tag, in the data set's byte order.
void DatasetWalker::read_vr_and_length(Header& header) {
    const Encoding& encoding = stack_.back().encoding;
    if (!encoding.explicit_vr) {
        const DcmEVR vr = DcmTag(header.tag.group, header.tag.element).getEVR();
        header.is_sequence = vr == EVR_SQ;
        header.is_unknown = vr == EVR_UN || vr == EVR_UNKNOWN || vr == EVR_UNKNOWN2B;
        return;
    }
    const std::uint32_t word = header.length;
    const int first_shift = encoding.big_endian ? 24 : 0;
    const int second_shift = encoding.big_endian ? 16 : 8;
    const char text[2] = {static_cast<char>(word >> first_shift), static_cast<char>(word >> second_shift)};
    const std::string_view vr(text, 2);
    if (!is_vr_text(vr)) malformed(header.tag, header.offset, "has no value representation");
    header.is_sequence = vr == "SQ";
    header.is_unknown = vr == "UN";
    header.holds_bytes = vr == "OB" || vr == "OW";
    if (has_short_length(vr)) {
        header.length = encoding.big_endian ? word & 0xFFFF : word >> 16;
        return;
    }
    unsigned char bytes[4];
    read_bytes(bytes, sizeof bytes, header);
    header.length = number32(bytes);
}

void DatasetWalker::open_item(const Header& item) {
    if (item.length != kUndefinedLength && item.length > room()) {
        malformed(stack_.back().tag, item.offset,
                  "item length " + std::to_string(item.length) + " is over the " + std::to_string(room()) +
                      " bytes that are left");
    }
    Header named = item;
    named.tag = stack_.back().tag;  // messages name the sequence
    push(named, false, stack_.back().encoding);
}

void DatasetWalker::push(const Header& header, bool is_sequence, const Encoding& encoding) {
    if (is_sequence && ++depth_ > limits_.depth) {
        over_limit(header.tag, header.offset,
                   "sequences nested deeper than " + std::to_string(limits_.depth));
    }
    found_.depth = std::max(found_.depth, depth_);
    Frame frame;
    frame.is_sequence = is_sequence;
    frame.delimited = header.length == kUndefinedLength;
    frame.end = frame.delimited ? stack_.back().end : source_.position() + header.length;
    frame.tag = header.tag;
    frame.encoding = encoding;
    stack_.push_back(frame);
}

void DatasetWalker::close_frame(const Header& delimiter, ScanTag expected) {
    const Frame& frame = stack_.back();
    if (delimiter.tag != expected || !frame.delimited) {
        malformed(delimiter.tag, delimiter.offset, "stands where no such item or delimiter can be");
    }
    if (delimiter.length != 0) malformed(delimiter.tag, delimiter.offset, "a delimiter has a length");
    if (frame.is_sequence) --depth_;
    stack_.pop_back();
}

void DatasetWalker::count_value(const Header& header) {
    header_bytes_ += header.length;
    if (header_bytes_ > limits_.header_bytes) {
        over_limit(
            header.tag, header.offset,
            "values outside Pixel Data take more than " + std::to_string(limits_.header_bytes) + " bytes");
    }
}

void DatasetWalker::skip_value(const Header& header, std::uint64_t length) {
    if (source_.skip(length) != length) malformed(header.tag, header.offset, "its value is cut off");
}

void DatasetWalker::read_bytes(unsigned char* out, std::size_t count, const Header& header) {
    if (count > room() || source_.read({out, count}) != count) {
        malformed(header.tag, header.offset, "is cut off");
    }
}

std::uint16_t DatasetWalker::number16(const unsigned char* bytes) const {
    const bool big = stack_.back().encoding.big_endian;
    return static_cast<std::uint16_t>(big ? bytes[0] << 8 | bytes[1] : bytes[1] << 8 | bytes[0]);
}

std::uint32_t DatasetWalker::number32(const unsigned char* bytes) const {
    const std::uint32_t first = number16(bytes);
    const std::uint32_t second = number16(bytes + 2);
    return stack_.back().encoding.big_endian ? first << 16 | second : second << 16 | first;
}

}  // namespace calcnode::dicom

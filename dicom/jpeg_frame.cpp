#include "dicom/jpeg_frame.h"

#include <cstddef>
#include <string>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

constexpr unsigned kStartOfImage = 0xD8;
constexpr unsigned kTemporary = 0x01;
constexpr unsigned kStartOfScan = 0xDA;
constexpr unsigned kEndOfImage = 0xD9;
constexpr unsigned kFirstRestart = 0xD0;

[[noreturn]] void undecodable(const std::string& why) {
    throw Error(ErrorCode::undecodable, "JPEG: " + why);
}

bool is_frame_marker(unsigned marker) {
    if (marker == 0xF7) return true;  // JPEG-LS
    // C4, C8 and CC are tables and a reserved one
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

int number16(std::span<const unsigned char> stream, std::size_t at) {
    if (at + 2 > stream.size()) undecodable("the header is cut off");
    return stream[at] << 8 | stream[at + 1];
}

JpegFrame frame_at(std::span<const unsigned char> stream, std::size_t segment) {
    if (number16(stream, segment) < 8 || segment + 8 > stream.size())
        undecodable("the frame header is cut off");
    JpegFrame frame;
    frame.precision = stream[segment + 2];
    frame.rows = number16(stream, segment + 3);
    frame.columns = number16(stream, segment + 5);
    frame.components = stream[segment + 7];
    return frame;
}

}  // namespace

JpegFrame read_jpeg_frame(std::span<const unsigned char> stream) {
    if (stream.size() < 4 || stream[0] != 0xFF || stream[1] != kStartOfImage)
        undecodable("no start of image");
    std::size_t at = 2;
    while (at + 4 <= stream.size()) {
        if (stream[at] != 0xFF) undecodable("no marker where one must be");
        const unsigned marker = stream[at + 1];
        if (marker == 0xFF) {  // a fill byte
            ++at;
            continue;
        }
        const bool has_no_segment = marker == 0 || marker == kTemporary || marker == kEndOfImage ||
                                    (marker >= kFirstRestart && marker <= kStartOfImage);
        if (has_no_segment || marker == kStartOfScan) undecodable("no frame header before the first scan");
        if (is_frame_marker(marker)) return frame_at(stream, at + 2);
        const int length = number16(stream, at + 2);
        if (length < 2) undecodable("a segment without a length");
        at += 2 + static_cast<std::size_t>(length);
    }
    undecodable("no frame header");
}

}  // namespace calcnode::dicom

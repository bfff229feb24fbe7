#include "dicom/rle_decoder.h"

#include <cstring>
#include <string>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

constexpr std::size_t kHeaderSize = 64;  // PS3.5 G.5: sixteen 32 bit numbers
constexpr std::size_t kMostSegments = 15;
constexpr std::size_t kMostPadding = 2;  // of the segment and of the fragment, each to an even length

[[noreturn]] void undecodable(const std::string& why) {
    throw Error(ErrorCode::undecodable, "RLE: " + why);
}

std::size_t header_number(std::span<const unsigned char> frame, std::size_t index) {
    const unsigned char* bytes = frame.data() + index * 4;
    return bytes[0] | static_cast<std::size_t>(bytes[1]) << 8 | static_cast<std::size_t>(bytes[2]) << 16 |
           static_cast<std::size_t>(bytes[3]) << 24;
}

std::span<const unsigned char> segment_of(std::span<const unsigned char> frame, std::size_t index) {
    const std::size_t count = header_number(frame, 0);
    const std::size_t begin = header_number(frame, index + 1);
    const std::size_t end = index + 1 < count ? header_number(frame, index + 2) : frame.size();
    if (begin < kHeaderSize || begin > end || end > frame.size())
        undecodable("a segment lies outside the frame");
    return frame.subspan(begin, end - begin);
}

// PS3.5 G.3.2 into one byte of each pixel. RLE does not say how large the image is: bytes left over do.
void expand_segment(std::span<const unsigned char> segment, std::vector<std::uint16_t>& pixels, int shift) {
    std::size_t at = 0;
    std::size_t pixel = 0;
    while (pixel < pixels.size()) {
        if (at + 1 >= segment.size()) undecodable("a segment ends before the last pixel");
        const unsigned control = segment[at++];
        if (control == 128) continue;  // no operation
        const bool literal = control < 128;
        const std::size_t count = literal ? control + 1 : 257 - control;
        if (count > pixels.size() - pixel) undecodable("a segment holds more bytes than there are pixels");
        if (literal && count > segment.size() - at) undecodable("a segment ends within a run");
        for (std::size_t step = 0; step < count; ++step) {
            const unsigned byte = segment[literal ? at + step : at];
            pixels[pixel + step] = static_cast<std::uint16_t>(pixels[pixel + step] | byte << shift);
        }
        at += literal ? count : 1;
        pixel += count;
    }
    if (segment.size() - at > kMostPadding) undecodable("a segment goes on after the last pixel");
}

}  // namespace

std::vector<std::uint16_t> decode_rle(std::span<const unsigned char> frame, const PixelFormat& format) {
    if (frame.size() < kHeaderSize) undecodable("the header is cut off");
    const std::size_t bytes_per_pixel = static_cast<std::size_t>(format.bits_allocated / 8);
    const std::size_t count = header_number(frame, 0);
    if (count > kMostSegments || count != bytes_per_pixel) {
        undecodable(std::to_string(count) + " segments for " + std::to_string(bytes_per_pixel) +
                    " bytes a pixel");
    }
    std::vector<std::uint16_t> pixels(format.pixel_count());
    for (std::size_t index = 0; index < count;
         ++index) {  // the most significant byte comes first (PS3.5 G.2)
        expand_segment(segment_of(frame, index), pixels, static_cast<int>(8 * (count - 1 - index)));
    }
    return pixels;
}

}  // namespace calcnode::dicom

#include "dicom/error.h"
#include "dicom/jpeg2000.h"
#include "dicom/jpeg_frame.h"
#include "dicom/rle_decoder.h"
#include "tests/fuzz/targets.h"

namespace calcnode::fuzz {

namespace {

// Six bytes before the stream: which codec, rows, columns, bits allocated, bits stored (a header's promises).
constexpr std::size_t kPromises = 6;

}  // namespace

void codecs(Bytes input) {
    if (input.size() < kPromises) return;
    dicom::PixelFormat format;
    format.rows = 1 + input[1];
    format.columns = 1 + input[2];
    format.bits_allocated = input[3] % 2 == 0 ? 8 : 16;
    format.bits_stored = 1 + input[4] % format.bits_allocated;
    const Bytes stream = input.subspan(kPromises);
    try {
        if (input[0] % 3 == 0) (void)dicom::decode_jpeg2000(stream, format);
        if (input[0] % 3 == 1) (void)dicom::decode_rle(stream, format);
        if (input[0] % 3 == 2) (void)dicom::read_jpeg_frame(stream);
    } catch (const dicom::Error&) {
        // The answer to a stream that is no such thing.
    }
}

}  // namespace calcnode::fuzz

// The frame header of a JPEG or JPEG-LS stream: looked at before DCMTK's decoders see it. Internal to dicom/;
// pure function.
#pragma once

#include <span>

namespace calcnode::dicom {

struct JpegFrame {
    int rows = 0;
    int columns = 0;
    int precision = 0;
    int components = 0;
};

/// Walks the markers up to the frame header (ISO 10918-1 B.2.2, ISO 14495-1 C.2.2). Throws Error undecodable
/// when there is none, and at a TEM marker, which sends DCMTK 3.6.7 into an endless loop.
JpegFrame read_jpeg_frame(std::span<const unsigned char> stream);

}  // namespace calcnode::dicom

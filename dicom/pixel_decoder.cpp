#include "dicom/pixel_decoder.h"

#include <algorithm>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>

#include "dicom/attributes.h"
#include "dicom/check.h"
#include "dicom/jpeg2000.h"
#include "dicom/jpeg_frame.h"
#include "dicom/rle_decoder.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

// Enough for the tables and application segments that may stand before a JPEG frame header.
constexpr std::size_t kJpegHeaderBytes = 512 * 1024;

enum class Coding { native, jpeg, jpeg2000, rle };

Coding coding_of(const std::string& transfer_syntax) {
    for (const char* uid :
         {kImplicitLittleEndian, kExplicitLittleEndian, kDeflatedLittleEndian, kExplicitBigEndian}) {
        if (transfer_syntax == uid) return Coding::native;
    }
    for (const char* uid : {kJpegBaseline, kJpegExtended, kJpegLossless, kJpegLosslessSv1, kJpegLsLossless,
                            kJpegLsNearLossless}) {
        if (transfer_syntax == uid) return Coding::jpeg;
    }
    if (transfer_syntax == kJpeg2000Lossless || transfer_syntax == kJpeg2000) return Coding::jpeg2000;
    if (transfer_syntax == kRleLossless) return Coding::rle;
    throw Error(ErrorCode::unsupported_syntax, "cannot decode transfer syntax " + transfer_syntax);
}

DcmPixelData& pixel_data_of(DcmDataset& dataset) {
    DcmElement* element = nullptr;
    if (dataset.findAndGetElement(DCM_PixelData, element).bad() || element == nullptr) {
        throw Error(ErrorCode::missing_attribute, "Pixel Data is missing");
    }
    auto* pixel_data = dynamic_cast<DcmPixelData*>(element);
    if (pixel_data == nullptr) throw Error(ErrorCode::malformed_dataset, "Pixel Data has no pixel VR");
    return *pixel_data;
}

// All fragments of the one frame, up to `most` bytes; the first item is the basic offset table (PS3.5 A.4).
std::vector<unsigned char> joined_fragments(DcmPixelData& pixel_data, std::size_t most) {
    E_TransferSyntax syntax = EXS_Unknown;
    const DcmRepresentationParameter* parameter = nullptr;
    pixel_data.getOriginalRepresentationKey(syntax, parameter);
    DcmPixelSequence* sequence = nullptr;
    const OFCondition found = pixel_data.getEncapsulatedRepresentation(syntax, parameter, sequence);
    if (found.bad() || sequence == nullptr) {
        throw Error(ErrorCode::malformed_dataset,
                    "Pixel Data is not encapsulated in an encapsulated transfer syntax");
    }
    std::vector<unsigned char> bytes;
    for (unsigned long index = 1; index < sequence->card() && bytes.size() < most; ++index) {
        DcmPixelItem* item = nullptr;
        check(sequence->getItem(item, index), "cannot take a fragment of Pixel Data");
        if (item->getLength() == 0) continue;
        Uint8* data = nullptr;
        check(item->getUint8Array(data), "cannot read a fragment of Pixel Data");
        bytes.insert(bytes.end(), data, data + std::min<std::size_t>(item->getLength(), most - bytes.size()));
        item->compact();  // DCMTK's copy can be read again from the file
    }
    if (bytes.empty()) throw Error(ErrorCode::undecodable, "Pixel Data has no fragments");
    return bytes;
}

template <typename Word>
std::vector<std::uint16_t> copied(const Word* words, unsigned long count, const PixelFormat& format) {
    if (words == nullptr || count < format.pixel_count()) {
        throw Error(ErrorCode::undecodable, "fewer pixels were decoded than Rows x Columns");
    }
    return std::vector<std::uint16_t>(words, words + format.pixel_count());
}

// DCMTK may have decoded into 8 bits what was allocated 16, or the other way round: it then says so.
std::vector<std::uint16_t> native_words(DcmDataset& dataset, const PixelFormat& format) {
    const int bits = integer_value(dataset, DCM_BitsAllocated).value_or(0);
    unsigned long count = 0;
    if (bits == 8) {
        const Uint8* bytes = nullptr;
        check(dataset.findAndGetUint8Array(DCM_PixelData, bytes, &count), "cannot read Pixel Data");
        return copied(bytes, count, format);
    }
    const Uint16* words = nullptr;
    check(dataset.findAndGetUint16Array(DCM_PixelData, words, &count), "cannot read Pixel Data");
    return copied(words, count, format);
}

std::vector<std::uint16_t> decode_native(DcmDataset& dataset, const PixelFormat& format,
                                         std::uint64_t bytes) {
    const std::uint64_t even = format.byte_count() + format.byte_count() % 2;  // PS3.5 7.1.1
    if (bytes != even && bytes != format.byte_count()) {
        throw Error(ErrorCode::malformed_dataset, "Pixel Data has " + std::to_string(bytes) +
                                                      " bytes, Rows x Columns " +
                                                      std::to_string(format.byte_count()));
    }
    pixel_data_of(dataset);
    return native_words(dataset, format);
}

void check_jpeg_frame(DcmPixelData& pixel_data, const PixelFormat& format) {
    const JpegFrame frame = read_jpeg_frame(joined_fragments(pixel_data, kJpegHeaderBytes));
    if (frame.components != 1) throw Error(ErrorCode::unsupported_pixels, "JPEG: not one component");
    if (frame.rows != format.rows || frame.columns != format.columns) {
        throw Error(ErrorCode::undecodable, "JPEG: the frame is of " + std::to_string(frame.rows) + " x " +
                                                std::to_string(frame.columns) +
                                                " pixels, not Rows x Columns");
    }
    if (frame.precision < format.bits_stored || frame.precision > format.bits_allocated) {
        throw Error(ErrorCode::unsupported_pixels, "JPEG: precision " + std::to_string(frame.precision) +
                                                       " for " + std::to_string(format.bits_stored) +
                                                       " bits stored");
    }
}

// JPEG and JPEG-LS by the codecs that initialise_library() registers.
std::vector<std::uint16_t> decode_jpeg(DcmDataset& dataset, const PixelFormat& format) {
    check_jpeg_frame(pixel_data_of(dataset), format);
    check(dataset.chooseRepresentation(EXS_LittleEndianExplicit, nullptr), "JPEG", ErrorCode::undecodable);
    return native_words(dataset, format);
}

}  // namespace

std::vector<std::uint16_t> decode_pixels(DcmDataset& dataset, const PixelFormat& format,
                                         const ScanResult& scan) {
    const Coding coding = coding_of(scan.transfer_syntax_uid);
    if (!scan.has_pixel_data) throw Error(ErrorCode::missing_attribute, "Pixel Data is missing");
    const auto all = static_cast<std::size_t>(scan.pixel_data_bytes);
    switch (coding) {
        case Coding::native:
            return decode_native(dataset, format, scan.pixel_data_bytes);
        case Coding::jpeg:
            return decode_jpeg(dataset, format);
        case Coding::jpeg2000:
            return decode_jpeg2000(joined_fragments(pixel_data_of(dataset), all), format);
        case Coding::rle:
            return decode_rle(joined_fragments(pixel_data_of(dataset), all), format);
    }
    throw Error(ErrorCode::unsupported_syntax, "cannot decode transfer syntax " + scan.transfer_syntax_uid);
}

}  // namespace calcnode::dicom

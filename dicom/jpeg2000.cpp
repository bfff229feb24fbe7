#include "dicom/jpeg2000.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include <openjpeg.h>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

constexpr unsigned kMostThreads = 2;
constexpr std::uint64_t kMostTiles = 4096;  // OpenJPEG keeps some kilobytes for each, whatever its size
constexpr OPJ_SIZE_T kStreamBuffer = 1 << 20;
constexpr OPJ_SIZE_T kNoMoreBytes = static_cast<OPJ_SIZE_T>(-1);

template <auto Destroy>
struct Deleter {
    template <typename T>
    void operator()(T* object) const {
        Destroy(object);
    }
};
using Codec = std::unique_ptr<opj_codec_t, Deleter<opj_destroy_codec>>;
using Stream = std::unique_ptr<opj_stream_t, Deleter<opj_stream_destroy>>;
using Picture = std::unique_ptr<opj_image_t, Deleter<opj_image_destroy>>;

struct Memory {
    std::span<const unsigned char> bytes;
    std::size_t at = 0;
};

OPJ_SIZE_T read_memory(void* out, OPJ_SIZE_T count, void* user) {
    auto& memory = *static_cast<Memory*>(user);
    const std::size_t step = std::min<std::size_t>(count, memory.bytes.size() - memory.at);
    if (step == 0) return kNoMoreBytes;
    std::memcpy(out, memory.bytes.data() + memory.at, step);
    memory.at += step;
    return step;
}

OPJ_OFF_T skip_memory(OPJ_OFF_T count, void* user) {
    auto& memory = *static_cast<Memory*>(user);
    if (count < 0) return -1;
    const std::size_t step =
        std::min<std::size_t>(static_cast<std::size_t>(count), memory.bytes.size() - memory.at);
    memory.at += step;
    return step == 0 && count > 0 ? -1 : static_cast<OPJ_OFF_T>(step);
}

OPJ_BOOL seek_memory(OPJ_OFF_T position, void* user) {
    auto& memory = *static_cast<Memory*>(user);
    if (position < 0 || static_cast<std::size_t>(position) > memory.bytes.size()) return OPJ_FALSE;
    memory.at = static_cast<std::size_t>(position);
    return OPJ_TRUE;
}

Stream open_stream(Memory& memory) {
    Stream stream(opj_stream_create(kStreamBuffer, OPJ_TRUE));
    if (!stream) throw Error(ErrorCode::undecodable, "JPEG 2000: out of memory");
    opj_stream_set_user_data(stream.get(), &memory, nullptr);
    opj_stream_set_user_data_length(stream.get(), memory.bytes.size());
    opj_stream_set_read_function(stream.get(), read_memory);
    opj_stream_set_skip_function(stream.get(), skip_memory);
    opj_stream_set_seek_function(stream.get(), seek_memory);
    return stream;
}

// OpenJPEG's first complaint is the cause, later ones its consequences. It knows nothing of the patient.
void keep_first_message(const char* message, void* user) {
    auto& kept = *static_cast<std::string*>(user);
    if (kept.empty()) kept = std::string(message).substr(0, std::string(message).find('\n'));
}

Codec open_codec(std::span<const unsigned char> bytes, std::string& message) {
    const bool is_jp2 = bytes.size() > 12 && std::memcmp(bytes.data() + 4, "jP  ", 4) == 0;
    Codec codec(opj_create_decompress(is_jp2 ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    if (!codec || !opj_setup_decoder(codec.get(), &parameters)) {
        throw Error(ErrorCode::undecodable, "JPEG 2000: out of memory");
    }
    opj_set_error_handler(codec.get(), keep_first_message, &message);
    opj_decoder_set_strict_mode(codec.get(),
                                OPJ_TRUE);  // a stream that is cut off is an error, not a grey area
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    opj_codec_set_threads(codec.get(), static_cast<int>(std::min(kMostThreads, cores)));
    return codec;
}

void check_picture(const opj_image_t& picture, const PixelFormat& format) {
    if (picture.numcomps != 1) throw Error(ErrorCode::unsupported_pixels, "JPEG 2000: not one component");
    const opj_image_comp_t& component = picture.comps[0];
    if (picture.x0 != 0 || picture.y0 != 0 || component.dx != 1 || component.dy != 1 ||
        component.w != static_cast<OPJ_UINT32>(format.columns) ||
        component.h != static_cast<OPJ_UINT32>(format.rows)) {
        throw Error(ErrorCode::undecodable, "JPEG 2000: the codestream is of " + std::to_string(component.h) +
                                                " x " + std::to_string(component.w) +
                                                " pixels, not Rows x Columns");
    }
    if (component.sgnd != 0) throw Error(ErrorCode::unsupported_pixels, "JPEG 2000: pixel values are signed");
    if (component.prec < static_cast<OPJ_UINT32>(format.bits_stored) ||
        component.prec > static_cast<OPJ_UINT32>(format.bits_allocated)) {
        throw Error(ErrorCode::unsupported_pixels, "JPEG 2000: precision " + std::to_string(component.prec) +
                                                       " for " + std::to_string(format.bits_stored) +
                                                       " bits stored");
    }
}

void check_tiles(opj_codec_t* codec) {
    opj_codestream_info_v2_t* info = opj_get_cstr_info(codec);
    const std::uint64_t tiles = info == nullptr ? 0 : std::uint64_t{info->tw} * info->th;
    opj_destroy_cstr_info(&info);
    if (tiles < 1 || tiles > kMostTiles) {
        throw Error(ErrorCode::undecodable, "JPEG 2000: " + std::to_string(tiles) + " tiles");
    }
}

}  // namespace

std::vector<std::uint16_t> decode_jpeg2000(std::span<const unsigned char> stream, const PixelFormat& format) {
    Memory memory{stream, 0};
    std::string message;
    const Stream input = open_stream(memory);
    const Codec codec = open_codec(stream, message);
    opj_image_t* raw_picture = nullptr;
    const bool has_header = opj_read_header(input.get(), codec.get(), &raw_picture) == OPJ_TRUE;
    const Picture picture(raw_picture);
    if (!has_header || !picture) throw Error(ErrorCode::undecodable, "JPEG 2000: " + message);
    check_picture(*picture, format);
    check_tiles(codec.get());
    if (!opj_decode(codec.get(), input.get(), picture.get()) ||
        !opj_end_decompress(codec.get(), input.get()) || picture->comps[0].data == nullptr) {
        throw Error(ErrorCode::undecodable, "JPEG 2000: " + message);
    }
    const OPJ_INT32* values = picture->comps[0].data;
    std::vector<std::uint16_t> pixels(format.pixel_count());
    std::transform(values, values + pixels.size(), pixels.begin(),
                   [](OPJ_INT32 value) { return static_cast<std::uint16_t>(std::clamp(value, 0, 65535)); });
    return pixels;
}

}  // namespace calcnode::dicom

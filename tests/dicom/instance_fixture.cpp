#include "tests/dicom/instance_fixture.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpeg/djrploss.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/dcmjpls/djrparam.h>
#include <gtest/gtest.h>
#include <openjpeg.h>
#include <unistd.h>

#include "dicom/check.h"
#include "dicom/library.h"

namespace calcnode::dicom::fixture {

namespace {

class Codecs : public ::testing::Environment {
  public:
    void SetUp() override {
        initialise_library();
        DJEncoderRegistration::registerCodecs();
        DJLSEncoderRegistration::registerCodecs();
        DcmRLEEncoderRegistration::registerCodecs();
    }
};
const ::testing::Environment* const kCodecs = ::testing::AddGlobalTestEnvironment(new Codecs);

E_TransferSyntax syntax_of(const std::string& uid) {
    return DcmXfer(uid.c_str()).getXfer();
}

void encode_by_dcmtk(DcmDataset& dataset, const std::string& uid) {
    const DJ_RPLossless jpeg_lossless(6, 0);
    const DJ_RPLossy jpeg_lossy(95);
    const DJLSRepresentationParameter jpegls_lossless(0, OFTrue);
    const DJLSRepresentationParameter jpegls_near(2, OFFalse);
    const DcmRepresentationParameter* parameter = nullptr;
    if (uid == kJpegLossless || uid == kJpegLosslessSv1) parameter = &jpeg_lossless;
    if (uid == kJpegBaseline || uid == kJpegExtended) parameter = &jpeg_lossy;
    if (uid == kJpegLsLossless) parameter = &jpegls_lossless;
    if (uid == kJpegLsNearLossless) parameter = &jpegls_near;
    check(dataset.chooseRepresentation(syntax_of(uid), parameter), "encode " + uid);
}

std::vector<std::uint16_t> pixels_of(DcmDataset& dataset, const ImageOptions& options) {
    std::vector<std::uint16_t> pixels(static_cast<std::size_t>(options.rows * options.columns));
    const Uint16* words = nullptr;
    const Uint8* bytes = nullptr;
    if (options.bits_allocated == 16) {
        check(dataset.findAndGetUint16Array(DCM_PixelData, words), "pixels");
        std::copy_n(words, pixels.size(), pixels.begin());
    } else {
        check(dataset.findAndGetUint8Array(DCM_PixelData, bytes), "pixels");
        std::copy_n(bytes, pixels.size(), pixels.begin());
    }
    return pixels;
}

ImageOptions options_of(DcmDataset& dataset) {
    ImageOptions options;
    Uint16 value = 0;
    dataset.findAndGetUint16(DCM_Rows, value);
    options.rows = value;
    dataset.findAndGetUint16(DCM_Columns, value);
    options.columns = value;
    dataset.findAndGetUint16(DCM_BitsAllocated, value);
    options.bits_allocated = value;
    dataset.findAndGetUint16(DCM_BitsStored, value);
    options.bits_stored = value;
    return options;
}

// ext4 writes out a file at once that is truncated and written anew: tests that do it a thousand times would
// wait.
void remove_first(const std::filesystem::path& file) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
}

OPJ_SIZE_T append(void* bytes, OPJ_SIZE_T count, void* user) {
    auto& out = *static_cast<std::vector<unsigned char>*>(user);
    const auto* begin = static_cast<const unsigned char*>(bytes);
    out.insert(out.end(), begin, begin + count);
    return count;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "calcnode-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::vector<std::uint16_t> pattern(const ImageOptions& options) {
    std::mt19937 random(7);
    const unsigned greatest = (1u << options.bits_stored) - 1;
    std::vector<std::uint16_t> pixels;
    for (int row = 0; row < options.rows; ++row) {
        for (int column = 0; column < options.columns; ++column) {
            unsigned value = greatest * static_cast<unsigned>(row) / static_cast<unsigned>(options.rows);
            if (column % 16 < 4) value = greatest - value;
            if (column >= 30) value = static_cast<unsigned>(random()) & greatest;
            pixels.push_back(static_cast<std::uint16_t>(value));
        }
    }
    pixels.front() = 0;
    pixels.back() = static_cast<std::uint16_t>(greatest);
    return pixels;
}

void put_text(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
    check(item.putAndInsertString(tag, value.c_str()), "put");
}

void put_number(DcmItem& item, const DcmTagKey& tag, int value) {
    check(item.putAndInsertUint16(tag, static_cast<Uint16>(value)), "put");
}

DcmItem& add_code(DcmItem& item, const DcmTagKey& sequence, const char* value, const char* scheme) {
    DcmItem* added = nullptr;
    check(item.findOrCreateSequenceItem(sequence, added, -2), "add an item");
    put_text(*added, DCM_CodeValue, value);
    put_text(*added, DCM_CodingSchemeDesignator, scheme);
    put_text(*added, DCM_CodeMeaning, "meaning");
    return *added;
}

std::unique_ptr<DcmFileFormat> make_instance(const ImageOptions& options,
                                             const std::vector<std::uint16_t>& pixels) {
    auto format = std::make_unique<DcmFileFormat>();
    DcmDataset& dataset = *format->getDataset();
    put_text(dataset, DCM_SpecificCharacterSet, "ISO_IR 192");
    put_text(dataset, DCM_ImageType, "ORIGINAL\\PRIMARY");
    put_text(dataset, DCM_SOPClassUID, options.sop_class);
    put_text(dataset, DCM_SOPInstanceUID, "1.2.826.0.1.3680043.2.1143.1");
    put_text(dataset, DCM_StudyInstanceUID, "1.2.826.0.1.3680043.2.1143.2");
    put_text(dataset, DCM_SeriesInstanceUID, "1.2.826.0.1.3680043.2.1143.3");
    put_text(dataset, DCM_ContentDate, "20240131");
    put_text(dataset, DCM_ContentTime, "101112.5");
    put_text(dataset, DCM_Modality, "MG");
    put_text(dataset, DCM_Manufacturer, "Maker");
    put_text(dataset, DCM_ManufacturerModelName, "Model");
    put_text(dataset, DCM_DeviceSerialNumber, "42");
    put_text(dataset, DCM_SoftwareVersions, "1.0");
    put_text(dataset, DCM_StationName, "STATION1");
    put_text(dataset, DCM_PatientName, "Test^Patient");
    put_text(dataset, DCM_PatientID, "T1");
    put_text(dataset, DCM_ImagerPixelSpacing, "0.07\\0.08");
    put_text(dataset, DCM_InstanceNumber, "3");
    put_text(dataset, DCM_ImageLaterality, "R");
    add_code(dataset, DCM_ViewCodeSequence, "399162004", "SCT");
    put_number(dataset, DCM_SamplesPerPixel, 1);
    put_text(dataset, DCM_PhotometricInterpretation, options.photometric);
    put_number(dataset, DCM_Rows, options.rows);
    put_number(dataset, DCM_Columns, options.columns);
    put_number(dataset, DCM_BitsAllocated, options.bits_allocated);
    put_number(dataset, DCM_BitsStored, options.bits_stored);
    put_number(dataset, DCM_HighBit, options.bits_stored - 1);
    put_number(dataset, DCM_PixelRepresentation, 0);
    if (options.bits_allocated == 16) {
        check(dataset.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size()), "put pixels");
    } else {
        std::vector<Uint8> bytes(pixels.begin(), pixels.end());
        check(dataset.putAndInsertUint8Array(DCM_PixelData, bytes.data(), bytes.size()), "put pixels");
    }
    return format;
}

std::unique_ptr<DcmFileFormat> make_instance(const ImageOptions& options) {
    return make_instance(options, pattern(options));
}

std::vector<unsigned char> encode_jpeg2000(const ImageOptions& options,
                                           const std::vector<std::uint16_t>& pixels, bool lossy) {
    opj_image_cmptparm_t component{};
    component.dx = component.dy = 1;
    component.w = static_cast<OPJ_UINT32>(options.columns);
    component.h = static_cast<OPJ_UINT32>(options.rows);
    component.prec = static_cast<OPJ_UINT32>(options.bits_stored);
    opj_image_t* image = opj_image_create(1, &component, OPJ_CLRSPC_GRAY);
    image->x1 = component.w;
    image->y1 = component.h;
    std::copy(pixels.begin(), pixels.end(), image->comps[0].data);
    opj_cparameters_t parameters;
    opj_set_default_encoder_parameters(&parameters);
    parameters.tcp_numlayers = 1;
    parameters.cp_disto_alloc = 1;
    parameters.numresolution = 4;
    parameters.irreversible = lossy ? 1 : 0;
    parameters.tcp_rates[0] = lossy ? 8.0f : 0.0f;
    opj_codec_t* codec = opj_create_compress(OPJ_CODEC_J2K);
    opj_setup_encoder(codec, &parameters, image);
    std::vector<unsigned char> bytes;
    opj_stream_t* stream = opj_stream_create(1 << 20, OPJ_FALSE);  // one buffer: no seeking back is needed
    opj_stream_set_user_data(stream, &bytes, nullptr);
    opj_stream_set_write_function(stream, append);
    const bool done = opj_start_compress(codec, image, stream) && opj_encode(codec, stream) &&
                      opj_end_compress(codec, stream);
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    opj_image_destroy(image);
    if (!done) throw std::runtime_error("OpenJPEG cannot encode");
    return bytes;
}

void put_fragments(DcmDataset& dataset, const std::vector<std::vector<unsigned char>>& fragments,
                   const std::string& transfer_syntax) {
    auto* sequence = new DcmPixelSequence(DcmTag(DCM_PixelData, EVR_OB));
    sequence->insert(new DcmPixelItem(DcmTag(DCM_Item, EVR_OB)));
    for (std::vector<unsigned char> fragment : fragments) {
        if (fragment.size() % 2 == 1) fragment.push_back(0);
        auto* item = new DcmPixelItem(DcmTag(DCM_Item, EVR_OB));
        check(item->putUint8Array(fragment.data(), static_cast<unsigned long>(fragment.size())),
              "put a fragment");
        sequence->insert(item);
    }
    auto* pixel_data = new DcmPixelData(DCM_PixelData);
    pixel_data->putOriginalRepresentation(syntax_of(transfer_syntax), nullptr, sequence);
    check(dataset.insert(pixel_data, OFTrue), "put fragments");
}

void save(DcmFileFormat& format, const std::filesystem::path& file, const std::string& transfer_syntax) {
    DcmDataset& dataset = *format.getDataset();
    if (transfer_syntax == kJpeg2000 || transfer_syntax == kJpeg2000Lossless) {
        const ImageOptions options = options_of(dataset);
        const auto stream =
            encode_jpeg2000(options, pixels_of(dataset, options), transfer_syntax == std::string(kJpeg2000));
        put_fragments(dataset, {stream}, transfer_syntax);
    } else if (DcmXfer(transfer_syntax.c_str()).isEncapsulated() && dataset.tagExists(DCM_PixelData)) {
        encode_by_dcmtk(dataset, transfer_syntax);
    }
    remove_first(file);
    check(format.saveFile(file.c_str(), syntax_of(transfer_syntax), EET_UndefinedLength, EGL_recalcGL),
          "save");
}

const std::vector<Syntax>& syntaxes() {
    static const std::vector<Syntax> all = {
        {kImplicitLittleEndian, "ImplicitLittleEndian", true},
        {kExplicitLittleEndian, "ExplicitLittleEndian", true},
        {kExplicitBigEndian, "ExplicitBigEndian", true},
        {kDeflatedLittleEndian, "Deflated", true},
        {kJpegLossless, "JpegLossless", true},
        {kJpegLosslessSv1, "JpegLosslessSv1", true},
        {kJpegLsLossless, "JpegLs", true},
        {kJpeg2000Lossless, "Jpeg2000Lossless", true},
        {kRleLossless, "Rle", true},
        {kJpegLsNearLossless, "JpegLsNear", false},
        {kJpegExtended, "JpegExtended", false},
        {kJpeg2000, "Jpeg2000", false},
    };
    return all;
}

std::vector<unsigned char> read_bytes(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::vector<unsigned char>(std::istreambuf_iterator<char>(in), {});
}

void write_bytes(const std::filesystem::path& file, const std::vector<unsigned char>& bytes) {
    remove_first(file);
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace calcnode::dicom::fixture

#include "dicom/mammogram_reader.h"

#include <system_error>
#include <utility>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/attributes.h"
#include "dicom/check.h"
#include "dicom/dataset_scan.h"
#include "dicom/header_fields.h"
#include "dicom/pixel_decoder.h"
#include "dicom/pixel_format.h"
#include "dicom/value_table.h"

namespace calcnode::dicom {

namespace {

void check_file_size(const std::filesystem::path& file, std::uint64_t limit) {
    std::error_code problem;
    const std::uintmax_t size = std::filesystem::file_size(file, problem);
    if (problem)
        throw Error(ErrorCode::file_error, "cannot open " + file.string() + ": " + problem.message());
    if (size > limit) {
        throw Error(ErrorCode::too_large, "file of " + std::to_string(size) + " bytes is over the limit of " +
                                              std::to_string(limit));
    }
}

void check_is_mammogram(const InstanceHeader& header) {
    const bool right_modality = header.modality.empty() || header.modality == "MG";
    if (!is_mammography_class(header.sop_class_uid) || !right_modality) {
        throw Error(ErrorCode::not_a_mammogram,
                    "SOP class " + header.sop_class_uid + ", modality " + header.modality);
    }
    if (header.number_of_frames != 1) {
        throw Error(ErrorCode::not_a_mammogram, std::to_string(header.number_of_frames) + " frames");
    }
}

pipeline::Device device_of(DcmItem& dataset) {
    return {utf8_value(dataset, DCM_Manufacturer), utf8_value(dataset, DCM_ManufacturerModelName),
            utf8_value(dataset, DCM_DeviceSerialNumber), utf8_value(dataset, DCM_SoftwareVersions)};
}

// Padding is told from the stored values, before anything is turned round.
pipeline::Image<std::uint8_t> padding_image(const std::vector<std::uint16_t>& stored,
                                            const PixelFormat& format, const PaddingRange& range) {
    pipeline::Image<std::uint8_t> image(format.rows, format.columns);
    for (std::size_t index = 0; index < stored.size(); ++index) {
        const int value = stored[index];
        image.pixels[index] = value >= range.low && value <= range.high ? 1 : 0;
    }
    return image;
}

void fill_pixels(DcmDataset& dataset, const ScanResult& scan, const PixelFormat& format,
                 pipeline::Mammogram& mammogram) {
    const ValueMeaning meaning = read_value_meaning(dataset, format, mammogram.intent);
    const std::optional<PaddingRange> padding = read_padding(dataset);
    std::vector<std::uint16_t> pixels = decode_pixels(dataset, format, scan);
    dataset.clear();  // DCMTK's copies of the pixels
    for (std::uint16_t& pixel : pixels)
        pixel &= format.stored_mask();
    if (padding) mammogram.padding = padding_image(pixels, format, *padding);
    const ValueTable table = make_value_table(meaning, format.bits_stored);
    for (std::uint16_t& pixel : pixels)
        pixel = table.values[pixel];
    mammogram.bits_stored = table.bits;
    mammogram.pixels.rows = format.rows;
    mammogram.pixels.columns = format.columns;
    mammogram.pixels.pixels = std::move(pixels);
}

}  // namespace

pipeline::Mammogram read_mammogram(const std::filesystem::path& file, const ReaderLimits& limits) {
    check_file_size(file, limits.file_bytes);
    ScanLimits scan_limits;
    scan_limits.inflated_bytes = 2 * limits.pixels + scan_limits.header_bytes;
    const ScanResult scan = scan_dataset(file, scan_limits);
    DcmFileFormat format;
    check(format.loadFile(file.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_fileOnly),
          "cannot read " + file.filename().string());
    DcmDataset& dataset = *format.getDataset();
    const InstanceHeader header = header_fields(dataset, scan.transfer_syntax_uid);
    check_is_mammogram(header);
    const PixelFormat pixel_format = read_pixel_format(dataset, limits.pixels);
    const Spacing spacing = read_spacing(dataset);

    pipeline::Mammogram mammogram;
    mammogram.row_spacing_mm = spacing.row_mm;
    mammogram.column_spacing_mm = spacing.column_mm;
    mammogram.laterality = header.laterality;
    mammogram.view = header.view;
    mammogram.intent = header.intent;
    mammogram.device = device_of(dataset);
    mammogram.sop_instance_uid = header.sop_instance_uid;
    fill_pixels(dataset, scan, pixel_format, mammogram);
    return mammogram;
}

}  // namespace calcnode::dicom

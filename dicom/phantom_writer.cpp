#include "dicom/phantom_writer.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/check.h"
#include "dicom/code.h"
#include "dicom/error.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

using pipeline::Intent;
using pipeline::Laterality;
using pipeline::Mammogram;
using pipeline::View;

// The phantom has no clock: every exam was made on the same morning.
constexpr const char* kExamDate = "20240611";
constexpr const char* kExamTime = "101500";

const Code kBreast{"76752008", "SCT", "Breast"};                               // PS3.16 CID 4013
const Code kCranioCaudal{"399162004", "SCT", "cranio-caudal"};                 // CID 4014
const Code kMedioLateralOblique{"399368009", "SCT", "medio-lateral oblique"};  // CID 4014
const Code kSourceForProcessing{"121322", "DCM", "Source image for image processing operation"};  // CID 7202

void put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
    check(item.putAndInsertString(tag, value.c_str()), "writing the phantom's header",
          ErrorCode::invalid_result);
}

void put_number(DcmItem& item, const DcmTagKey& tag, std::uint16_t value) {
    check(item.putAndInsertUint16(tag, value), "writing the phantom's header", ErrorCode::invalid_result);
}

DcmItem& add_item(DcmItem& dataset, const DcmTagKey& sequence) {
    DcmItem* item = nullptr;
    check(dataset.findOrCreateSequenceItem(sequence, item, -2), "writing a sequence of the phantom's header",
          ErrorCode::invalid_result);
    return *item;
}

DcmItem& put_code(DcmItem& dataset, const DcmTagKey& sequence, const Code& code) {
    DcmItem& item = add_item(dataset, sequence);
    put(item, DCM_CodeValue, code.value);
    put(item, DCM_CodingSchemeDesignator, code.scheme);
    put(item, DCM_CodeMeaning, code.meaning);
    return item;
}

void put_empty_sequence(DcmItem& dataset, const DcmTagKey& sequence) {
    check(dataset.insertEmptyElement(sequence), "writing a sequence of the phantom's header",
          ErrorCode::invalid_result);
}

/// A decimal string of at most 16 characters (PS3.5 6.2).
std::string decimal(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.7g", value);
    return text;
}

std::string truth_digest(const pipeline::Phantom& phantom) {
    std::uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a
    for (const std::uint16_t label : phantom.truth.pixels)
        hash = (hash ^ label) * 0x100000001b3ull;
    return std::to_string(hash);
}

struct Names {
    std::string study;
    std::string series;
    std::string instance;
    std::string processing_instance;  // what a For Presentation image was made from
};

/// Everything that tells one phantom image from another is in its UID, so that a changed image is a new
/// instance; what the four views have in common is in the study's.
Names names_of(const pipeline::Phantom& phantom, const PhantomExamContext& context) {
    const Mammogram& image = phantom.mammogram;
    const std::string geometry = std::to_string(image.pixels.rows) + " " +
                                 std::to_string(image.pixels.columns) + " " + decimal(image.row_spacing_mm) +
                                 " " + std::to_string(image.bits_stored) + " " +
                                 (context.monochrome1 ? "1" : "2");
    const std::string picture = std::to_string(static_cast<int>(image.view)) + " " +
                                std::to_string(static_cast<int>(image.laterality)) + " " +
                                truth_digest(phantom) + " " + image.device.model + " " +
                                pipeline::condition_text(phantom.condition);
    const std::string intent = image.intent == Intent::presentation ? "presentation" : "processing";
    Names names;
    names.study = deterministic_uid({"phantom study", context.patient_id, context.patient_name,
                                     context.accession_number, std::to_string(context.seed), geometry});
    names.series = deterministic_uid({"phantom series", names.study, intent});
    names.instance = deterministic_uid({"phantom image", names.study, intent, picture});
    names.processing_instance = deterministic_uid({"phantom image", names.study, "processing", picture});
    return names;
}

// PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1
void put_exam(DcmItem& dataset, const Mammogram& image, const PhantomExamContext& context,
              const Names& names) {
    const bool presentation = image.intent == Intent::presentation;
    put(dataset, DCM_SpecificCharacterSet, "ISO_IR 192");
    put(dataset, DCM_PatientName, context.patient_name);
    put(dataset, DCM_PatientID, context.patient_id);
    put(dataset, DCM_PatientBirthDate, "19650412");
    put(dataset, DCM_PatientSex, "F");
    put(dataset, DCM_PatientAge, "059Y");
    put(dataset, DCM_StudyInstanceUID, names.study);
    put(dataset, DCM_StudyID, "1");
    put(dataset, DCM_AccessionNumber, context.accession_number);
    put(dataset, DCM_StudyDate, kExamDate);
    put(dataset, DCM_StudyTime, kExamTime);
    put(dataset, DCM_ReferringPhysicianName, "");
    put(dataset, DCM_StudyDescription, "Phantom mammography");
    put(dataset, DCM_Modality, "MG");
    put(dataset, DCM_SeriesInstanceUID, names.series);
    put(dataset, DCM_SeriesNumber, presentation ? "1" : "2");
    put(dataset, DCM_SeriesDescription,
        presentation ? "Phantom, for presentation" : "Phantom, for processing");
    put(dataset, DCM_SeriesDate, kExamDate);
    put(dataset, DCM_SeriesTime, kExamTime);
    put(dataset, DCM_OperatorsName, "");
    put(dataset, DCM_Manufacturer, image.device.manufacturer);
    put(dataset, DCM_ManufacturerModelName, image.device.model);
    put(dataset, DCM_DeviceSerialNumber, image.device.serial_number);
    put(dataset, DCM_SoftwareVersions, image.device.software_versions);
    put(dataset, DCM_InstitutionName, "Phantom laboratory");
    put(dataset, DCM_StationName, "PHANTOM1");
}

const char* patient_orientation(const Mammogram& image) {
    const bool left = image.laterality == Laterality::left;
    if (image.view == View::cc) return left ? "A\\R" : "P\\L";
    return left ? "A\\FR" : "P\\FL";
}

// PS3.3 C.7.6.1, C.8.11.1 - C.8.11.3 (DX Series, Anatomy, Image)
void put_image(DcmItem& dataset, const Mammogram& image, const PhantomExamContext& context,
               const Names& names) {
    const bool presentation = image.intent == Intent::presentation;
    char time[16];
    std::snprintf(time, sizeof time, "1016%02d", context.instance_number % 60);
    put(dataset, DCM_PresentationIntentType, presentation ? "FOR PRESENTATION" : "FOR PROCESSING");
    put(dataset, DCM_ImageType, presentation ? "DERIVED\\PRIMARY\\" : "ORIGINAL\\PRIMARY\\");
    put(dataset, DCM_InstanceNumber, std::to_string(context.instance_number));
    put(dataset, DCM_AcquisitionNumber, std::to_string(context.instance_number));
    put(dataset, DCM_AcquisitionDate, kExamDate);
    put(dataset, DCM_AcquisitionTime, time);
    put(dataset, DCM_ContentDate, kExamDate);
    put(dataset, DCM_ContentTime, time);
    put(dataset, DCM_PatientOrientation, patient_orientation(image));
    put(dataset, DCM_BodyPartExamined, "BREAST");
    put(dataset, DCM_ImageLaterality, image.laterality == Laterality::left ? "L" : "R");
    put_code(dataset, DCM_AnatomicRegionSequence, kBreast);
    put(dataset, DCM_BurnedInAnnotation, "NO");
    put(dataset, DCM_LossyImageCompression, "00");
    put(dataset, DCM_RescaleIntercept, "0");
    put(dataset, DCM_RescaleSlope, "1");
    put(dataset, DCM_RescaleType, "US");
    put(dataset, DCM_PresentationLUTShape, context.monochrome1 ? "INVERSE" : "IDENTITY");
    if (presentation) {
        const unsigned range = 1u << image.bits_stored;
        put(dataset, DCM_WindowCenter, std::to_string(range / 2));
        put(dataset, DCM_WindowWidth, std::to_string(range));
        put(dataset, DCM_WindowCenterWidthExplanation, "FULL");
        put(dataset, DCM_DerivationDescription, "Logarithm, edge enhancement, tone curve");
        DcmItem& source = add_item(dataset, DCM_SourceImageSequence);
        put(source, DCM_ReferencedSOPClassUID, kMammographyForProcessing);
        put(source, DCM_ReferencedSOPInstanceUID, names.processing_instance);
        put(source, DCM_SpatialLocationsPreserved, "YES");
        put_code(source, DCM_PurposeOfReferenceCodeSequence, kSourceForProcessing);
    }
}

const char* detector_type(const std::string& model) {
    if (model.find("Film") != std::string::npos) return "FILM";
    if (model.find("Phosphor") != std::string::npos) return "STORAGE";
    if (model.find("Indirect") != std::string::npos) return "SCINTILLATOR";
    return "DIRECT";
}

// PS3.3 C.8.11.4 (DX Detector), C.8.11.7 (Mammography Image), C.8.7.8 ff
void put_acquisition(DcmItem& dataset, const Mammogram& image) {
    const bool cc = image.view == View::cc;
    put(dataset, DCM_PositionerType, "MAMMOGRAPHIC");
    put(dataset, DCM_PositionerPrimaryAngle, cc ? "0" : image.laterality == Laterality::right ? "45" : "-45");
    put(dataset, DCM_OrganExposed, "BREAST");
    put(dataset, DCM_BreastImplantPresent, "NO");
    put(dataset, DCM_PartialView, "NO");
    DcmItem& view = put_code(dataset, DCM_ViewCodeSequence, cc ? kCranioCaudal : kMedioLateralOblique);
    put_empty_sequence(view, DCM_ViewModifierCodeSequence);
    put_empty_sequence(dataset, DCM_AcquisitionContextSequence);
    put(dataset, DCM_DetectorType, detector_type(image.device.model));
    put(dataset, DCM_DetectorConfiguration, "AREA");
    put(dataset, DCM_DetectorID, image.device.serial_number);
    put(dataset, DCM_DetectorActiveShape, "RECTANGLE");
    put(dataset, DCM_ImagerPixelSpacing,
        decimal(image.row_spacing_mm) + "\\" + decimal(image.column_spacing_mm));
    put(dataset, DCM_FieldOfViewShape, "RECTANGLE");
    put(dataset, DCM_FieldOfViewDimensions,
        std::to_string(std::lround(image.pixels.columns * image.column_spacing_mm)) + "\\" +
            std::to_string(std::lround(image.pixels.rows * image.row_spacing_mm)));
    put(dataset, DCM_FieldOfViewOrigin, "0\\0");
    put(dataset, DCM_FieldOfViewRotation, "0");
    put(dataset, DCM_FieldOfViewHorizontalFlip, "NO");
    put(dataset, DCM_KVP, "29");
    put(dataset, DCM_ExposureTime, "900");
    put(dataset, DCM_XRayTubeCurrent, "100");
    put(dataset, DCM_Exposure, "90");
    put(dataset, DCM_AnodeTargetMaterial, "TUNGSTEN");
    put(dataset, DCM_FilterMaterial, "RHODIUM");
    put(dataset, DCM_DistanceSourceToDetector, "660");
    put(dataset, DCM_DistanceSourceToPatient, "660");
    // The phantom is flat and lies on the detector: spacing in the breast is spacing at the detector.
    put(dataset, DCM_EstimatedRadiographicMagnificationFactor, "1");
    put(dataset, DCM_BodyPartThickness, "50");
    put(dataset, DCM_CompressionForce, "110");
}

/// Values as stored. For Processing: the raw exposure of which the phantom's pixels are the logarithm turned
/// round (1 - log(1 + v) / log(1 + greatest)).
std::vector<std::uint16_t> stored_values(const Mammogram& image, bool inverted) {
    const double greatest = (1u << image.bits_stored) - 1;
    std::vector<std::uint16_t> table(static_cast<std::size_t>(greatest) + 1);
    for (std::size_t value = 0; value < table.size(); ++value) {
        double stored = static_cast<double>(value);
        if (image.intent == Intent::processing) {
            stored = std::expm1((1 - stored / greatest) * std::log1p(greatest));
        }
        table[value] = static_cast<std::uint16_t>(std::lround(inverted ? greatest - stored : stored));
    }
    std::vector<std::uint16_t> values;
    values.reserve(image.pixels.pixels.size());
    for (const std::uint16_t value : image.pixels.pixels)
        values.push_back(table[value]);
    return values;
}

// PS3.3 C.7.6.3, C.8.11.3.1.2 (relationship and sign)
void put_pixels(DcmItem& dataset, const Mammogram& image, const PhantomExamContext& context) {
    const bool presentation = image.intent == Intent::presentation;
    // +1: a lower value is less X-ray at the detector. The phantom's sense is the opposite, raw exposures are
    // not.
    const bool rises_with_xray = presentation == context.monochrome1;
    put(dataset, DCM_PixelIntensityRelationship, presentation ? "LOG" : "LIN");
    check(dataset.putAndInsertSint16(DCM_PixelIntensityRelationshipSign, rises_with_xray ? 1 : -1),
          "writing the phantom's header", ErrorCode::invalid_result);
    put_number(dataset, DCM_SamplesPerPixel, 1);
    put(dataset, DCM_PhotometricInterpretation, context.monochrome1 ? "MONOCHROME1" : "MONOCHROME2");
    put_number(dataset, DCM_Rows, static_cast<std::uint16_t>(image.pixels.rows));
    put_number(dataset, DCM_Columns, static_cast<std::uint16_t>(image.pixels.columns));
    put_number(dataset, DCM_BitsAllocated, image.bits_stored > 8 ? 16 : 8);
    put_number(dataset, DCM_BitsStored, static_cast<std::uint16_t>(image.bits_stored));
    put_number(dataset, DCM_HighBit, static_cast<std::uint16_t>(image.bits_stored - 1));
    put_number(dataset, DCM_PixelRepresentation, 0);
    const std::vector<std::uint16_t> values = stored_values(image, context.monochrome1);
    if (image.bits_stored > 8) {
        check(dataset.putAndInsertUint16Array(DCM_PixelData, values.data(),
                                              static_cast<unsigned long>(values.size())),
              "writing the phantom's pixels", ErrorCode::invalid_result);
        return;
    }
    std::vector<std::uint8_t> bytes(values.begin(), values.end());
    if (bytes.size() % 2 != 0) bytes.push_back(0);  // PS3.5 8.1.1: even length
    check(
        dataset.putAndInsertUint8Array(DCM_PixelData, bytes.data(), static_cast<unsigned long>(bytes.size())),
        "writing the phantom's pixels", ErrorCode::invalid_result);
}

void check_phantom(const Mammogram& image) {
    const bool view = image.view == View::cc || image.view == View::mlo;
    const bool side = image.laterality == Laterality::left || image.laterality == Laterality::right;
    if (!view || !side || image.pixels.empty() || image.bits_stored < 8 || image.bits_stored > 16 ||
        image.row_spacing_mm <= 0 || image.column_spacing_mm <= 0) {
        throw Error(ErrorCode::invalid_result, "this phantom cannot be written as a mammogram");
    }
}

}  // namespace

void write_phantom(const pipeline::Phantom& phantom, const PhantomExamContext& context,
                   const std::filesystem::path& file) {
    const Mammogram& image = phantom.mammogram;
    check_phantom(image);
    const Names names = names_of(phantom, context);
    DcmFileFormat format;
    DcmItem& dataset = *format.getDataset();
    put(dataset, DCM_SOPClassUID,
        image.intent == Intent::presentation ? kMammographyForPresentation : kMammographyForProcessing);
    put(dataset, DCM_SOPInstanceUID, names.instance);
    put_exam(dataset, image, context, names);
    put_image(dataset, image, context, names);
    put_acquisition(dataset, image);
    put_pixels(dataset, image, context);
    check(format.saveFile(file.c_str(), EXS_LittleEndianExplicit), "writing " + file.string(),
          ErrorCode::file_error);
}

}  // namespace calcnode::dicom

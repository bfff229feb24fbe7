#include "dicom/result_dataset.h"

#include <algorithm>
#include <memory>
#include <set>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcpixel.h>

#include "dicom/attributes.h"
#include "dicom/check.h"
#include "dicom/result_codes.h"

namespace calcnode::dicom {

namespace {

void done(const OFCondition& condition, const DcmTagKey& tag) {
    check(condition, std::string("cannot write ") + tag.toString().c_str(), ErrorCode::invalid_result);
}

// PS3.3 C.7.5.1: one value for the node, one for the model.
std::string software_versions(const ResultOptions& options, Repertoire repertoire) {
    return std::string(CALCNODE_VERSION) + "\\" +
           fit_text(options.model.name + " " + options.model.version, kLongString, repertoire);
}

const DcmTagKey kDeviceText[] = {DCM_Manufacturer,          DCM_InstitutionName,    DCM_StationName,
                                 DCM_ManufacturerModelName, DCM_DeviceSerialNumber, DCM_SoftwareVersions};

std::string whole_value(DcmItem& item, const DcmTagKey& tag) {
    OFString value;
    item.findAndGetOFStringArray(tag, value);
    return value.c_str();
}

std::string device_key(DcmItem& device) {
    std::string key;
    for (const DcmTagKey& tag : kDeviceText)
        key += whole_value(device, tag) + '\n';
    return key;
}

void put_device_text(DcmItem& item, const DcmTagKey& tag, const std::string& text, bool same_text) {
    if (text.empty()) return;
    put(item, tag, same_text || is_ascii(text) ? text : fit_text(text, kLongString, Repertoire::ascii));
}

}  // namespace

void put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
    done(item.putAndInsertString(tag, value.c_str()), tag);
}

void put_number(DcmItem& item, const DcmTagKey& tag, std::uint16_t value) {
    done(item.putAndInsertUint16(tag, value), tag);
}

void put_numbers(DcmItem& item, const DcmTagKey& tag, std::span<const std::uint32_t> values) {
    done(item.putAndInsertUint32Array(tag, values.data(), static_cast<unsigned long>(values.size())), tag);
}

void put_empty(DcmItem& item, const DcmTagKey& tag) {
    done(item.insertEmptyElement(tag), tag);
}

void put_bytes(DcmItem& item, std::span<const std::uint8_t> bytes) {
    auto pixels = std::make_unique<DcmPixelData>(DCM_PixelData);
    done(pixels->setVR(EVR_OB), DCM_PixelData);
    Uint8* room = nullptr;
    const std::size_t length = bytes.size() + bytes.size() % 2;
    done(pixels->createUint8Array(static_cast<Uint32>(length), room), DCM_PixelData);
    std::copy(bytes.begin(), bytes.end(), room);
    if (length > bytes.size()) room[length - 1] = 0;
    done(item.insert(pixels.get(), OFTrue), DCM_PixelData);
    static_cast<void>(pixels.release());  // the data set's now
}

DcmItem& add_item(DcmItem& item, const DcmTagKey& sequence) {
    constexpr signed long kAppend = -2;
    DcmItem* added = nullptr;
    done(item.findOrCreateSequenceItem(sequence, added, kAppend), sequence);
    return *added;
}

DcmItem& put_code(DcmItem& item, const DcmTagKey& sequence, const Code& code) {
    DcmItem& added = add_item(item, sequence);
    put(added, DCM_CodeValue, code.value);
    put(added, DCM_CodingSchemeDesignator, code.scheme);
    put(added, DCM_CodeMeaning, code.meaning);
    return added;
}

DcmItem& put_code(DcmItem& item, const DcmTagKey& sequence, const Concept& what, CodeScheme scheme) {
    return put_code(item, sequence, what.in(scheme));
}

DcmItem& put_reference(DcmItem& item, const DcmTagKey& sequence, const std::string& sop_class_uid,
                       const std::string& sop_instance_uid) {
    DcmItem& added = add_item(item, sequence);
    put(added, DCM_ReferencedSOPClassUID, sop_class_uid);
    put(added, DCM_ReferencedSOPInstanceUID, sop_instance_uid);
    return added;
}

void put_series_and_equipment(DcmItem& object, const ResultSeries& series, const ResultOptions& options,
                              Repertoire repertoire) {
    put(object, DCM_SOPClassUID, series.sop_class_uid);
    put(object, DCM_SOPInstanceUID, series.sop_instance_uid);
    put(object, DCM_ContentQualification, "RESEARCH");
    put(object, DCM_Modality, series.modality);
    put(object, DCM_SeriesInstanceUID, series.series_instance_uid);
    put(object, DCM_SeriesNumber, std::to_string(series.series_number));
    put(object, DCM_SeriesDescription, series.description);
    if (!series.series.date.empty()) put(object, DCM_SeriesDate, series.series.date);
    if (!series.series.time.empty()) put(object, DCM_SeriesTime, series.series.time);
    put(object, DCM_InstanceNumber, std::to_string(series.instance_number));
    if (!series.content.date.empty()) put(object, DCM_ContentDate, series.content.date);
    if (!series.content.time.empty()) put(object, DCM_ContentTime, series.content.time);
    put(object, DCM_Manufacturer, kManufacturer);
    put(object, DCM_ManufacturerModelName, kModelName);
    put(object, DCM_DeviceSerialNumber, fit_text(options.device_serial_number, kLongString, repertoire));
    put(object, DCM_SoftwareVersions, software_versions(options, repertoire));
    if (!options.institution.empty())
        put(object, DCM_InstitutionName, fit_text(options.institution, kLongString, repertoire));
}

void put_acquisition_equipment(DcmItem& object, std::span<const PatientContext> contexts) {
    std::set<std::string> seen;
    for (const PatientContext& context : contexts) {
        if (text_value(*context.equipment, DCM_Manufacturer).empty()) continue;  // Type 1 within the item
        const bool same_text =
            &context == &contexts.front() ||
            (context.repertoire == Repertoire::utf8 && contexts.front().repertoire == Repertoire::utf8);
        if (!seen.insert(device_key(*context.equipment)).second) continue;
        DcmItem& item = add_item(object, DCM_ContributingEquipmentSequence);
        put_code(item, DCM_PurposeOfReferenceCodeSequence, codes::kAcquisitionEquipment.in(CodeScheme::sct));
        for (const DcmTagKey& tag : kDeviceText)
            put_device_text(item, tag, whole_value(*context.equipment, tag), same_text);
    }
}

}  // namespace calcnode::dicom

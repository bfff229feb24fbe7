#include "dicom/header_fields.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/uid.h"
#include "dicom/view_codes.h"

namespace calcnode::dicom {

namespace {

// A contact view is at 1.0 to 1.1 (the breast lies above the detector), a magnification view at 1.5 to 1.8.
constexpr double kMagnificationView = 1.4;

bool is_yes(DcmItem& dataset, const DcmTagKey& tag) {
    return text_value(dataset, tag) == "YES";
}

std::string digits_of(std::string_view text) {
    std::string digits;
    std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
                 [](char c) { return c >= '0' && c <= '9'; });
    return digits;
}

// A DA or TM value, also in ACR-NEMA's notation (1994.01.31, 12:30:00), as the sortable form of
// instance_header.h; empty when there is no date.
std::string joined(const std::string& date, std::string time) {
    const std::string day = digits_of(date);
    if (day.size() != 8) return {};
    std::string fraction;
    const std::size_t point = time.find('.');
    if (point != std::string::npos) {
        fraction = digits_of(std::string_view(time).substr(point + 1));
        time.resize(point);
    }
    std::string clock = digits_of(time);
    clock.resize(6, '0');
    std::string result = day + clock;
    if (!fraction.empty()) result.append(1, '.').append(fraction, 0, 6);
    return result;
}

std::string joined(DcmItem& dataset, const DcmTagKey& date, const DcmTagKey& time) {
    return joined(text_value(dataset, date), text_value(dataset, time));
}

std::string acquisition_datetime(DcmItem& dataset) {
    std::string text = text_value(dataset, DCM_AcquisitionDateTime);
    text.resize(std::min(text.find_first_of("+-"), text.size()));  // without the offset from UTC
    if (text.size() < 8) return {};
    return joined(text.substr(0, 8), text.substr(8));
}

std::string best_datetime(DcmItem& dataset) {
    const std::string candidates[] = {
        joined(dataset, DCM_ContentDate, DCM_ContentTime), acquisition_datetime(dataset),
        joined(dataset, DCM_AcquisitionDate, DCM_AcquisitionTime),
        joined(dataset, DCM_SeriesDate, DCM_SeriesTime), joined(dataset, DCM_StudyDate, DCM_StudyTime)};
    for (const std::string& candidate : candidates) {
        if (!candidate.empty()) return candidate;
    }
    return {};
}

pipeline::View view_of(DcmItem& dataset) {
    for (DcmItem* item : items_of(dataset, DCM_ViewCodeSequence)) {
        const pipeline::View view = view_of_code(code_of(*item));
        if (view != pipeline::View::unknown) return view;
    }
    return view_of_position(text_value(dataset, DCM_ViewPosition));
}

void apply_modifiers(DcmItem& holder, InstanceHeader& header) {
    for (DcmItem* item : items_of(holder, DCM_ViewModifierCodeSequence)) {
        switch (view_modifier_of(code_of(*item))) {
            case ViewModifier::implant_displaced:
                header.implant_displaced = true;
                break;
            case ViewModifier::magnification:
                header.magnification = true;
                break;
            case ViewModifier::spot_compression:
                header.spot_compression = true;
                break;
            case ViewModifier::other:
                break;
        }
    }
}

// PS3.3 C.8.11.7.1.4: values 3 and 4 of Image Type; vendors put them at other places too.
bool says_tomosynthesis(DcmItem& dataset) {
    for (unsigned long index = 0; index < 16; ++index) {
        const std::string value = text_value(dataset, DCM_ImageType, index);
        if (value.rfind("TOMO", 0) == 0 || value == "GENERATED_2D") return true;
    }
    return false;
}

pipeline::Laterality image_laterality(DcmItem& dataset) {
    const pipeline::Laterality of_image = laterality_of(text_value(dataset, DCM_ImageLaterality));
    if (of_image != pipeline::Laterality::unknown) return of_image;
    return laterality_of(text_value(dataset, DCM_Laterality));
}

std::vector<std::string> source_instances(DcmItem& dataset) {
    std::vector<std::string> uids;
    for (DcmItem* item : items_of(dataset, DCM_SourceImageSequence)) {
        std::string uid = text_value(*item, DCM_ReferencedSOPInstanceUID);
        if (is_legal_uid(uid)) uids.push_back(std::move(uid));
    }
    return uids;
}

void fill_mammography(DcmItem& dataset, InstanceHeader& header) {
    header.laterality = image_laterality(dataset);
    header.view = view_of(dataset);
    if (header.sop_class_uid == kMammographyForProcessing) header.intent = pipeline::Intent::processing;
    header.rows = integer_value(dataset, DCM_Rows).value_or(0);
    header.columns = integer_value(dataset, DCM_Columns).value_or(0);
    header.number_of_frames = integer_value(dataset, DCM_NumberOfFrames).value_or(1);
    header.implant_present = is_yes(dataset, DCM_BreastImplantPresent);
    apply_modifiers(dataset,
                    header);  // a few vendors write them beside the view, not within (PS3.3 C.8.11.7)
    for (DcmItem* view : items_of(dataset, DCM_ViewCodeSequence))
        apply_modifiers(*view, header);
    const double factor = number_value(dataset, DCM_EstimatedRadiographicMagnificationFactor).value_or(1);
    header.magnification = header.magnification || factor >= kMagnificationView;
    header.specimen = header.view == pipeline::View::specimen;
    header.partial_view = is_yes(dataset, DCM_PartialView);
    header.quality_control = is_yes(dataset, DCM_QualityControlImage);
    header.tomosynthesis = says_tomosynthesis(dataset) || header.number_of_frames > 1;
    header.source_instance_uids = source_instances(dataset);
    header.content_datetime = best_datetime(dataset);
}

}  // namespace

bool is_mammography_class(const std::string& sop_class_uid) {
    return sop_class_uid == kMammographyForPresentation || sop_class_uid == kMammographyForProcessing;
}

InstanceHeader header_fields(DcmItem& dataset, const std::string& transfer_syntax_uid) {
    InstanceHeader header;
    header.sop_class_uid = required_uid(dataset, DCM_SOPClassUID);
    header.sop_instance_uid = required_uid(dataset, DCM_SOPInstanceUID);
    header.study_instance_uid = required_uid(dataset, DCM_StudyInstanceUID);
    header.series_instance_uid = required_uid(dataset, DCM_SeriesInstanceUID);
    header.transfer_syntax_uid = transfer_syntax_uid;
    header.modality = utf8_value(dataset, DCM_Modality);
    header.station_name = utf8_value(dataset, DCM_StationName);
    header.manufacturer = utf8_value(dataset, DCM_Manufacturer);
    header.instance_number = integer_value(dataset, DCM_InstanceNumber).value_or(0);
    if (is_mammography_class(header.sop_class_uid)) fill_mammography(dataset, header);
    return header;
}

}  // namespace calcnode::dicom

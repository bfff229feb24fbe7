#include "dicom/result_check_image.h"

#include <map>
#include <set>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/result_check.h"
#include "dicom/result_check_parts.h"

namespace calcnode::dicom {

namespace {

using Images = std::map<std::string, const ResultSource*>;  // by SOP Instance UID

void require_text(DcmItem& item, const DcmTagKey& tag, const char* expected) {
    if (text_value(item, tag) != expected)
        refuse(std::string(tag.toString().c_str()) + " is not " + expected);
}

const ResultSource& image_of(DcmItem& reference, const Images& images) {
    const std::string uid = text_value(reference, DCM_ReferencedSOPInstanceUID);
    const auto found = images.find(uid);
    if (found == images.end()) refuse("it refers to " + uid + ", which is none of its images");
    if (text_value(reference, DCM_ReferencedSOPClassUID) != found->second->header.sop_class_uid)
        refuse("it gives image " + uid + " another SOP class");
    return *found->second;
}

const ResultSource& only_image_of(DcmItem& item, const Images& images) {
    return image_of(only_item(item, DCM_ReferencedImageSequence), images);
}

void check_relationship(DcmItem& object, const Images& images) {
    std::set<std::string> listed;
    for (DcmItem* series : items_of(object, DCM_ReferencedSeriesSequence)) {
        for (DcmItem* reference : items_of(*series, DCM_ReferencedImageSequence)) {
            const ResultSource& image = image_of(*reference, images);
            if (text_value(*series, DCM_SeriesInstanceUID) != image.header.series_instance_uid)
                refuse("it puts image " + image.header.sop_instance_uid + " into another series");
            listed.insert(image.header.sop_instance_uid);
        }
    }
    if (listed.size() != images.size()) refuse("it does not list all of its images");
}

void check_areas(DcmItem& object, const Images& images) {
    std::set<std::string> shown;
    for (DcmItem* area : items_of(object, DCM_DisplayedAreaSelectionSequence)) {
        const ResultSource& image = only_image_of(*area, images);
        Sint32 columns = 0;
        Sint32 rows = 0;
        area->findAndGetSint32(DCM_DisplayedAreaBottomRightHandCorner, columns, 0);
        area->findAndGetSint32(DCM_DisplayedAreaBottomRightHandCorner, rows, 1);
        if (columns != image.header.columns || rows != image.header.rows)
            refuse("the displayed area is not the image");
        if (!shown.insert(image.header.sop_instance_uid).second) refuse("an image has two displayed areas");
    }
    if (shown.size() != images.size()) refuse("an image has no displayed area");
}

void check_voi(DcmItem& object, const Images& images) {
    std::set<std::string> seen;
    for (DcmItem* voi : items_of(object, DCM_SoftcopyVOILUTSequence)) {
        const ResultSource& image = only_image_of(*voi, images);
        if (!seen.insert(image.header.sop_instance_uid).second)
            refuse("an image has two VOI transformations");
        if (voi->tagExistsWithValue(DCM_WindowCenter) == voi->tagExists(DCM_VOILUTSequence))
            refuse("a VOI transformation has neither a window nor a LUT, or both");
    }
}

void check_graphic(DcmItem& graphic, const InstanceHeader& image) {
    require_text(graphic, DCM_GraphicType, "POLYLINE");
    require_text(graphic, DCM_GraphicAnnotationUnits, "PIXEL");
    const Float32* data = nullptr;
    unsigned long length = 0;
    if (graphic.findAndGetFloat32Array(DCM_GraphicData, data, &length).bad() || length < 8 ||
        length !=
            2UL * static_cast<unsigned long>(integer_value(graphic, DCM_NumberOfGraphicPoints).value_or(0))) {
        refuse("an outline does not have as many points as it says");
    }
    if (data[0] != data[length - 2] || data[1] != data[length - 1]) refuse("an outline is not closed");
    for (unsigned long i = 0; i < length; i += 2) {
        if (!(data[i] >= 0 && data[i] <= static_cast<Float32>(image.columns) && data[i + 1] >= 0 &&
              data[i + 1] <= static_cast<Float32>(image.rows))) {
            refuse("an outline leaves its image");
        }
    }
}

void check_annotations(DcmItem& object, const Images& images) {
    std::set<std::string> layers;
    for (DcmItem* layer : items_of(object, DCM_GraphicLayerSequence))
        layers.insert(text_value(*layer, DCM_GraphicLayer));
    const std::vector<DcmItem*> annotations = items_of(object, DCM_GraphicAnnotationSequence);
    if (annotations.empty()) refuse("it has no annotation");
    for (DcmItem* annotation : annotations) {
        const ResultSource& image = only_image_of(*annotation, images);
        if (layers.count(text_value(*annotation, DCM_GraphicLayer)) == 0)
            refuse("an annotation is in a layer that is not defined");
        for (DcmItem* graphic : items_of(*annotation, DCM_GraphicObjectSequence))
            check_graphic(*graphic, image.header);
        for (DcmItem* text : items_of(*annotation, DCM_TextObjectSequence))
            require_values(*text, {DCM_UnformattedTextValue});
    }
}

}  // namespace

void check_key_image(DcmItem& object, const ResultSource& source) {
    check_values(object);
    require_values(object, {DCM_Rows, DCM_Columns, DCM_ImageType, DCM_ConversionType, DCM_ContentDate,
                            DCM_ContentTime, DCM_LossyImageCompression});
    require_text(object, DCM_BurnedInAnnotation, "YES");
    require_text(object, DCM_PhotometricInterpretation, "RGB");
    if (object.tagExists(DCM_PixelSpacing)) refuse("a key image must not be measured in");
    DcmItem& reference = only_item(object, DCM_SourceImageSequence);
    image_of(reference, {{source.header.sop_instance_uid, &source}});
    require_code(reference, DCM_PurposeOfReferenceCodeSequence);
    require_code(object, DCM_DerivationCodeSequence);
    const auto bytes = 3UL * static_cast<unsigned long>(integer_value(object, DCM_Rows).value_or(0)) *
                       static_cast<unsigned long>(integer_value(object, DCM_Columns).value_or(0));
    const Uint8* pixels = nullptr;
    unsigned long length = 0;
    if (object.findAndGetUint8Array(DCM_PixelData, pixels, &length).bad() || bytes == 0 ||
        length != bytes + bytes % 2) {
        refuse("the pixel data are not as long as rows x columns x 3");
    }
}

void check_presentation_state(DcmItem& object, const std::vector<const ResultSource*>& images) {
    check_values(object);
    require_values(object,
                   {DCM_PresentationCreationDate, DCM_PresentationCreationTime, DCM_ContentLabel,
                    DCM_PresentationLUTShape, DCM_RescaleIntercept, DCM_RescaleSlope, DCM_RescaleType});
    Images by_uid;
    for (const ResultSource* image : images)
        by_uid[image->header.sop_instance_uid] = image;
    check_relationship(object, by_uid);
    check_areas(object, by_uid);
    check_voi(object, by_uid);
    check_annotations(object, by_uid);
}

}  // namespace calcnode::dicom

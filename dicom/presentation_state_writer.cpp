#include "dicom/presentation_state_writer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/check.h"
#include "dicom/image_parts.h"
#include "dicom/patient_context.h"
#include "dicom/result_check_image.h"
#include "dicom/result_dataset.h"
#include "dicom/result_identity.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

using Images = std::vector<const ResultSource*>;

constexpr const char* kLayer = "MICROCALC";
constexpr std::uint16_t kColour[3] = {43803, 26565, 37722};  // CIELab, PS3.3 C.10.7.1.1; as the segments'

/// What all images of one state share.
struct Look {
    std::string side;  // "L", "R", or what the source has instead
    std::string intercept = "0";
    std::string slope = "1";
    std::string type = "US";
    bool inverse = false;
    bool operator<(const Look& other) const {
        return std::tie(side, intercept, slope, type, inverse) <
               std::tie(other.side, other.intercept, other.slope, other.type, other.inverse);
    }
};

Look look_of(const ResultSource& source) {
    DcmItem& dataset = source.dataset();
    Look look;
    look.side = side_of(source.header.laterality);
    const std::string intercept = text_value(dataset, DCM_RescaleIntercept);
    const std::string slope = text_value(dataset, DCM_RescaleSlope);
    if (!intercept.empty() && !slope.empty()) {
        look.intercept = intercept;
        look.slope = slope;
        const std::string type = text_value(dataset, DCM_RescaleType);
        if (!type.empty()) look.type = type;
    }
    // A state's own Presentation LUT takes the place of the photometric interpretation (PS3.4 N.2.1.3).
    look.inverse = text_value(dataset, DCM_PhotometricInterpretation) == "MONOCHROME1" ||
                   text_value(dataset, DCM_PresentationLUTShape) == "INVERSE";
    return look;
}

std::map<Look, Images> breasts(const std::vector<ResultSource>& sources) {
    std::map<Look, Images> groups;
    for (const ResultSource& source : sources) {
        if (source.findings().status == pipeline::ImageStatus::analysed)
            groups[look_of(source)].push_back(&source);
    }
    std::erase_if(groups, [](const auto& group) {
        return std::all_of(group.second.begin(), group.second.end(),
                           [](const ResultSource* source) { return source->findings().clusters.empty(); });
    });
    return groups;
}

void refer_to(DcmItem& item, const ResultSource& source) {
    put_reference(item, DCM_ReferencedImageSequence, source.header.sop_class_uid,
                  source.header.sop_instance_uid);
}

void put_reals(DcmItem& item, const DcmTagKey& tag, const std::vector<Float32>& values) {
    check(item.putAndInsertFloat32Array(tag, values.data(), static_cast<unsigned long>(values.size())),
          "cannot write a coordinate", ErrorCode::invalid_result);
}

// PS3.3 C.11.10
void put_identification(DcmItem& object, const Images& images) {
    const Moment moment =
        (*std::max_element(images.begin(), images.end(), [](const ResultSource* a, const ResultSource* b) {
            return a->moment < b->moment;
        }))->moment;
    put(object, DCM_PresentationCreationDate, moment.date);
    put(object, DCM_PresentationCreationTime, moment.time);
    put(object, DCM_ContentLabel, kLayer);
    put(object, DCM_ContentDescription, "Microcalcification clusters, RESEARCH ONLY");
    put(object, DCM_ContentCreatorName, "calcnode^Automatic");
}

// PS3.3 C.11.11
void put_relationship(DcmItem& object, const Images& images) {
    std::map<std::string, Images> series;
    for (const ResultSource* source : images)
        series[source->header.series_instance_uid].push_back(source);
    for (const auto& [uid, members] : series) {
        DcmItem& item = add_item(object, DCM_ReferencedSeriesSequence);
        put(item, DCM_SeriesInstanceUID, uid);
        for (const ResultSource* source : members)
            refer_to(item, *source);
    }
}

// PS3.3 C.10.4: all of the image
void put_displayed_area(DcmItem& object, const ResultSource& source) {
    DcmItem& area = add_item(object, DCM_DisplayedAreaSelectionSequence);
    refer_to(area, source);
    put(area, DCM_DisplayedAreaTopLeftHandCorner, "1\\1");
    put(area, DCM_DisplayedAreaBottomRightHandCorner,
        std::to_string(source.header.columns) + "\\" + std::to_string(source.header.rows));
    put(area, DCM_PresentationSizeMode, "SCALE TO FIT");
    if (source.row_spacing_mm > 0) {
        put(area, DCM_PresentationPixelSpacing,
            decimal(source.row_spacing_mm) + "\\" + decimal(source.column_spacing_mm));
    } else {
        put(area, DCM_PresentationPixelAspectRatio, "1\\1");
    }
}

// PS3.3 C.11.8: as the image itself is shown at first. A mammogram's LUT is its maker's own curve and goes
// before the window.
void put_voi(DcmItem& object, const ResultSource& source) {
    DcmItem& dataset = source.dataset();
    DcmItem* lut = nullptr;
    if (dataset.findAndGetSequenceItem(DCM_VOILUTSequence, lut, 0).good() && lut->tagExists(DCM_LUTData)) {
        DcmItem& item = add_item(object, DCM_SoftcopyVOILUTSequence);
        refer_to(item, source);
        DcmItem& copy = add_item(item, DCM_VOILUTSequence);
        for (const DcmTagKey& tag : {DCM_LUTDescriptor, DCM_LUTData}) {
            check(lut->findAndInsertCopyOfElement(tag, &copy), "cannot copy the VOI LUT",
                  ErrorCode::invalid_result);
        }
        return;
    }
    const std::string centre = text_value(dataset, DCM_WindowCenter);
    const std::string width = text_value(dataset, DCM_WindowWidth);
    if (centre.empty() || width.empty()) return;
    DcmItem& item = add_item(object, DCM_SoftcopyVOILUTSequence);
    refer_to(item, source);
    put(item, DCM_WindowCenter, centre);
    put(item, DCM_WindowWidth, width);
    const std::string function = text_value(dataset, DCM_VOILUTFunction);
    if (!function.empty()) put(item, DCM_VOILUTFunction, function);
}

std::string percent(double score) {
    if (!(score >= 0 && score <= 1))
        throw Error(ErrorCode::invalid_result, "the score of a cluster is not in 0..1");
    return std::to_string(std::lround(score * 100)) + " %";
}

void put_text(DcmItem& annotation, const pipeline::Cluster& cluster, std::size_t number,
              const std::vector<pipeline::Point>& ring) {
    pipeline::Point anchor = ring.front();
    for (const pipeline::Point& point : ring)
        anchor = {std::max(anchor.x, point.x), std::min(anchor.y, point.y)};
    DcmItem& text = add_item(annotation, DCM_TextObjectSequence);
    put(text, DCM_AnchorPointAnnotationUnits, "PIXEL");
    put(text, DCM_UnformattedTextValue,
        "cluster " + std::to_string(number) + ": " + percent(cluster.score) +
            ", n=" + std::to_string(cluster.members.size()));
    put_reals(text, DCM_AnchorPoint, {static_cast<Float32>(anchor.x), static_cast<Float32>(anchor.y)});
    put(text, DCM_AnchorPointVisibility, "N");
}

void put_warning(DcmItem& annotation) {
    DcmItem& text = add_item(annotation, DCM_TextObjectSequence);
    put(text, DCM_BoundingBoxAnnotationUnits, "DISPLAY");
    put(text, DCM_UnformattedTextValue, "RESEARCH ONLY - not for diagnosis");
    put_reals(text, DCM_BoundingBoxTopLeftHandCorner, {0.02F, 0.95F});
    put_reals(text, DCM_BoundingBoxBottomRightHandCorner, {0.98F, 0.99F});
    put(text, DCM_BoundingBoxTextHorizontalJustification, "LEFT");
}

// PS3.3 C.10.5.1.2: PIXEL coordinates are those of an SCOORD.
void put_outline(DcmItem& annotation, const std::vector<pipeline::Point>& ring) {
    std::vector<Float32> data;
    for (const pipeline::Point& point : ring) {
        data.push_back(static_cast<Float32>(point.x));
        data.push_back(static_cast<Float32>(point.y));
    }
    DcmItem& graphic = add_item(annotation, DCM_GraphicObjectSequence);
    put(graphic, DCM_GraphicAnnotationUnits, "PIXEL");
    put_number(graphic, DCM_GraphicDimensions, 2);
    put_number(graphic, DCM_NumberOfGraphicPoints, static_cast<std::uint16_t>(ring.size()));
    put_reals(graphic, DCM_GraphicData, data);
    put(graphic, DCM_GraphicType, "POLYLINE");
    put(graphic, DCM_GraphicFilled, "N");
}

void put_annotation(DcmItem& object, const ResultSource& source) {
    const pipeline::ImageFindings& findings = source.findings();
    if (findings.clusters.empty()) return;
    DcmItem& annotation = add_item(object, DCM_GraphicAnnotationSequence);
    refer_to(annotation, source);
    put(annotation, DCM_GraphicLayer, kLayer);
    put_warning(annotation);
    for (std::size_t i = 0; i < findings.clusters.size(); ++i) {
        const pipeline::Cluster& cluster = findings.clusters[i];
        std::vector<pipeline::Point> ring = closed_outline(cluster.outline, source.extent());
        if (ring.empty()) ring = {point_within(cluster.centroid, source.extent())};
        if (ring.size() > 1) put_outline(annotation, ring);
        put_text(annotation, cluster, i + 1, ring);
    }
}

void put_layer(DcmItem& object) {  // PS3.3 C.10.7
    DcmItem& layer = add_item(object, DCM_GraphicLayerSequence);
    put(layer, DCM_GraphicLayer, kLayer);
    put(layer, DCM_GraphicLayerOrder, "1");
    check(layer.putAndInsertUint16Array(DCM_GraphicLayerRecommendedDisplayCIELabValue, kColour, 3),
          "cannot write a colour", ErrorCode::invalid_result);
    put(layer, DCM_GraphicLayerDescription, "Microcalcification clusters");
}

std::unique_ptr<DcmFileFormat> make_state(const Look& look, const Images& images,
                                          const ResultOptions& options) {
    std::vector<PatientContext> contexts;
    for (const ResultSource* source : images)
        contexts.push_back(read_patient_context(source->dataset()));
    auto format = std::make_unique<DcmFileFormat>();
    DcmItem& object = *format->getDataset();
    put_patient_context(object, contexts.front());
    put_request_attributes(object, contexts.front());
    put_series_and_equipment(object,
                             {.modality = "PR",
                              .sop_class_uid = kGrayscalePresentationState,
                              .sop_instance_uid = presentation_state_uid(images, options),
                              .series_instance_uid = presentation_state_series_uid(images, options),
                              .series_number = kPresentationStateSeries,
                              .instance_number = 1,
                              .description = "Microcalcification marks, RESEARCH ONLY",
                              .content = {},
                              .series = images.front()->study_moment},
                             options, contexts.front().repertoire);
    put(object, DCM_Laterality, look.side == "B" ? "" : look.side);
    put_acquisition_equipment(object, contexts);
    put_identification(object, images);
    put_relationship(object, images);
    put_layer(object);
    for (const ResultSource* source : images) {
        put_displayed_area(object, *source);
        put_voi(object, *source);
        put_annotation(object, *source);
    }
    put(object, DCM_RescaleIntercept, look.intercept);
    put(object, DCM_RescaleSlope, look.slope);
    put(object, DCM_RescaleType, look.type);
    put(object, DCM_PresentationLUTShape, look.inverse ? "INVERSE" : "IDENTITY");
    check_presentation_state(object, images);
    return format;
}

}  // namespace

std::vector<std::unique_ptr<DcmFileFormat>> make_presentation_states(const std::vector<ResultSource>& sources,
                                                                     const ResultOptions& options) {
    std::vector<std::unique_ptr<DcmFileFormat>> states;
    for (const auto& [look, images] : breasts(sources))
        states.push_back(make_state(look, images, options));
    return states;
}

}  // namespace calcnode::dicom

#include "dicom/content_item.h"

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/check.h"
#include "dicom/result_dataset.h"
#include "dicom/result_text.h"

namespace calcnode::dicom {

namespace {

const char* term_of(Relationship relationship) {  // PS3.3 Table C.17.3-8
    switch (relationship) {
        case Relationship::root:
            break;
        case Relationship::contains:
            return "CONTAINS";
        case Relationship::has_observation_context:
            return "HAS OBS CONTEXT";
        case Relationship::has_acquisition_context:
            return "HAS ACQ CONTEXT";
        case Relationship::has_concept_modifier:
            return "HAS CONCEPT MOD";
        case Relationship::has_properties:
            return "HAS PROPERTIES";
        case Relationship::inferred_from:
            return "INFERRED FROM";
        case Relationship::selected_from:
            return "SELECTED FROM";
    }
    return "";
}

void put_coordinates(DcmItem& item, const char* type, const std::vector<pipeline::Point>& points) {
    std::vector<Float32> data;
    data.reserve(points.size() * 2);
    for (const pipeline::Point& point : points) {
        data.push_back(static_cast<Float32>(point.x));
        data.push_back(static_cast<Float32>(point.y));
    }
    put(item, DCM_GraphicType, type);
    check(
        item.putAndInsertFloat32Array(DCM_GraphicData, data.data(), static_cast<unsigned long>(data.size())),
        "cannot write coordinates", ErrorCode::invalid_result);
}

/// One overload a value type.
struct ValueWriter {
    DcmItem& item;
    CodeScheme scheme;

    void operator()(const Container& value) const {
        put(item, DCM_ValueType, "CONTAINER");
        put(item, DCM_ContinuityOfContent, "SEPARATE");
        if (value.template_identifier.empty()) return;
        DcmItem& identification = add_item(item, DCM_ContentTemplateSequence);
        put(identification, DCM_MappingResource, "DCMR");
        put(identification, DCM_TemplateIdentifier, value.template_identifier);
    }
    void operator()(const CodeValue& value) const {
        put(item, DCM_ValueType, "CODE");
        put_code(item, DCM_ConceptCodeSequence, value.code.in(scheme));
    }
    void operator()(const TextValue& value) const { put_value("TEXT", DCM_TextValue, value.text); }
    void operator()(const UidValue& value) const { put_value("UIDREF", DCM_UID, value.uid); }
    void operator()(const DateValue& value) const { put_value("DATE", DCM_Date, value.date); }
    void operator()(const TimeValue& value) const { put_value("TIME", DCM_Time, value.time); }
    void operator()(const NumberValue& value) const {
        put(item, DCM_ValueType, "NUM");
        DcmItem& measured = add_item(item, DCM_MeasuredValueSequence);
        put(measured, DCM_NumericValue, decimal(value.number));
        put_code(measured, DCM_MeasurementUnitsCodeSequence, value.unit.in(scheme));
    }
    void operator()(const ImageValue& value) const {
        put(item, DCM_ValueType, "IMAGE");
        put_reference(item, DCM_ReferencedSOPSequence, value.sop_class_uid, value.sop_instance_uid);
    }
    void operator()(const PointValue& value) const {
        put(item, DCM_ValueType, "SCOORD");
        put_coordinates(item, "POINT", {value.point});
    }
    void operator()(const PolylineValue& value) const {
        put(item, DCM_ValueType, "SCOORD");
        put_coordinates(item, "POLYLINE", value.points);
    }
    void operator()(const Reference& value) const {
        put_numbers(item, DCM_ReferencedContentItemIdentifier, value.position);
    }

  private:
    void put_value(const char* type, const DcmTagKey& tag, const std::string& text) const {
        put(item, DCM_ValueType, type);
        put(item, tag, text);
    }

  public:
    ValueWriter(DcmItem& target, CodeScheme codes) : item(target), scheme(codes) {}
};

}  // namespace

ContentItem& ContentItem::add(Relationship how, const Concept& concept_name, Value what) {
    children.push_back({.relationship = how, .name = concept_name, .value = std::move(what), .children = {}});
    return children.back();
}

// As deep as our own templates: seven levels.
void encode_content(const ContentItem& root, DcmItem& dataset, CodeScheme scheme) {
    if (root.relationship != Relationship::root)
        put(dataset, DCM_RelationshipType, term_of(root.relationship));
    std::visit(ValueWriter(dataset, scheme), root.value);
    if (!root.name.empty()) put_code(dataset, DCM_ConceptNameCodeSequence, root.name.in(scheme));
    for (const ContentItem& child : root.children)
        encode_content(child, add_item(dataset, DCM_ContentSequence), scheme);
}

}  // namespace calcnode::dicom

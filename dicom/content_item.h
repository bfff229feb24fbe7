// The content tree of a structured report as plain values, and its encoding (PS3.3 C.17.3). Internal to
// dicom/. DCMTK's own tree finds its nodes by linear search, which takes seconds for a thousand findings.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>

#include "dicom/concept.h"
#include "pipeline/findings.h"

namespace calcnode::dicom {

enum class Relationship {
    root,
    contains,
    has_observation_context,
    has_acquisition_context,
    has_concept_modifier,
    has_properties,
    inferred_from,
    selected_from,
};

// Value types (PS3.3 Table C.17.3-7), each with its value.
struct Container {
    std::string template_identifier{};  // of DCMR; empty: none
};
struct CodeValue {
    Concept code;
};
struct TextValue {
    std::string text;
};
struct UidValue {
    std::string uid;
};
struct DateValue {
    std::string date;
};
struct TimeValue {
    std::string time;
};
struct NumberValue {
    double number;
    Concept unit;
};
struct ImageValue {
    std::string sop_class_uid;
    std::string sop_instance_uid;
};
struct PointValue {
    pipeline::Point point;
};
struct PolylineValue {
    std::vector<pipeline::Point> points;
};
/// By-reference relationship to another item: its position, the root being {1} (PS3.3 C.17.3.2.5).
struct Reference {
    std::vector<std::uint32_t> position;
};

struct ContentItem {
    using Value = std::variant<Container, CodeValue, TextValue, UidValue, DateValue, TimeValue, NumberValue,
                               ImageValue, PointValue, PolylineValue, Reference>;
    Relationship relationship = Relationship::contains;
    Concept name{};  // concept name; may be none
    Value value{};
    std::vector<ContentItem> children{};

    /// Adds a child and returns it; the reference holds until the next child is added.
    ContentItem& add(Relationship how, const Concept& concept_name, Value what);
};

/// Writes the tree into `dataset`, which becomes the root content item, all its SNOMED codes in one scheme.
/// Throws Error invalid_result.
void encode_content(const ContentItem& root, DcmItem& dataset, CodeScheme scheme);

}  // namespace calcnode::dicom

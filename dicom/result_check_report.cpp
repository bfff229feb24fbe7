#include "dicom/result_check_report.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmsr/dsrdoc.h>

#include "dicom/attributes.h"
#include "dicom/check.h"
#include "dicom/result_check.h"
#include "dicom/result_check_parts.h"
#include "dicom/result_codes.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

bool is_named(DcmItem& item, const Concept& name) {
    const std::vector<DcmItem*> names = items_of(item, DCM_ConceptNameCodeSequence);
    return !names.empty() && text_value(*names.front(), DCM_CodeValue) == name.in(CodeScheme::sct).value;
}

/// Walks a report's content tree once, and holds what was seen for the questions to the whole.
class TreeCheck {
  public:
    TreeCheck(DcmItem& root, const ReportFacts& facts, bool all_named)
        : root_(root), facts_(facts), all_named_(all_named) {
        for (const ResultSource& source : facts.sources)
            sources_[source.header.sop_instance_uid] = &source;
    }

    void walk() {
        require_code(root_, DCM_ConceptNameCodeSequence);
        check_children(root_);
        if (images_.empty()) refuse("the image library is empty");
    }

    const std::set<std::string>& images() const { return images_; }

  private:
    void check_children(DcmItem& item) {
        for (DcmItem* child : items_of(item, DCM_ContentSequence)) {
            require_values(*child, {DCM_RelationshipType});
            check(*child, item);
            check_children(*child);
        }
    }

    void check(DcmItem& item, DcmItem& parent) {
        const std::string type = text_value(item, DCM_ValueType);
        if (type.empty()) return check_reference(item);
        if (type != "IMAGE" || (all_named_ && is_group(parent)))
            require_code(item, DCM_ConceptNameCodeSequence);
        if (type == "IMAGE") check_image(item);
        if (type == "NUM") check_number(item);
        if (type == "CODE") require_code(item, DCM_ConceptCodeSequence);
        if (type == "TEXT") require_values(item, {DCM_TextValue});
        if (type == "DATE") require_values(item, {DCM_Date});
        if (type == "TIME") require_values(item, {DCM_Time});
        if (type == "UIDREF") check_uid(item, parent);
        if (type == "SCOORD") check_coordinates(item);
        if (type == "SCOORD3D") refuse("a mammogram has no coordinates in a Frame of Reference");
        if (all_named_ && is_group(item)) check_group(item);
    }

    static bool is_group(DcmItem& item) { return is_named(item, codes::kMeasurementGroup); }

    static void check_number(DcmItem& item) {
        DcmItem& measured = only_item(item, DCM_MeasuredValueSequence);
        require_values(measured, {DCM_NumericValue});
        if (!number_value(measured, DCM_NumericValue)) refuse("a measurement is not a number");
        require_code(measured, DCM_MeasurementUnitsCodeSequence);
    }

    void check_uid(DcmItem& item, DcmItem& parent) {
        require_values(item, {DCM_UID});
        const std::string uid = text_value(item, DCM_UID);
        if (is_named(item, codes::kTrackingUniqueIdentifier) && !tracked_.insert(uid).second)
            refuse("tracking UID " + uid + " is that of two findings");
        if (!is_named(item, codes::kFrameOfReference)) return;
        if (source_of(parent).frame_of_reference_uid != uid)
            refuse("Frame of Reference " + uid + " is not that of its image");
    }

    const ResultSource& source_of(DcmItem& image) const {
        DcmItem& reference = only_item(image, DCM_ReferencedSOPSequence);
        const std::string uid = text_value(reference, DCM_ReferencedSOPInstanceUID);
        const auto found = sources_.find(uid);
        if (found == sources_.end()) refuse("image " + uid + " is none of the study's");
        if (text_value(reference, DCM_ReferencedSOPClassUID) != found->second->header.sop_class_uid)
            refuse("image " + uid + " is of another class");
        return *found->second;
    }

    void check_image(DcmItem& item) { images_.insert(source_of(item).header.sop_instance_uid); }

    /// The image at a by-reference item's position, from the root (PS3.3 C.17.3.2.5).
    DcmItem& image_at(DcmItem& reference) const {
        const Uint32* position = nullptr;
        unsigned long length = 0;
        reference.findAndGetUint32Array(DCM_ReferencedContentItemIdentifier, position, &length);
        DcmItem* item = &root_;
        if (length < 2 || position[0] != 1) refuse("a content item has neither a value nor a reference");
        for (unsigned long level = 1; level < length; ++level) {
            DcmItem* child = nullptr;
            const auto place = static_cast<signed long>(position[level]);
            if (place == 0 || item->findAndGetSequenceItem(DCM_ContentSequence, child, place - 1).bad())
                refuse("a reference does not lead to an image");
            item = child;
        }
        if (text_value(*item, DCM_ValueType) != "IMAGE") refuse("a reference does not lead to an image");
        return *item;
    }

    void check_reference(DcmItem& item) const { source_of(image_at(item)); }

    void check_coordinates(DcmItem& item) const {
        DcmItem& selected = only_item(item, DCM_ContentSequence);
        const bool by_value = text_value(selected, DCM_ValueType) == "IMAGE";
        const InstanceHeader& image = source_of(by_value ? selected : image_at(selected)).header;
        const Float32* data = nullptr;
        unsigned long length = 0;
        if (item.findAndGetFloat32Array(DCM_GraphicData, data, &length).bad() || length < 2 ||
            length % 2 != 0)
            refuse("coordinates are not pairs");
        for (unsigned long i = 0; i < length; i += 2) {
            const bool inside = data[i] >= 0 && data[i + 1] >= 0 &&
                                data[i] <= static_cast<Float32>(image.columns) &&
                                data[i + 1] <= static_cast<Float32>(image.rows);
            if (!inside) refuse("coordinates lie outside image " + image.sop_instance_uid);
        }
        const bool closed = data[0] == data[length - 2] && data[1] == data[length - 1];
        if (text_value(item, DCM_GraphicType) == "POLYLINE" && (length < 8 || !closed))
            refuse("an outline is not closed");
    }

    static void check_group(DcmItem& group) {
        std::map<std::string, int> found;
        for (DcmItem* child : items_of(group, DCM_ContentSequence)) {
            for (const Concept& name : {codes::kTrackingIdentifier, codes::kTrackingUniqueIdentifier,
                                        codes::kFinding, codes::kImageRegion}) {
                if (is_named(*child, name)) ++found[name.in(CodeScheme::sct).meaning];
            }
            if (text_value(*child, DCM_ValueType) == "NUM") found["measurement"] = 1;
        }
        for (const char* what : {"Tracking Identifier", "Tracking Unique Identifier", "Finding",
                                 "Image Region", "measurement"}) {
            if (found[what] != 1) refuse(std::string("a measurement group has not one ") + what);
        }
    }

    DcmItem& root_;
    const ReportFacts& facts_;
    const bool all_named_;
    std::map<std::string, const ResultSource*> sources_;
    std::set<std::string> images_;
    std::set<std::string> tracked_;
};

/// Instance UIDs of the evidence; each stands under its own study and series, with its own class.
std::set<std::string> check_evidence(DcmItem& object, const ReportFacts& facts) {
    using Place = std::vector<std::string>;  // class, series
    std::map<std::string, Place> known;
    for (const ResultSource& source : facts.sources)
        known[source.header.sop_instance_uid] = {source.header.sop_class_uid,
                                                 source.header.series_instance_uid};
    for (const SegmentationReference& segmentation : facts.segmentations)
        known[segmentation.sop_instance_uid] = {kSegmentationStorage, segmentation.series_instance_uid};
    std::set<std::string> evidence;
    DcmItem& study = only_item(object, DCM_CurrentRequestedProcedureEvidenceSequence);
    if (text_value(study, DCM_StudyInstanceUID) != text_value(object, DCM_StudyInstanceUID))
        refuse("the evidence is of another study");
    for (DcmItem* series : items_of(study, DCM_ReferencedSeriesSequence)) {
        for (DcmItem* instance : items_of(*series, DCM_ReferencedSOPSequence)) {
            const std::string uid = text_value(*instance, DCM_ReferencedSOPInstanceUID);
            const Place place{text_value(*instance, DCM_ReferencedSOPClassUID),
                              text_value(*series, DCM_SeriesInstanceUID)};
            const auto found = known.find(uid);
            if (found == known.end() || found->second != place)
                refuse("the evidence names " + uid + ", which is not there");
            evidence.insert(uid);
        }
    }
    return evidence;
}

void check_evidence_is_complete(const std::set<std::string>& evidence, const std::set<std::string>& images,
                                const ReportFacts& facts) {
    std::set<std::string> expected = images;
    for (const SegmentationReference& segmentation : facts.segmentations)
        expected.insert(segmentation.sop_instance_uid);
    for (const std::string& uid : expected) {
        if (evidence.count(uid) == 0) refuse(uid + " is not in the evidence");
    }
    if (evidence.size() != expected.size()) refuse("the evidence names what the report does not refer to");
}

void check_predecessors(DcmItem& object) {
    for (DcmItem* study : items_of(object, DCM_PredecessorDocumentsSequence)) {
        require_values(*study, {DCM_StudyInstanceUID});
        DcmItem& series = only_item(*study, DCM_ReferencedSeriesSequence);
        require_values(series, {DCM_SeriesInstanceUID});
        DcmItem& document = only_item(series, DCM_ReferencedSOPSequence);
        const std::string sop_class = text_value(document, DCM_ReferencedSOPClassUID);
        const std::string uid = text_value(document, DCM_ReferencedSOPInstanceUID);
        if (sop_class != kMammographyCadSr && sop_class != kComprehensive3dSr)
            refuse("predecessor " + uid + " is no report of ours");
        if (uid == text_value(object, DCM_SOPInstanceUID)) refuse("a report cannot be its own predecessor");
    }
}

// Each code of the tree by the one table, check_values() having seen that they are of one scheme.
void check_scheme(DcmItem& item, CodeScheme scheme) {
    for (const DcmTagKey& sequence : {DCM_ConceptNameCodeSequence, DCM_ConceptCodeSequence}) {
        for (DcmItem* code : items_of(item, sequence)) {
            const std::string designator = text_value(*code, DCM_CodingSchemeDesignator);
            const bool other =
                scheme == CodeScheme::sct ? is_snomed_rt(designator) : is_snomed_ct(designator);
            if (other) refuse("a code is of " + designator + ", not of the scheme asked for");
        }
    }
    for (DcmItem* child : items_of(item, DCM_ContentSequence))
        check_scheme(*child, scheme);
}

void check_report(DcmItem& object, const ReportFacts& facts, bool measurements) {
    check_values(object);
    require_values(object, {DCM_CompletionFlag, DCM_VerificationFlag, DCM_ValueType, DCM_ContinuityOfContent,
                            DCM_ContentDate, DCM_ContentTime});
    for (const DcmTagKey& tag : {DCM_FrameOfReferenceUID, DCM_ReferencedFrameOfReferenceUID}) {
        if (object.tagExists(tag, OFTrue))
            refuse("a report of mammograms has no Frame of Reference of its own");
    }
    TreeCheck tree(object, facts, measurements);
    tree.walk();
    check_scheme(object, facts.code_scheme);
    check_evidence_is_complete(check_evidence(object, facts), tree.images(), facts);
    check_predecessors(object);
    DSRDocument document;
    check(document.read(object), "the report's content tree", ErrorCode::invalid_result);
}

}  // namespace

void check_cad_report(DcmItem& object, const ReportFacts& facts) {
    check_report(object, facts, false);
}

void check_measurement_report(DcmItem& object, const ReportFacts& facts) {
    check_report(object, facts, true);
}

}  // namespace calcnode::dicom

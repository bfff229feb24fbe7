#include "dicom/result_check.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <dcmtk/dcmsr/dsrdoc.h>

#include "dicom/attributes.h"
#include "dicom/check.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorCode::invalid_result, "result object: " + why);
}

void require_values(DcmItem& item, std::initializer_list<DcmTagKey> tags) {
    for (const DcmTagKey& tag : tags) {
        if (!item.tagExistsWithValue(tag)) refuse(std::string(tag.toString().c_str()) + " has no value");
    }
}

DcmItem& only_item(DcmItem& item, const DcmTagKey& sequence) {
    const std::vector<DcmItem*> items = items_of(item, sequence);
    if (items.size() != 1) refuse(std::string(sequence.toString().c_str()) + " has not exactly one item");
    return *items.front();
}

void require_code(DcmItem& item, const DcmTagKey& sequence) {
    require_values(only_item(item, sequence), {DCM_CodeValue, DCM_CodingSchemeDesignator, DCM_CodeMeaning});
}

std::set<std::string> instances_in(DcmItem& item, const DcmTagKey& sequence) {
    std::set<std::string> uids;
    for (DcmItem* reference : items_of(item, sequence))
        uids.insert(text_value(*reference, DCM_ReferencedSOPInstanceUID));
    return uids;
}

std::uint64_t bits_in_frame(DcmItem& object) {
    return static_cast<std::uint64_t>(integer_value(object, DCM_Rows).value_or(0)) *
           static_cast<std::uint64_t>(integer_value(object, DCM_Columns).value_or(0));
}

bool has_set_bit(const Uint8* bytes, std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t bit = first; bit < end;) {
        if (bit % 8 == 0 && bit + 8 <= end && bytes[bit / 8] == 0) {
            bit += 8;
        } else if (bytes[bit / 8] >> bit % 8 & 1) {
            return true;
        } else {
            ++bit;
        }
    }
    return false;
}

void check_pixels(DcmItem& object, std::uint64_t frames) {
    const std::uint64_t frame_bits = bits_in_frame(object);
    std::uint64_t length = (frame_bits * frames + 7) / 8;
    length += length % 2;
    const Uint8* bytes = nullptr;
    unsigned long found = 0;
    if (object.findAndGetUint8Array(DCM_PixelData, bytes, &found).bad() || found != length)
        refuse("the pixel data are not as long as frames x rows x columns");
    for (std::uint64_t frame = 0; frame < frames; ++frame) {
        if (!has_set_bit(bytes, frame * frame_bits, (frame + 1) * frame_bits))
            refuse("frame " + std::to_string(frame + 1) + " is empty");
    }
}

void check_segment(DcmItem& segment, std::size_t number) {
    if (integer_value(segment, DCM_SegmentNumber) != static_cast<int>(number))
        refuse("segments are not numbered from 1");
    require_values(segment, {DCM_SegmentLabel, DCM_SegmentAlgorithmType, DCM_SegmentAlgorithmName,
                             DCM_TrackingID, DCM_TrackingUID});
    require_code(segment, DCM_SegmentedPropertyCategoryCodeSequence);
    require_code(segment, DCM_SegmentedPropertyTypeCodeSequence);
    require_code(segment, DCM_AnatomicRegionSequence);
    DcmItem& algorithm = only_item(segment, DCM_SegmentationAlgorithmIdentificationSequence);
    require_values(algorithm, {DCM_AlgorithmName, DCM_AlgorithmVersion});
    require_code(algorithm, DCM_AlgorithmFamilyCodeSequence);
}

void check_frame(DcmItem& frame, std::size_t number, const std::set<std::string>& sources) {
    const auto expected = static_cast<int>(number);
    DcmItem& content = only_item(frame, DCM_FrameContentSequence);
    DcmItem& segment = only_item(frame, DCM_SegmentIdentificationSequence);
    if (integer_value(content, DCM_DimensionIndexValues) != expected ||
        integer_value(segment, DCM_ReferencedSegmentNumber) != expected) {
        refuse("frame " + std::to_string(number) + " is not of its segment");
    }
    DcmItem& derivation = only_item(frame, DCM_DerivationImageSequence);
    require_code(derivation, DCM_DerivationCodeSequence);
    DcmItem& source = only_item(derivation, DCM_SourceImageSequence);
    require_code(source, DCM_PurposeOfReferenceCodeSequence);
    if (text_value(source, DCM_SpatialLocationsPreserved) != "YES" ||
        sources.count(text_value(source, DCM_ReferencedSOPInstanceUID)) == 0) {
        refuse("frame " + std::to_string(number) + " does not refer to its source image");
    }
}

/// What the report's tree holds: collected in one walk.
struct TreeFacts {
    std::set<std::string> images;
    std::vector<std::vector<std::uint32_t>> references;
};

void collect(DcmItem& item, TreeFacts& facts) {
    if (text_value(item, DCM_ValueType) == "IMAGE")
        facts.images.merge(instances_in(item, DCM_ReferencedSOPSequence));
    const Uint32* position = nullptr;
    unsigned long length = 0;
    if (item.findAndGetUint32Array(DCM_ReferencedContentItemIdentifier, position, &length).good())
        facts.references.emplace_back(position, position + length);
    for (DcmItem* child : items_of(item, DCM_ContentSequence))
        collect(*child, facts);
}

bool is_image_at(DcmItem& root, const std::vector<std::uint32_t>& position) {
    if (position.size() < 2 || position.front() != 1) return false;
    DcmItem* item = &root;
    for (std::size_t level = 1; level < position.size(); ++level) {
        DcmItem* child = nullptr;
        if (position[level] == 0 ||
            item->findAndGetSequenceItem(DCM_ContentSequence, child,
                                         static_cast<signed long>(position[level]) - 1)
                .bad()) {
            return false;
        }
        item = child;
    }
    return text_value(*item, DCM_ValueType) == "IMAGE";
}

std::set<std::string> evidence_of(DcmItem& object) {
    std::set<std::string> uids;
    for (DcmItem* study : items_of(object, DCM_CurrentRequestedProcedureEvidenceSequence)) {
        require_values(*study, {DCM_StudyInstanceUID});
        for (DcmItem* series : items_of(*study, DCM_ReferencedSeriesSequence)) {
            require_values(*series, {DCM_SeriesInstanceUID});
            uids.merge(instances_in(*series, DCM_ReferencedSOPSequence));
        }
    }
    return uids;
}

void check_tree(DcmItem& object) {
    TreeFacts facts;
    collect(object, facts);
    const std::set<std::string> evidence = evidence_of(object);
    if (facts.images.empty()) refuse("the image library is empty");
    for (const std::string& image : facts.images) {
        if (evidence.count(image) == 0) refuse("image " + image + " is not in the evidence");
    }
    std::sort(facts.references.begin(), facts.references.end());
    facts.references.erase(std::unique(facts.references.begin(), facts.references.end()),
                           facts.references.end());
    for (const std::vector<std::uint32_t>& position : facts.references) {
        if (!is_image_at(object, position)) refuse("a reference does not lead to an image");
    }
}

}  // namespace

void check_segmentation(DcmItem& object) {
    check_values(object);
    require_values(object, {DCM_Rows, DCM_Columns, DCM_ImageType, DCM_SegmentationType, DCM_ContentLabel,
                            DCM_LossyImageCompression, DCM_DeviceSerialNumber, DCM_SoftwareVersions});
    if (object.tagExists(DCM_FrameOfReferenceUID)) refuse("a plain mammogram has no Frame of Reference");
    const std::vector<DcmItem*> segments = items_of(object, DCM_SegmentSequence);
    const std::vector<DcmItem*> frames = items_of(object, DCM_PerFrameFunctionalGroupsSequence);
    if (segments.empty() || frames.size() != segments.size() ||
        integer_value(object, DCM_NumberOfFrames) != static_cast<int>(frames.size())) {
        refuse("there is not one frame for each segment");
    }
    only_item(object, DCM_SharedFunctionalGroupsSequence);
    const std::set<std::string> sources =
        instances_in(only_item(object, DCM_ReferencedSeriesSequence), DCM_ReferencedInstanceSequence);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        check_segment(*segments[i], i + 1);
        check_frame(*frames[i], i + 1, sources);
    }
    check_pixels(object, frames.size());
}

void check_cad_report(DcmItem& object) {
    check_values(object);
    require_values(object,
                   {DCM_CompletionFlag, DCM_VerificationFlag, DCM_ValueType, DCM_ContinuityOfContent});
    require_code(object, DCM_ConceptNameCodeSequence);
    check_tree(object);
    DSRDocument document;
    check(document.read(object), "the report's content tree", ErrorCode::invalid_result);
}

}  // namespace calcnode::dicom

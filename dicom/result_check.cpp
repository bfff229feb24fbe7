#include "dicom/result_check.h"

#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcsequen.h>

#include "dicom/attributes.h"
#include "dicom/result_check_parts.h"

namespace calcnode::dicom {

namespace {

std::uint64_t bits_in_frame(DcmItem& object) {
    return static_cast<std::uint64_t>(integer_value(object, DCM_BitsAllocated).value_or(0)) *
           static_cast<std::uint64_t>(integer_value(object, DCM_Rows).value_or(0)) *
           static_cast<std::uint64_t>(integer_value(object, DCM_Columns).value_or(0));
}

bool has_set_bit(const Uint8* bytes, std::uint64_t first, std::uint64_t end) {
    constexpr std::uint64_t kWord = 64;
    for (std::uint64_t bit = first; bit < end;) {
        if (bit % 8 == 0 && bit + kWord <= end) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes + bit / 8, sizeof word);
            if (word != 0) return true;
            bit += kWord;
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

void check_source(DcmItem& reference, const InstanceHeader& source) {
    const std::string uid = text_value(reference, DCM_ReferencedSOPInstanceUID);
    if (uid != source.sop_instance_uid) refuse("it refers to " + uid + ", which is not its image");
    if (text_value(reference, DCM_ReferencedSOPClassUID) != source.sop_class_uid)
        refuse("it gives its image another SOP class");
}

void check_geometry(DcmItem& object, const InstanceHeader& source) {
    if (object.tagExists(DCM_FrameOfReferenceUID)) refuse("a plain mammogram has no Frame of Reference");
    if (integer_value(object, DCM_Rows) != source.rows ||
        integer_value(object, DCM_Columns) != source.columns) {
        refuse("rows and columns are not those of its image");
    }
    DcmItem& series = only_item(object, DCM_ReferencedSeriesSequence);
    if (text_value(series, DCM_SeriesInstanceUID) != source.series_instance_uid)
        refuse("it puts its image into another series");
    check_source(only_item(series, DCM_ReferencedInstanceSequence), source);
}

void check_frame(DcmItem& frame, std::size_t number, const InstanceHeader& image) {
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
    check_source(source, image);
    if (text_value(source, DCM_SpatialLocationsPreserved) != "YES")
        refuse("frame " + std::to_string(number) + " does not lie on its image");
}

}  // namespace

void check_segmentation(DcmItem& object, const ResultSource& source) {
    check_values(object);
    require_values(object, {DCM_Rows, DCM_Columns, DCM_ImageType, DCM_SegmentationType, DCM_ContentLabel,
                            DCM_LossyImageCompression, DCM_DeviceSerialNumber, DCM_SoftwareVersions,
                            DCM_ContentDate, DCM_ContentTime});
    check_geometry(object, source.header);
    const std::vector<DcmItem*> segments = items_of(object, DCM_SegmentSequence);
    const std::vector<DcmItem*> frames = items_of(object, DCM_PerFrameFunctionalGroupsSequence);
    if (segments.empty() || frames.size() != segments.size() ||
        integer_value(object, DCM_NumberOfFrames) != static_cast<int>(frames.size())) {
        refuse("there is not one frame for each segment");
    }
    only_item(object, DCM_SharedFunctionalGroupsSequence);
    std::set<std::string> tracked;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        check_segment(*segments[i], i + 1);
        check_frame(*frames[i], i + 1, source.header);
        if (!tracked.insert(text_value(*segments[i], DCM_TrackingUID)).second)
            refuse("two segments have one tracking UID");
    }
    check_pixels(object, frames.size());
}

}  // namespace calcnode::dicom

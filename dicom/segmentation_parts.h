// What binary segmentations and probability maps have in common (PS3.3 A.51): all but their segments and
// their pixels. Internal to dicom/. Each throws Error invalid_result when DCMTK refuses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>

#include "dicom/concept.h"
#include "dicom/result_identity.h"
#include "dicom/result_source.h"
#include "dicom/result_text.h"

namespace calcnode::dicom {

struct SegmentationPlace {
    const ResultSource& source;
    const ResultOptions& options;
    Repertoire repertoire = Repertoire::utf8;
};

enum class SegmentationType { binary, probability };

using CieLab = std::array<std::uint16_t, 3>;  // PS3.3 C.10.7.1.1

struct SegmentText {
    std::string label;
    std::string description;
    Concept type;
    Tracking tracking;
    CieLab colour{};
};

/// General Image, Image Pixel and Segmentation Image (PS3.3 C.7.6.1, C.7.6.3, C.8.20.2), in the pixel matrix
/// of the source. Probabilities are of 8 bits, 255 for 1.
void put_segmentation_image(DcmItem& object, const SegmentationPlace& place, SegmentationType type);

/// One item of the Segment Sequence (PS3.3 C.8.20.2.3) with anatomy, algorithm and tracking.
void put_segment(DcmItem& object, const SegmentationPlace& place, const SegmentText& text,
                 std::size_t number);

/// A frame for each of `segments` segments, in their order: dimensions, functional groups and the series of
/// the source.
void put_segmentation_frames(DcmItem& object, const SegmentationPlace& place,
                             const std::string& dimension_uid, std::size_t segments);

}  // namespace calcnode::dicom

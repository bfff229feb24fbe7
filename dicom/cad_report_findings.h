// The findings of one image as rows of the Mammography CAD SR (PS3.16 TID 4003, 4006, 4009, 4010, 4019, 4021,
// 4108). Internal to dicom/.
#pragma once

#include "dicom/content_item.h"
#include "dicom/result_source.h"
#include "dicom/result_text.h"

namespace calcnode::dicom {

struct FindingContext {
    const ResultSource& source;
    const ResultOptions& options;
    Reference image;  // the image's place in the Image Library
    Repertoire repertoire = Repertoire::utf8;
};

/// TID 4003 below the Processing and Findings Summary: one Individual Impression with a Single Image Finding
/// a cluster, its calcifications nested in it, the most certain first. The image must have clusters. Throws
/// Error invalid_result.
void add_impression(ContentItem& summary, const FindingContext& context);

}  // namespace calcnode::dicom

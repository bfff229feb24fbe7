// The last look at a key image or a presentation state before it is written: whole and valid, or not at all;
// of segmentations in result_check.h. Internal to dicom/. Each throws Error invalid_result that says what is
// wrong.
#pragma once

#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>

#include "dicom/result_source.h"

namespace calcnode::dicom {

/// check_values() and, for PS3.3 A.8.1: Type 1 attributes; RGB of 8 bits, as long as rows x columns; Burned
/// In Annotation YES; `source`, and nothing else, as its source image; no spacing.
void check_key_image(DcmItem& object, const ResultSource& source);

/// check_values() and, for PS3.3 A.33.1: it refers to these images, each with its class and series, and to
/// nothing else; each has one displayed area, of its size, and at most one VOI item; annotations are in the
/// layer that is defined, have text that is not empty, and outlines as long as they say, closed, and within
/// their image.
void check_presentation_state(DcmItem& object, const std::vector<const ResultSource*>& images);

}  // namespace calcnode::dicom

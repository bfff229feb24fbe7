// Mammography views and view modifiers: from the codes of PS3.16 CID 4014 and CID 4015 (SNOMED CT, and the
// older SRT and SNM3 designators that modalities in the field still send) and from View Position. Pure
// functions; any thread.
#pragma once

#include <string_view>

#include "dicom/code.h"
#include "dicom/concept.h"
#include "pipeline/mammogram.h"

namespace calcnode::dicom {

/// CID 4014; unknown for a code that is not in it.
pipeline::View view_of_code(const Code& code);

/// (0018,5101) View Position, defined terms of PS3.3 C.8.11.7 ("CC", "MLO" ...); unknown for anything else.
pipeline::View view_of_position(std::string_view position);

/// The modifiers of CID 4015 that decide whether an image can be analysed.
enum class ViewModifier { other, implant_displaced, magnification, spot_compression };
ViewModifier view_modifier_of(const Code& code);

/// What our own objects call the view and the modifier; none for an unknown view, and for a code that is not
/// in CID 4015.
Concept concept_of_view(pipeline::View view);
Concept concept_of_view_modifier(const Code& code);

/// (0020,0062) Image Laterality or (0020,0060) Laterality: L, R, B.
pipeline::Laterality laterality_of(std::string_view text);

}  // namespace calcnode::dicom

// The rows that the content of our two structured reports has alike. Internal to dicom/. Pure functions.
#pragma once

#include <string>

#include "dicom/content_item.h"
#include "dicom/result_source.h"
#include "dicom/result_text.h"

namespace calcnode::dicom {

/// TID 1204: English, of the United States.
void add_language(ContentItem& root);

/// TID 4019: name and version, as properties of a finding or as modifiers of what follows.
void add_algorithm(ContentItem& parent, Relationship how, const ResultOptions& options,
                   Repertoire repertoire);

/// What the model and its settings were, for Algorithm Parameters (111002, DCM).
std::string algorithm_parameters(const ResultOptions& options, Repertoire repertoire);

/// Rows of TID 4020 and 1602, 1603 that both have alike; each only when the image has it.
void add_view(ContentItem& image, const ResultSource& source);
void add_orientation(ContentItem& image, const ResultSource& source);
void add_moments(ContentItem& image, const ResultSource& source);  // Study and Content Date and Time
void add_spacing(ContentItem& image, const ResultSource& source);  // that the analysis used
void add_frame_of_reference(ContentItem& image, const ResultSource& source);

/// A score as a percentage with what it has of six decimals in findings.json. Throws Error invalid_result
/// when it is not in 0..1.
double percent(double score);

/// CID 6012; none when the distribution is not known.
Concept distribution_concept(pipeline::Distribution distribution);

}  // namespace calcnode::dicom

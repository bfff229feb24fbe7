#include "dicom/report_rows.h"

#include <cmath>

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/error.h"
#include "dicom/result_codes.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

void add_date(ContentItem& image, const Concept& name, const std::string& value) {
    const std::string date = legal_date(value);
    if (!date.empty()) image.add(Relationship::has_acquisition_context, name, DateValue{date});
}

void add_time(ContentItem& image, const Concept& name, const std::string& value) {
    const std::string time = legal_time(value);
    if (!time.empty()) image.add(Relationship::has_acquisition_context, name, TimeValue{time});
}

}  // namespace

void add_language(ContentItem& root) {
    root.add(Relationship::has_concept_modifier, codes::kLanguage, CodeValue{codes::kEnglish})
        .add(Relationship::has_concept_modifier, codes::kCountryOfLanguage, CodeValue{codes::kUnitedStates});
}

void add_algorithm(ContentItem& parent, Relationship how, const ResultOptions& options,
                   Repertoire repertoire) {
    parent.add(how, codes::kAlgorithmName, TextValue{fit_text(options.model.name, kFreeText, repertoire)});
    parent.add(how, codes::kAlgorithmVersion,
               TextValue{fit_text(options.model.version, kFreeText, repertoire)});
}

std::string algorithm_parameters(const ResultOptions& options, Repertoire repertoire) {
    return fit_text("model_sha256=" + options.model.digest + ";settings=" + options.config_digest,
                    kLongString * 4, repertoire);
}

void add_view(ContentItem& image, const ResultSource& source) {
    if (source.view.empty()) return;
    ContentItem& view =
        image.add(Relationship::has_acquisition_context, codes::kImageView, CodeValue{source.view});
    for (const Concept& modifier : source.view_modifiers)
        view.add(Relationship::has_concept_modifier, codes::kImageViewModifier, CodeValue{modifier});
}

void add_orientation(ContentItem& image, const ResultSource& source) {
    const std::string row = utf8_value(source.dataset(), DCM_PatientOrientation, 0);
    const std::string column = utf8_value(source.dataset(), DCM_PatientOrientation, 1);
    if (row.empty() || column.empty()) return;
    image.add(Relationship::has_acquisition_context, codes::kPatientOrientationRow,
              TextValue{fit_text(row, kShortString, Repertoire::ascii)});
    image.add(Relationship::has_acquisition_context, codes::kPatientOrientationColumn,
              TextValue{fit_text(column, kShortString, Repertoire::ascii)});
}

void add_moments(ContentItem& image, const ResultSource& source) {
    DcmItem& dataset = source.dataset();
    add_date(image, codes::kStudyDate, text_value(dataset, DCM_StudyDate));
    add_time(image, codes::kStudyTime, text_value(dataset, DCM_StudyTime));
    add_date(image, codes::kContentDate, text_value(dataset, DCM_ContentDate));
    add_time(image, codes::kContentTime, text_value(dataset, DCM_ContentTime));
}

void add_spacing(ContentItem& image, const ResultSource& source) {
    if (source.row_spacing_mm <= 0) return;
    image.add(Relationship::has_acquisition_context, codes::kHorizontalSpacing,
              NumberValue{source.column_spacing_mm, codes::kMillimetre});
    image.add(Relationship::has_acquisition_context, codes::kVerticalSpacing,
              NumberValue{source.row_spacing_mm, codes::kMillimetre});
}

void add_frame_of_reference(ContentItem& image, const ResultSource& source) {
    if (!source.frame_of_reference_uid.empty())
        image.add(Relationship::has_acquisition_context, codes::kFrameOfReference,
                  UidValue{source.frame_of_reference_uid});
}

double percent(double score) {
    if (!(score >= 0 && score <= 1))
        throw Error(ErrorCode::invalid_result, "the score of a finding is not in 0..1");
    return rounded(rounded(score) * 100);
}

Concept distribution_concept(pipeline::Distribution distribution) {
    using pipeline::Distribution;
    switch (distribution) {
        case Distribution::diffuse:
            return codes::kDiffuse;
        case Distribution::regional:
            return codes::kRegional;
        case Distribution::grouped:
            return codes::kGrouped;
        case Distribution::linear:
            return codes::kLinear;
        case Distribution::segmental:
            return codes::kSegmental;
        case Distribution::unknown:
            break;
    }
    return {};
}

}  // namespace calcnode::dicom

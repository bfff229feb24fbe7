#include "dicom/cad_report_content.h"

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/cad_report_findings.h"
#include "dicom/result_codes.h"

namespace calcnode::dicom {

namespace {

using pipeline::ImageStatus;

struct Report {
    const std::vector<ResultSource>& sources;
    const ResultOptions& options;
    Repertoire repertoire;

    /// Indices of the images with this status.
    std::vector<std::size_t> with(ImageStatus status) const {
        std::vector<std::size_t> indices;
        for (std::size_t i = 0; i < sources.size(); ++i) {
            if (sources[i].findings().status == status) indices.push_back(i);
        }
        return indices;
    }

    bool has_findings() const {
        for (const std::size_t i : with(ImageStatus::analysed)) {
            if (!sources[i].findings().clusters.empty()) return true;
        }
        return false;
    }
};

// The Image Library is the root's second child (TID 4000 row 3).
constexpr std::uint32_t kLibraryPlace = 2;

Reference library_entry(std::size_t image) {
    return {{1, kLibraryPlace, static_cast<std::uint32_t>(image + 1)}};
}

void add_language(ContentItem& root) {  // TID 1204
    root.add(Relationship::has_concept_modifier, codes::kLanguage, CodeValue{codes::kEnglish})
        .add(Relationship::has_concept_modifier, codes::kCountryOfLanguage, CodeValue{codes::kUnitedStates});
}

void add_laterality(ContentItem& image, pipeline::Laterality laterality) {  // CID 6022
    using pipeline::Laterality;
    if (laterality == Laterality::unknown) return;
    const Code& side = laterality == Laterality::left    ? codes::kLeftBreast
                       : laterality == Laterality::right ? codes::kRightBreast
                                                         : codes::kBothBreasts;
    image.add(Relationship::has_acquisition_context, codes::kImageLaterality, CodeValue{side});
}

Code fitted(const Code& code, Repertoire repertoire) {
    return {fit_text(code.value, kShortString, Repertoire::ascii),
            fit_text(code.scheme, kShortString, Repertoire::ascii),
            fit_text(code.meaning, kLongString, repertoire)};
}

void add_view(ContentItem& image, const ResultSource& source, Repertoire repertoire) {
    if (source.view.value.empty()) return;
    ContentItem& view = image.add(Relationship::has_acquisition_context, codes::kImageView,
                                  CodeValue{fitted(source.view, repertoire)});
    for (const Code& modifier : source.view_modifiers) {
        view.add(Relationship::has_concept_modifier, codes::kImageViewModifier,
                 CodeValue{fitted(modifier, repertoire)});
    }
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

void add_date(ContentItem& image, const Code& name, const std::string& value) {
    const std::string date = legal_date(value);
    if (!date.empty()) image.add(Relationship::has_acquisition_context, name, DateValue{date});
}

void add_time(ContentItem& image, const Code& name, const std::string& value) {
    const std::string time = legal_time(value);
    if (!time.empty()) image.add(Relationship::has_acquisition_context, name, TimeValue{time});
}

void add_image(ContentItem& library, const ResultSource& source, Repertoire repertoire) {  // TID 4020
    ContentItem& image = library.add(Relationship::contains, {},
                                     ImageValue{source.header.sop_class_uid, source.header.sop_instance_uid});
    add_laterality(image, source.header.laterality);
    add_view(image, source, repertoire);
    add_orientation(image, source);
    DcmItem& dataset = source.dataset();
    add_date(image, codes::kStudyDate, text_value(dataset, DCM_StudyDate));
    add_time(image, codes::kStudyTime, text_value(dataset, DCM_StudyTime));
    add_date(image, codes::kContentDate, text_value(dataset, DCM_ContentDate));
    add_time(image, codes::kContentTime, text_value(dataset, DCM_ContentTime));
    if (source.row_spacing_mm <= 0) return;
    image.add(Relationship::has_acquisition_context, codes::kHorizontalSpacing,
              NumberValue{source.column_spacing_mm, codes::kMillimetre});
    image.add(Relationship::has_acquisition_context, codes::kVerticalSpacing,
              NumberValue{source.row_spacing_mm, codes::kMillimetre});
}

void add_library(ContentItem& root, const Report& report) {
    ContentItem& library = root.add(Relationship::contains, codes::kImageLibrary, Container{});
    for (const ResultSource& source : report.sources)
        add_image(library, source, report.repertoire);
}

const Code& processing_summary(const Report& report) {  // CID 6047
    const bool some_failed = !report.with(ImageStatus::failed).empty();
    if (report.with(ImageStatus::analysed).empty()) return codes::kNoneSucceeded;
    if (some_failed)
        return report.has_findings() ? codes::kSomeSucceededFindings : codes::kSomeSucceededNoFindings;
    return report.has_findings() ? codes::kAllSucceededFindings : codes::kAllSucceededNoFindings;
}

void add_findings(ContentItem& root, const Report& report) {  // TID 4001
    ContentItem& summary =
        root.add(Relationship::contains, codes::kProcessingSummary, CodeValue{processing_summary(report)});
    for (const std::size_t i : report.with(ImageStatus::analysed)) {
        if (report.sources[i].findings().clusters.empty()) continue;
        add_impression(summary, {.source = report.sources[i],
                                 .options = report.options,
                                 .image = library_entry(i),
                                 .repertoire = report.repertoire});
    }
}

std::vector<std::string> statuses(const Report& report, ImageStatus status, const char* word) {
    std::vector<std::string> texts;
    for (const std::size_t i : report.with(status)) {
        const ResultSource& source = report.sources[i];
        texts.push_back(fit_text(std::string("status=") + word + " image=" + source.header.sop_instance_uid +
                                     " " + source.findings().reason,
                                 kFreeText, report.repertoire));
    }
    return texts;
}

std::string parameters(const Report& report) {
    const ResultOptions& options = report.options;
    return fit_text("model_sha256=" + options.model.digest + ";settings=" + options.config_digest +
                        ";required_score=" + decimal(options.required_score),
                    kFreeText, report.repertoire);
}

// TID 4017: two algorithms' worth of findings, clusters and their calcifications, from one run.
void add_detections(ContentItem& list, const Report& report, const std::vector<std::size_t>& images,
                    const std::vector<std::string>& notes) {
    for (const Code& found : {codes::kCalcificationCluster, codes::kIndividualCalcification}) {
        ContentItem& performed =
            list.add(Relationship::contains, codes::kDetectionPerformed, CodeValue{found});
        add_algorithm(performed, report.options, report.repertoire);
        performed.add(Relationship::has_properties, codes::kAlgorithmParameters,
                      TextValue{parameters(report)});
        for (const std::string& note : notes)
            performed.add(Relationship::has_properties, codes::kAlgorithmParameters, TextValue{note});
        for (const std::size_t i : images)
            performed.add(Relationship::has_properties, {}, library_entry(i));
    }
}

void add_detection_summary(ContentItem& root, const Report& report) {  // TID 4015
    const std::vector<std::size_t> analysed = report.with(ImageStatus::analysed);
    const std::vector<std::size_t> failed = report.with(ImageStatus::failed);
    const Code& status = analysed.empty() && failed.empty() ? codes::kNotAttempted
                         : failed.empty()                   ? codes::kSucceeded
                         : analysed.empty()                 ? codes::kFailed
                                                            : codes::kPartiallySucceeded;
    ContentItem& summary = root.add(Relationship::contains, codes::kSummaryOfDetections, CodeValue{status});
    const std::vector<std::string> left_out = statuses(report, ImageStatus::not_attempted, "not_attempted");
    if (!analysed.empty()) {
        ContentItem& list =
            summary.add(Relationship::inferred_from, codes::kSuccessfulDetections, Container{});
        add_detections(list, report, analysed, left_out);
    }
    if (!failed.empty()) {
        std::vector<std::string> notes = statuses(report, ImageStatus::failed, "failed");
        if (analysed.empty()) notes.insert(notes.end(), left_out.begin(), left_out.end());
        ContentItem& list = summary.add(Relationship::inferred_from, codes::kFailedDetections, Container{});
        add_detections(list, report, failed, notes);
    }
}

}  // namespace

ContentItem cad_report_content(const std::vector<ResultSource>& sources, const ResultOptions& options,
                               Repertoire repertoire) {
    const Report report{sources, options, repertoire};
    ContentItem root{.relationship = Relationship::root,
                     .name = codes::kMammographyCadReport,
                     .value = Container{.template_identifier = "4000"},
                     .children = {}};
    add_language(root);
    add_library(root, report);
    add_findings(root, report);
    add_detection_summary(root, report);
    // Analyses compare images with each other (TID 4016, CID 6043): calcnode does none.
    root.add(Relationship::contains, codes::kSummaryOfAnalyses, CodeValue{codes::kNotAttempted});
    return root;
}

}  // namespace calcnode::dicom

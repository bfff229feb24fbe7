#include "dicom/cad_report_content.h"

#include "dicom/cad_report_findings.h"
#include "dicom/report_rows.h"
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

void add_laterality(ContentItem& image, pipeline::Laterality laterality) {  // CID 6022
    using pipeline::Laterality;
    if (laterality == Laterality::unknown) return;
    const Concept& side = laterality == Laterality::left    ? codes::kLeftBreast
                          : laterality == Laterality::right ? codes::kRightBreast
                                                            : codes::kBothBreasts;
    image.add(Relationship::has_acquisition_context, codes::kImageLaterality, CodeValue{side});
}

void add_image(ContentItem& library, const ResultSource& source) {  // TID 4020
    ContentItem& image = library.add(Relationship::contains, {},
                                     ImageValue{source.header.sop_class_uid, source.header.sop_instance_uid});
    add_laterality(image, source.header.laterality);
    add_view(image, source);
    add_orientation(image, source);
    add_moments(image, source);
    add_spacing(image, source);
    add_frame_of_reference(image, source);
}

void add_library(ContentItem& root, const Report& report) {
    ContentItem& library = root.add(Relationship::contains, codes::kImageLibrary, Container{});
    for (const ResultSource& source : report.sources)
        add_image(library, source);
}

const Concept& processing_summary(const Report& report) {  // CID 6047
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
    return algorithm_parameters(report.options, report.repertoire) +
           ";required_score=" + decimal(report.options.required_score);
}

// TID 4017: two algorithms' worth of findings, clusters and their calcifications, from one run.
void add_detections(ContentItem& list, const Report& report, const std::vector<std::size_t>& images,
                    const std::vector<std::string>& notes) {
    for (const Concept& found : {codes::kCalcificationCluster, codes::kIndividualCalcification}) {
        ContentItem& performed =
            list.add(Relationship::contains, codes::kDetectionPerformed, CodeValue{found});
        add_algorithm(performed, Relationship::has_properties, report.options, report.repertoire);
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
    const Concept& status = analysed.empty() && failed.empty() ? codes::kNotAttempted
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

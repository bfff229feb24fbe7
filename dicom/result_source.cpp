#include "dicom/result_source.h"

#include <algorithm>
#include <set>

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/check.h"
#include "dicom/header_fields.h"
#include "dicom/pixel_format.h"
#include "dicom/result_text.h"
#include "dicom/uid.h"
#include "dicom/view_codes.h"

namespace calcnode::dicom {

namespace {

// A source without any date still gets its report; Content Date is type 1 (PS3.3 C.17.2).
constexpr const char* kNoDate = "19000101";
constexpr const char* kNoTime = "000000";

std::vector<Concept> view_modifier_concepts(DcmItem& dataset) {
    std::vector<Concept> modifiers;
    for (DcmItem* view : items_of(dataset, DCM_ViewCodeSequence)) {
        for (DcmItem* item : items_of(*view, DCM_ViewModifierCodeSequence)) {
            Concept modifier = concept_of_view_modifier(code_of(*item));
            if (!modifier.empty()) modifiers.push_back(std::move(modifier));
        }
    }
    return modifiers;
}

Moment study_moment_of(DcmItem& dataset) {
    return {legal_date(text_value(dataset, DCM_StudyDate)), legal_time(text_value(dataset, DCM_StudyTime))};
}

Moment moment_of(DcmItem& dataset, const std::string& best_datetime) {
    Moment moment{legal_date(best_datetime.substr(0, 8)),
                  best_datetime.size() > 8 ? legal_time(best_datetime.substr(8)) : std::string()};
    if (moment.date.empty()) moment = study_moment_of(dataset);
    if (moment.date.empty()) moment.date = kNoDate;
    if (moment.time.empty()) moment.time = kNoTime;
    return moment;
}

bool has_spacing(DcmItem& dataset) {
    const auto positive = [&](const DcmTagKey& tag) {
        return number_value(dataset, tag, 0).value_or(0) > 0 && number_value(dataset, tag, 1).value_or(0) > 0;
    };
    return positive(DCM_ImagerPixelSpacing) || positive(DCM_PixelSpacing);
}

void read_spacings(ResultSource& source) {
    source.row_spacing_mm = source.result->row_spacing_mm;
    source.column_spacing_mm = source.result->column_spacing_mm;
    if (source.row_spacing_mm > 0 && source.column_spacing_mm > 0) return;
    source.row_spacing_mm = source.column_spacing_mm = 0;
    if (!has_spacing(source.dataset())) return;
    const Spacing spacing = read_spacing(source.dataset());
    source.row_spacing_mm = spacing.row_mm;
    source.column_spacing_mm = spacing.column_mm;
}

std::unique_ptr<DcmFileFormat> load(const std::filesystem::path& file, const DcmTagKey& stop) {
    auto format = std::make_unique<DcmFileFormat>();
    check(format->loadFileUntilTag(file.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_fileOnly,
                                   stop),
          "cannot read the header of " + file.filename().string());
    return format;
}

ResultSource read_source(const ImageResult& result) {
    ResultSource source;
    source.result = &result;
    source.format = load(result.source, DCM_PixelData);
    DcmItem& dataset = source.dataset();
    source.header = header_fields(dataset, {});
    source.view = concept_of_view(source.header.view);
    source.view_modifiers = view_modifier_concepts(dataset);
    source.patient_id = text_value(dataset, DCM_PatientID);
    const std::string frame_of_reference = text_value(dataset, DCM_FrameOfReferenceUID);
    if (is_legal_uid(frame_of_reference)) source.frame_of_reference_uid = frame_of_reference;
    read_spacings(source);
    source.moment = moment_of(dataset, source.header.content_datetime);
    source.study_moment = study_moment_of(dataset);
    return source;
}

void check_agreement(const std::vector<ResultSource>& sources) {
    const auto contradict = [](const std::string& what) {
        throw Error(ErrorCode::inconsistent_sources, what);
    };
    const ResultSource& first = sources.front();
    std::set<std::string> instances;
    for (const ResultSource& source : sources) {
        const std::string& uid = source.header.sop_instance_uid;
        if (source.header.study_instance_uid != first.header.study_instance_uid)
            contradict("images " + first.header.sop_instance_uid + " and " + uid +
                       " are of different studies");
        if (source.patient_id != first.patient_id)
            contradict("images " + first.header.sop_instance_uid + " and " + uid +
                       " have different patient ids");
        if (!instances.insert(uid).second) contradict("image " + uid + " is there twice");
        const std::string& analysed = source.findings().sop_instance_uid;
        if (!analysed.empty() && analysed != uid)
            contradict("the findings of " + analysed + " came with image " + uid);
    }
}

}  // namespace

std::vector<ResultSource> read_result_sources(const std::vector<ImageResult>& images) {
    if (images.empty()) throw Error(ErrorCode::invalid_result, "a study without images has no results");
    std::vector<ResultSource> sources;
    sources.reserve(images.size());
    for (const ImageResult& image : images)
        sources.push_back(read_source(image));
    std::sort(sources.begin(), sources.end(), [](const ResultSource& a, const ResultSource& b) {
        if (a.header.instance_number != b.header.instance_number)
            return a.header.instance_number < b.header.instance_number;
        return a.header.sop_instance_uid < b.header.sop_instance_uid;
    });
    check_agreement(sources);
    return sources;
}

Moment latest_moment(const std::vector<ResultSource>& sources) {
    return std::max_element(sources.begin(), sources.end(),
                            [](const ResultSource& a, const ResultSource& b) { return a.moment < b.moment; })
        ->moment;
}

}  // namespace calcnode::dicom

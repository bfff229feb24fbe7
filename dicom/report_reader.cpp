#include "dicom/report_reader.h"

#include <algorithm>
#include <map>
#include <sstream>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include "dicom/attributes.h"
#include "dicom/check.h"
#include "dicom/result_codes.h"

namespace calcnode::dicom {

namespace {

using pipeline::Point;

/// A content item as the file has it (PS3.3 C.17.3).
class Item {
  public:
    explicit Item(DcmItem& item) : item_(&item) {}

    std::vector<Item> children() const {
        std::vector<Item> found;
        for (DcmItem* child : items_of(*item_, DCM_ContentSequence))
            found.emplace_back(*child);
        return found;
    }
    std::string type() const { return text_value(*item_, DCM_ValueType); }
    /// By value alone: DCM codes mean the same in every scheme's version.
    bool is(const Concept& name) const {
        const std::string value = concept_value();
        return value == name.in(CodeScheme::sct).value || value == name.in(CodeScheme::srt).value;
    }
    std::string text() const { return utf8_value(*item_, DCM_TextValue); }
    std::string uid() const { return text_value(*item_, DCM_UID); }
    std::string concept_meaning() const { return meaning(DCM_ConceptNameCodeSequence); }
    std::string code_meaning() const { return meaning(DCM_ConceptCodeSequence); }
    double number() const {
        for (DcmItem* measured : items_of(*item_, DCM_MeasuredValueSequence))
            return number_value(*measured, DCM_NumericValue).value_or(0);
        return 0;
    }
    std::string unit() const {
        for (DcmItem* measured : items_of(*item_, DCM_MeasuredValueSequence))
            for (DcmItem* unit : items_of(*measured, DCM_MeasurementUnitsCodeSequence))
                return code_of(*unit).value;
        return "";
    }
    std::vector<Point> points() const {
        std::vector<Point> found;
        for (unsigned long i = 0;; i += 2) {
            const auto x = number_value(*item_, DCM_GraphicData, i);
            const auto y = number_value(*item_, DCM_GraphicData, i + 1);
            if (!x || !y) return found;
            found.push_back({*x, *y});
        }
    }
    std::string image_uid() const {
        for (DcmItem* reference : items_of(*item_, DCM_ReferencedSOPSequence))
            return text_value(*reference, DCM_ReferencedSOPInstanceUID);
        return "";
    }
    /// The place in the library of the image that an item refers to, from 0; -1: it refers to none.
    int place_in_library() const {
        return integer_value(*item_, DCM_ReferencedContentItemIdentifier, 2).value_or(0) - 1;
    }

  private:
    std::string concept_value() const {
        for (DcmItem* name : items_of(*item_, DCM_ConceptNameCodeSequence))
            return code_of(*name).value;
        return "";
    }
    std::string meaning(const DcmTagKey& sequence) const {
        for (DcmItem* code : items_of(*item_, sequence))
            return code_of(*code).meaning;
        return "";
    }
    DcmItem* item_;
};

/// The file, and its root as an item.
struct Document {
    explicit Document(const std::filesystem::path& path) {
        check(file.loadFile(path.c_str()), "cannot read the report " + path.filename().string(),
              ErrorCode::not_dicom);
        check(file.getDataset()->loadAllDataIntoMemory(), "cannot read the report",
              ErrorCode::malformed_dataset);
    }
    Item root() { return Item(*file.getDataset()); }
    DcmFileFormat file;
};

/// Where the finding is, and which image of the library it is of.
template <typename Finding>
int read_place(const Item& item, Finding& finding) {
    int image = -1;
    for (const Item& child : item.children()) {
        if (child.is(codes::kCenter)) {
            const auto points = child.points();
            if (!points.empty()) finding.center = points.front();
            for (const Item& selected : child.children())
                image = selected.place_in_library();
        } else if (child.is(codes::kOutline)) {
            finding.outline = child.points();
        } else if (child.is(codes::kCertaintyOfFinding)) {
            finding.certainty = child.number() / 100;
        }
    }
    return image;
}

ReportedCalcification read_calcification(const Item& item) {
    ReportedCalcification found;
    read_place(item, found);
    for (const Item& child : item.children())
        if (child.is(codes::kArea)) found.area_mm2 = child.number();
    return found;
}

void read_cluster(const Item& item, std::vector<ReportedImage>& images) {
    ReportedCluster cluster;
    const int image = read_place(item, cluster);
    if (image < 0 || static_cast<std::size_t>(image) >= images.size()) return;
    for (const Item& child : item.children()) {
        if (child.is(codes::kTrackingUniqueIdentifier)) cluster.tracking_uid = child.uid();
        if (child.is(codes::kCalcificationDistribution)) cluster.distribution = child.code_meaning();
        if (child.is(codes::kNumberOfCalcifications))
            cluster.calcifications = static_cast<int>(child.number());
        if (child.is(codes::kSingleImageFinding)) cluster.reported.push_back(read_calcification(child));
    }
    images[static_cast<std::size_t>(image)].clusters.push_back(std::move(cluster));
}

/// "status=failed image=UID reason", as the writer of the report puts it.
void read_status(const std::string& text, std::vector<ReportedImage>& images) {
    std::istringstream words(text);
    std::string status, image, reason;
    words >> status >> image;
    if (status.rfind("status=", 0) != 0 || image.rfind("image=", 0) != 0) return;
    std::getline(words >> std::ws, reason);
    for (ReportedImage& one : images) {
        if (one.sop_instance_uid != image.substr(6)) continue;
        one.status = status.substr(7);
        one.reason = reason;
    }
}

/// Everything below `item`, itself first; the depth of our own reports is small and known.
template <typename Visit>
void visit_all(const Item& item, Visit visit, int depth = 0) {
    constexpr int kDeepest = 16;
    visit(item);
    if (depth >= kDeepest) return;
    for (const Item& child : item.children())
        visit_all(child, visit, depth + 1);
}

}  // namespace

std::vector<ReportedImage> read_cad_report(const std::filesystem::path& file) {
    Document document(file);
    std::vector<ReportedImage> images;
    const std::vector<Item> parts = document.root().children();
    for (const Item& part : parts) {
        if (!part.is(codes::kImageLibrary)) continue;
        for (const Item& image : part.children())
            images.push_back({.sop_instance_uid = image.image_uid(), .reason = {}, .clusters = {}});
    }
    for (const Item& part : parts) {
        if (part.is(codes::kProcessingSummary)) {
            for (const Item& impression : part.children())
                for (const Item& finding : impression.children())
                    if (finding.is(codes::kSingleImageFinding)) read_cluster(finding, images);
        } else {
            visit_all(part, [&](const Item& item) {
                if (item.is(codes::kAlgorithmParameters)) read_status(item.text(), images);
            });
        }
    }
    return images;
}

void add_measurements(std::vector<ReportedImage>& images, const std::filesystem::path& measurement_report) {
    Document document(measurement_report);
    std::map<std::string, std::vector<ReportedMeasurement>> groups;
    visit_all(document.root(), [&](const Item& item) {
        if (!item.is(codes::kMeasurementGroup)) return;
        std::string uid;
        std::vector<ReportedMeasurement> measurements;
        for (const Item& child : item.children()) {
            if (child.is(codes::kTrackingUniqueIdentifier)) uid = child.uid();
            if (child.type() == "NUM")
                measurements.push_back({child.concept_meaning(), child.number(), child.unit()});
        }
        groups[uid] = std::move(measurements);
    });
    for (ReportedImage& image : images)
        for (ReportedCluster& cluster : image.clusters)
            cluster.measurements = groups[cluster.tracking_uid];
}

PatientNote read_patient_note(const std::filesystem::path& file) {
    DcmFileFormat format;
    check(
        format.loadFileUntilTag(file.c_str(), EXS_Unknown, EGL_noChange, 4096, ERM_autoDetect, DCM_PixelData),
        "cannot read the image", ErrorCode::not_dicom);
    DcmDataset& dataset = *format.getDataset();
    if (dataset.tagExistsWithValue(DCM_SpecificCharacterSet)) (void)dataset.convertToUTF8();
    return {.name = utf8_value(dataset, DCM_PatientName),
            .id = utf8_value(dataset, DCM_PatientID),
            .birth_date = text_value(dataset, DCM_PatientBirthDate),
            .sex = text_value(dataset, DCM_PatientSex),
            .study_date = text_value(dataset, DCM_StudyDate),
            .accession_number = utf8_value(dataset, DCM_AccessionNumber),
            .institution = utf8_value(dataset, DCM_InstitutionName)};
}

}  // namespace calcnode::dicom

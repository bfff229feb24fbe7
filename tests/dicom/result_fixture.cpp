#include "tests/dicom/result_fixture.h"

#include <algorithm>
#include <stdexcept>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>

#include "dicom/cad_report_writer.h"
#include "dicom/check.h"
#include "dicom/measurement_report_writer.h"
#include "dicom/segmentation_writer.h"

namespace calcnode::dicom::fixture {

namespace {

using pipeline::Point;

std::vector<Point> square(double row, double column, double size) {
    return {{column, row},
            {column + size, row},
            {column + size, row + size},
            {column, row + size},
            {column, row}};
}

}  // namespace

std::string image_uid(int number) {
    return "1.2.826.0.1.3680043.2.1143.1." + std::to_string(number);
}

std::unique_ptr<DcmFileFormat> Study::next_instance() const {
    const int number = static_cast<int>(images.size()) + 1;
    auto instance = make_instance(options_);
    DcmDataset& dataset = *instance->getDataset();
    put_text(dataset, DCM_SOPInstanceUID, image_uid(number));
    put_text(dataset, DCM_InstanceNumber, std::to_string(number));
    put_text(dataset, DCM_ImageLaterality, number % 2 == 1 ? "R" : "L");
    put_text(dataset, DCM_PatientOrientation, number % 2 == 1 ? "P\\L" : "A\\R");
    put_text(dataset, DCM_StudyDate, "20240131");
    put_text(dataset, DCM_StudyTime, "100000");
    put_text(dataset, DCM_ContentTime, "10111" + std::to_string(number % 10));
    return instance;
}

ImageResult& Study::keep(DcmFileFormat& instance) {
    const int number = static_cast<int>(images.size()) + 1;
    std::filesystem::create_directories(folder());
    ImageResult image;
    image.source = folder_ / ("source" + std::to_string(number) + ".dcm");
    save(instance, image.source, kExplicitLittleEndian);
    image.row_spacing_mm = 0.07;
    image.column_spacing_mm = 0.08;
    image.findings.sop_instance_uid = value(*instance.getDataset(), DCM_SOPInstanceUID);
    image.findings.status = pipeline::ImageStatus::analysed;
    image.findings.labels = pipeline::Image<std::uint16_t>(options_.rows, options_.columns);
    images.push_back(std::move(image));
    return images.back();
}

std::vector<SegmentationReference> Study::segmentations() const {
    std::vector<SegmentationReference> references;
    for (const ResultSource& source : sources()) {
        if (source.findings().status != pipeline::ImageStatus::analysed) continue;
        const std::unique_ptr<DcmFileFormat> segmentation = make_segmentation(source, options);
        if (!segmentation) continue;
        DcmDataset& dataset = *segmentation->getDataset();
        references.push_back({value(dataset, DCM_SeriesInstanceUID), value(dataset, DCM_SOPInstanceUID)});
    }
    return references;
}

std::unique_ptr<DcmFileFormat> Study::cad_report() const {
    return make_cad_report(sources(), segmentations(), options);
}

std::unique_ptr<DcmFileFormat> Study::measurement_report() const {
    return make_measurement_report(sources(), segmentations(), options);
}

void add_calcification(ImageResult& image, int row, int column, double score) {
    pipeline::ImageFindings& findings = image.findings;
    pipeline::Calcification calcification;
    calcification.centroid = {column + 0.5, row + 0.5};
    calcification.outline = square(row, column, 1);
    calcification.score = score;
    calcification.area_mm2 = 0.0056;
    findings.calcifications.push_back(std::move(calcification));
    findings.labels.at(row, column) = static_cast<std::uint16_t>(findings.calcifications.size());
}

pipeline::Cluster& add_cluster(ImageResult& image, int size) {
    pipeline::ImageFindings& findings = image.findings;
    const int number = static_cast<int>(findings.clusters.size());
    const int row = 1 + 2 * number;
    pipeline::Cluster cluster;
    for (int i = 0; i < size; ++i) {
        cluster.members.push_back(static_cast<int>(findings.calcifications.size()));
        add_calcification(image, row + 2 * (i / 20), 1 + 2 * (i % 20), 0.99 - 0.001 * i);
    }
    cluster.centroid = {size + 0.5, row + 0.5};
    cluster.outline = square(row, 1, 3);
    cluster.score = std::max(0.0, 0.9 - 0.1 * number);
    cluster.distribution = pipeline::Distribution::grouped;
    cluster.hull_area_mm2 = 12.3456789;
    cluster.long_axis_mm = 4.5;
    cluster.mean_distance_mm = 0.7;
    cluster.sd_distance_mm = 0.1234567;
    findings.clusters.push_back(std::move(cluster));
    return findings.clusters.back();
}

void set_failed(ImageResult& image, const std::string& reason) {
    const std::string uid = image.findings.sop_instance_uid;
    image.findings = {};
    image.findings.sop_instance_uid = uid;
    image.findings.status = pipeline::ImageStatus::failed;
    image.findings.reason = reason;
}

void set_not_attempted(ImageResult& image, const std::string& reason) {
    set_failed(image, reason);
    image.findings.status = pipeline::ImageStatus::not_attempted;
}

std::unique_ptr<DcmFileFormat> load(const ResultObject& object) {
    auto format = std::make_unique<DcmFileFormat>();
    check(format->loadFile(object.path.c_str()), "load a result");
    return format;
}

std::unique_ptr<DcmFileFormat> load_report(const std::vector<ResultObject>& objects) {
    for (const ResultObject& object : objects) {
        if (object.kind == ResultKind::cad_sr) return load(object);
    }
    throw std::runtime_error("no report");
}

std::string value(DcmItem& item, const DcmTagKey& tag) {
    OFString text;
    item.findAndGetOFStringArray(tag, text);
    return text.c_str();
}

DcmItem& item(DcmItem& parent, const DcmTagKey& sequence, long index) {
    DcmItem* found = nullptr;
    check(parent.findAndGetSequenceItem(sequence, found, index), sequence.toString().c_str());
    return *found;
}

long count(DcmItem& parent, const DcmTagKey& sequence) {
    DcmSequenceOfItems* found = nullptr;
    if (parent.findAndGetSequence(sequence, found).bad()) return 0;
    return static_cast<long>(found->card());
}

std::string code(DcmItem& parent, const DcmTagKey& sequence) {
    return value(item(parent, sequence), DCM_CodeValue);
}

std::vector<DcmItem*> children(DcmItem& content, const std::string& concept_name) {
    std::vector<DcmItem*> found;
    for (long i = 0; i < count(content, DCM_ContentSequence); ++i) {
        DcmItem& candidate = item(content, DCM_ContentSequence, i);
        if (count(candidate, DCM_ConceptNameCodeSequence) > 0 &&
            code(candidate, DCM_ConceptNameCodeSequence) == concept_name) {
            found.push_back(&candidate);
        }
    }
    return found;
}

DcmItem& child(DcmItem& content, const std::string& concept_name) {
    const std::vector<DcmItem*> found = children(content, concept_name);
    if (found.size() != 1) throw std::runtime_error("not exactly one item " + concept_name);
    return *found.front();
}

bool bit(DcmDataset& segmentation, int frame, int row, int column) {
    Uint16 rows = 0;
    Uint16 columns = 0;
    segmentation.findAndGetUint16(DCM_Rows, rows);
    segmentation.findAndGetUint16(DCM_Columns, columns);
    const Uint8* bytes = nullptr;
    check(segmentation.findAndGetUint8Array(DCM_PixelData, bytes), "pixel data");
    const std::size_t position =
        (static_cast<std::size_t>(frame) * rows + static_cast<std::size_t>(row)) * columns +
        static_cast<std::size_t>(column);
    return (bytes[position / 8] & (1 << position % 8)) != 0;  // PS3.5 8.2: first pixel in the lowest bit
}

}  // namespace calcnode::dicom::fixture

#include "dicom/measurement_report_content.h"

#include <algorithm>

#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/outline.h"
#include "dicom/report_rows.h"
#include "dicom/result_codes.h"
#include "dicom/result_dataset.h"
#include "dicom/result_identity.h"

namespace calcnode::dicom {

namespace {

using pipeline::Cluster;
using pipeline::ImageStatus;
using pipeline::Laterality;

bool is_analysed(const ResultSource& source) {
    return source.findings().status == ImageStatus::analysed;
}

/// Is `shown` the For Presentation image of `analysed`, pixel for pixel?
bool shows(const ResultSource& shown, const ResultSource& analysed) {
    if (shown.header.intent != pipeline::Intent::presentation || shown.header.rows != analysed.header.rows ||
        shown.header.columns != analysed.header.columns) {
        return false;
    }
    const std::vector<DcmItem*> origins = items_of(shown.dataset(), DCM_SourceImageSequence);
    return std::any_of(origins.begin(), origins.end(), [&](DcmItem* origin) {
        return text_value(*origin, DCM_ReferencedSOPInstanceUID) == analysed.header.sop_instance_uid &&
               text_value(*origin, DCM_SpatialLocationsPreserved) == "YES";
    });
}

Concept side_of(Laterality laterality) {  // CID 244
    switch (laterality) {
        case Laterality::left:
            return codes::kLeft;
        case Laterality::right:
            return codes::kRight;
        case Laterality::both:
            return codes::kBilateral;
        case Laterality::unknown:
            break;
    }
    return {};
}

// TID 1001, 1002, 1004
void add_observer(ContentItem& root, const ResultOptions& options, Repertoire repertoire) {
    const auto how = Relationship::has_observation_context;
    root.add(how, codes::kObserverType, CodeValue{codes::kDevice});
    root.add(how, codes::kDeviceObserverUid, UidValue{device_observer_uid(options)});
    root.add(how, codes::kDeviceObserverName, TextValue{kModelName});
    root.add(how, codes::kDeviceObserverManufacturer, TextValue{kManufacturer});
    root.add(how, codes::kDeviceObserverModelName, TextValue{kModelName});
    root.add(how, codes::kDeviceObserverSerialNumber,
             TextValue{fit_text(options.device_serial_number, kLongString, repertoire)});
}

// TID 1601, 1602, 1603
void add_image(ContentItem& group, const ResultSource& source) {
    const auto how = Relationship::has_acquisition_context;
    ContentItem& image = group.add(Relationship::contains, {},
                                   ImageValue{source.header.sop_class_uid, source.header.sop_instance_uid});
    image.add(how, codes::kModality, CodeValue{codes::kMammography});
    image.add(how, codes::kTargetRegion, CodeValue{codes::kBreast});
    const Concept side = side_of(source.header.laterality);
    if (!side.empty()) image.add(how, codes::kImageLaterality, CodeValue{side});
    add_moments(image, source);
    add_frame_of_reference(image, source);
    image.add(how, codes::kPixelDataRows,
              NumberValue{static_cast<double>(source.header.rows), codes::kPixels});
    image.add(how, codes::kPixelDataColumns,
              NumberValue{static_cast<double>(source.header.columns), codes::kPixels});
    add_view(image, source);
    add_orientation(image, source);
    add_spacing(image, source);
}

void add_library(ContentItem& root, const std::vector<ResultSource>& sources) {  // TID 1600
    ContentItem& group = root.add(Relationship::contains, codes::kImageLibrary, Container{})
                             .add(Relationship::contains, codes::kImageLibraryGroup, Container{});
    for (const ResultSource* image : measured_images(sources))
        add_image(group, *image);
}

// TID 1410 row 5: the outline; the centre when it is too small for one.
void add_region(ContentItem& group, const ResultSource& source, const Cluster& cluster) {
    const ImageExtent extent = source.extent();
    std::vector<pipeline::Point> ring = closed_outline(cluster.outline, extent);
    ContentItem& region =
        ring.empty() ? group.add(Relationship::contains, codes::kImageRegion,
                                 PointValue{point_within(cluster.centroid, extent)})
                     : group.add(Relationship::contains, codes::kImageRegion, PolylineValue{std::move(ring)});
    region.add(Relationship::selected_from, {},
               ImageValue{source.header.sop_class_uid, source.header.sop_instance_uid});
}

void add_site(ContentItem& group, const ResultSource& source) {  // TID 1419 rows 2, 3
    ContentItem& site =
        group.add(Relationship::has_concept_modifier, codes::kFindingSite, CodeValue{codes::kBreast});
    const Concept side = side_of(source.header.laterality);
    if (!side.empty()) site.add(Relationship::has_concept_modifier, codes::kLaterality, CodeValue{side});
}

void add_distance(ContentItem& group, const Concept& name, double millimetres) {
    group.add(Relationship::contains, name, NumberValue{millimetres, codes::kMillimetre})
        .add(Relationship::has_concept_modifier, codes::kDerivation, CodeValue{codes::kTwoDimensionalMethod});
}

// TID 1419 rows 5 to 8, and two qualitative evaluations. As findings.json has them
// (pipeline/findings_json.h).
void add_measurements(ContentItem& group, const Cluster& cluster) {
    const auto how = Relationship::contains;
    group.add(how, codes::kArea, NumberValue{cluster.hull_area_mm2, codes::kSquareMillimetre});
    group.add(how, codes::kLongAxis, NumberValue{cluster.long_axis_mm, codes::kMillimetre});
    group.add(how, codes::kNumberOfCalcifications,
              NumberValue{static_cast<double>(cluster.members.size()), codes::kNoUnits});
    add_distance(group, codes::kAverageDistance, cluster.mean_distance_mm);
    add_distance(group, codes::kSdDistance, cluster.sd_distance_mm);
    group.add(how, codes::kCertaintyOfFinding, NumberValue{percent(cluster.score), codes::kPercent});
    group.add(how, codes::kCalcificationType, CodeValue{codes::kMicrocalcifications});
    const Concept distribution = distribution_concept(cluster.distribution);
    if (!distribution.empty()) group.add(how, codes::kCalcificationDistribution, CodeValue{distribution});
}

void add_group(ContentItem& measurements, const ResultSource& source, const ResultOptions& options,
               std::size_t index) {
    const Cluster& cluster = source.findings().clusters[index];
    const Tracking tracking = cluster_tracking(source, options, index);
    ContentItem& group = measurements.add(Relationship::contains, codes::kMeasurementGroup,
                                          Container{.template_identifier = "1410"});
    group.add(Relationship::has_observation_context, codes::kTrackingIdentifier,
              TextValue{tracking.identifier});
    group.add(Relationship::has_observation_context, codes::kTrackingUniqueIdentifier,
              UidValue{tracking.uid});
    group.add(Relationship::contains, codes::kFinding, CodeValue{codes::kCalcificationCluster});
    add_region(group, source, cluster);
    add_site(group, source);
    add_measurements(group, cluster);
}

}  // namespace

bool has_measurements(const std::vector<ResultSource>& sources) {
    return std::any_of(sources.begin(), sources.end(), [](const ResultSource& source) {
        return is_analysed(source) && !source.findings().clusters.empty();
    });
}

std::vector<const ResultSource*> measured_images(const std::vector<ResultSource>& sources) {
    std::vector<const ResultSource*> images;
    for (const ResultSource& source : sources) {
        const bool listed = is_analysed(source) ||
                            std::any_of(sources.begin(), sources.end(), [&](const ResultSource& other) {
                                return is_analysed(other) && shows(source, other);
                            });
        if (listed) images.push_back(&source);
    }
    return images;
}

ContentItem measurement_report_content(const std::vector<ResultSource>& sources, const ResultOptions& options,
                                       Repertoire repertoire) {
    ContentItem root{.relationship = Relationship::root,
                     .name = codes::kMeasurementReport,
                     .value = Container{.template_identifier = "1500"},
                     .children = {}};
    add_language(root);
    add_observer(root, options, repertoire);
    if (options.code_scheme == CodeScheme::sct) {  // optional, and CID 100 has it in SNOMED CT only
        root.add(Relationship::has_concept_modifier, codes::kProcedureReported,
                 CodeValue{codes::kImagingProcedure});
    }
    add_library(root, sources);
    ContentItem& measurements = root.add(Relationship::contains, codes::kImagingMeasurements, Container{});
    // One algorithm made them all (TID 1500 row 6, TID 4019).
    add_algorithm(measurements, Relationship::has_concept_modifier, options, repertoire);
    measurements.add(Relationship::has_concept_modifier, codes::kAlgorithmParameters,
                     TextValue{algorithm_parameters(options, repertoire)});
    for (const ResultSource& source : sources) {
        if (!is_analysed(source)) continue;
        for (std::size_t i = 0; i < source.findings().clusters.size(); ++i)
            add_group(measurements, source, options, i);
    }
    return root;
}

}  // namespace calcnode::dicom

#include "dicom/cad_report_findings.h"

#include <algorithm>

#include "dicom/cad_report_content.h"
#include "dicom/error.h"
#include "dicom/outline.h"
#include "dicom/report_rows.h"
#include "dicom/result_codes.h"
#include "dicom/result_identity.h"

namespace calcnode::dicom {

namespace {

using pipeline::Calcification;
using pipeline::Cluster;

// PS3.4 O.2.2.1: a viewer shows Required items down to the first Optional one of a branch.
const Concept& rendering_intent(bool required) {
    return required ? codes::kPresentationRequired : codes::kPresentationOptional;
}

void add_intent(ContentItem& parent, bool required) {
    parent.add(Relationship::has_concept_modifier, codes::kRenderingIntent,
               CodeValue{rendering_intent(required)});
}

// TID 4021. Each SCOORD points to its image in the library: PS3.3 A.35.5.3.1.2 wants it by reference.
void add_geometry(ContentItem& finding, const FindingContext& context, pipeline::Point centre,
                  const std::vector<pipeline::Point>& outline) {
    const ImageExtent extent = context.source.extent();
    finding.add(Relationship::has_properties, codes::kCenter, PointValue{point_within(centre, extent)})
        .add(Relationship::selected_from, {}, context.image);
    std::vector<pipeline::Point> ring = closed_outline(outline, extent);
    if (ring.empty()) return;
    finding.add(Relationship::has_properties, codes::kOutline, PolylineValue{std::move(ring)})
        .add(Relationship::selected_from, {}, context.image);
}

void add_calcification(ContentItem& cluster, const FindingContext& context,
                       const Calcification& calcification) {
    ContentItem& finding = cluster.add(Relationship::inferred_from, codes::kSingleImageFinding,
                                       CodeValue{codes::kIndividualCalcification});
    add_intent(finding, false);
    add_algorithm(finding, Relationship::has_properties, context.options, context.repertoire);
    finding.add(Relationship::has_properties, codes::kCertaintyOfFinding,
                NumberValue{percent(calcification.score), codes::kPercent});
    add_geometry(finding, context, calcification.centroid, calcification.outline);
    if (calcification.area_mm2 > 0) {  // TID 4009 wants a type or a measurement
        finding.add(Relationship::has_properties, codes::kArea,
                    NumberValue{calcification.area_mm2, codes::kSquareMillimetre});
    } else {
        finding.add(Relationship::has_properties, codes::kCalcificationType,
                    CodeValue{codes::kMicrocalcifications});
    }
}

// TID 4108, 4010
void add_cluster_rows(ContentItem& finding, const FindingContext& context, std::size_t index) {
    const Cluster& cluster = context.source.findings().clusters[index];
    const Tracking tracking = cluster_tracking(context.source, context.options, index);
    add_intent(finding, cluster.score >= context.options.required_score);
    finding.add(Relationship::has_observation_context, codes::kTrackingIdentifier,
                TextValue{tracking.identifier});
    finding.add(Relationship::has_observation_context, codes::kTrackingUniqueIdentifier,
                UidValue{tracking.uid});
    add_algorithm(finding, Relationship::has_properties, context.options, context.repertoire);
    finding.add(Relationship::has_properties, codes::kCertaintyOfFinding,
                NumberValue{percent(cluster.score), codes::kPercent});
    add_geometry(finding, context, cluster.centroid, cluster.outline);
    finding.add(Relationship::has_properties, codes::kCalcificationType,
                CodeValue{codes::kMicrocalcifications});
    const Concept distribution = distribution_concept(cluster.distribution);
    if (!distribution.empty())
        finding.add(Relationship::has_properties, codes::kCalcificationDistribution, CodeValue{distribution});
    finding.add(Relationship::has_properties, codes::kNumberOfCalcifications,
                NumberValue{static_cast<double>(cluster.members.size()), codes::kNoUnits});
}

/// The members of each cluster that are reported: those of the highest scores in the image, and in the order
/// of their scores.
std::vector<std::vector<std::size_t>> reported_members(const pipeline::ImageFindings& findings) {
    struct Member {
        std::size_t cluster;
        std::size_t calcification;
        double score;
    };
    std::vector<Member> members;
    for (std::size_t i = 0; i < findings.clusters.size(); ++i) {
        for (const int index : findings.clusters[i].members) {
            const auto calcification = static_cast<std::size_t>(index);
            if (index < 0 || calcification >= findings.calcifications.size())
                throw Error(ErrorCode::invalid_result, "a cluster has a member that does not exist");
            members.push_back({i, calcification, findings.calcifications[calcification].score});
        }
    }
    std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
        return a.score != b.score ? a.score > b.score : a.calcification < b.calcification;
    });
    members.resize(std::min(members.size(), kMaxCalcificationsPerImage));
    std::vector<std::vector<std::size_t>> reported(findings.clusters.size());
    for (const Member& member : members)
        reported[member.cluster].push_back(member.calcification);
    return reported;
}

}  // namespace

void add_impression(ContentItem& summary, const FindingContext& context) {
    const pipeline::ImageFindings& findings = context.source.findings();
    const std::vector<std::vector<std::size_t>> reported = reported_members(findings);
    ContentItem& impression = summary.add(Relationship::inferred_from, codes::kImpression, Container{});
    add_intent(impression,
               std::any_of(findings.clusters.begin(), findings.clusters.end(), [&](const Cluster& cluster) {
                   return cluster.score >= context.options.required_score;
               }));
    for (std::size_t i = 0; i < findings.clusters.size(); ++i) {
        ContentItem& finding = impression.add(Relationship::contains, codes::kSingleImageFinding,
                                              CodeValue{codes::kCalcificationCluster});
        add_cluster_rows(finding, context, i);
        for (const std::size_t calcification : reported[i])
            add_calcification(finding, context, findings.calcifications[calcification]);
    }
}

}  // namespace calcnode::dicom

// The UIDs and names of what the result writers make (dicom-results.md section 4). Pure functions.
// The same UID means the same bytes: whatever changes an object's bytes is part of its UID.
#pragma once

#include <string>
#include <vector>

#include "dicom/result_source.h"

namespace calcnode::dicom {

// Series Number: far above what modalities use; the report's rises by 10 with each generation of the study.
inline constexpr int kSegmentationSeries = 9001;
inline constexpr int kCadReportSeries = 9002;
int cad_report_series_number(const ResultOptions& options);

/// A segmentation is about one image and depends on nothing else in the study: when a late view brings a new
/// generation, the segmentations of the other images keep their UIDs and bytes. Its series is its own, too.
std::string segmentation_uid(const ResultSource& source, const ResultOptions& options);
std::string segmentation_series_uid(const ResultSource& source, const ResultOptions& options);
std::string dimension_organization_uid(const ResultSource& source, const ResultOptions& options);

/// The report is about the whole set of images and what became of each.
std::string cad_report_uid(const std::vector<ResultSource>& sources, const ResultOptions& options);
std::string cad_report_series_uid(const std::vector<ResultSource>& sources, const ResultOptions& options);

/// (0062,0020), (0062,0021) and (112039, 112040, DCM): what links a segment to its finding in the report.
struct Tracking {
    std::string identifier;
    std::string uid;
};

/// Of cluster `index` of an image.
Tracking cluster_tracking(const ResultSource& source, const ResultOptions& options, std::size_t index);
/// Of a segment that is no single cluster; `kind` names it.
Tracking segment_tracking(const ResultSource& source, const ResultOptions& options, const std::string& kind);

}  // namespace calcnode::dicom

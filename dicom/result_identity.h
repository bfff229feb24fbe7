// The UIDs and names of what the result writers make (dicom-results.md section 4). Pure functions.
// The same UID means the same bytes: whatever changes an object's bytes is part of its UID.
#pragma once

#include <string>
#include <vector>

#include "dicom/result_source.h"

namespace calcnode::dicom {

// Series Number: far above what modalities use; the reports' rise by 10 with each generation of the study.
inline constexpr int kSegmentationSeries = 9001;
inline constexpr int kCadReportSeries = 9002;
inline constexpr int kMeasurementReportSeries = 9003;
inline constexpr int kPresentationStateSeries = 9004;
inline constexpr int kKeyImageSeries = 9005;
inline constexpr int kProbabilityMapSeries = 9006;
int cad_report_series_number(const ResultOptions& options);
int measurement_report_series_number(const ResultOptions& options);

/// A segmentation is about one image and depends on nothing else in the study: when a late view brings a new
/// generation, the segmentations of the other images keep their UIDs and bytes. Its series is its own, too.
std::string segmentation_uid(const ResultSource& source, const ResultOptions& options);
std::string segmentation_series_uid(const ResultSource& source, const ResultOptions& options);
std::string dimension_organization_uid(const ResultSource& source, const ResultOptions& options);

/// A report is about the whole set of images and what became of each.
std::string cad_report_uid(const std::vector<ResultSource>& sources, const ResultOptions& options);
std::string cad_report_series_uid(const std::vector<ResultSource>& sources, const ResultOptions& options);

std::string measurement_report_uid(const std::vector<ResultSource>& sources, const ResultOptions& options);
std::string measurement_report_series_uid(const std::vector<ResultSource>& sources,
                                          const ResultOptions& options);

/// (121012, DCM, "Device Observer UID"): of this installation, whatever its model.
std::string device_observer_uid(const ResultOptions& options);

/// A key image and a probability map are about one image, as a segmentation is.
std::string key_image_uid(const ResultSource& source, const ResultOptions& options);
std::string key_image_series_uid(const ResultSource& source, const ResultOptions& options);
std::string probability_map_uid(const ResultSource& source, const ResultOptions& options);
std::string probability_map_dimension_uid(const ResultSource& source, const ResultOptions& options);
std::string probability_map_series_uid(const ResultSource& source, const ResultOptions& options);

/// A presentation state is about the images that it refers to, and in a series of its own.
std::string presentation_state_uid(const std::vector<const ResultSource*>& sources,
                                   const ResultOptions& options);
std::string presentation_state_series_uid(const std::vector<const ResultSource*>& sources,
                                          const ResultOptions& options);

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

// The content of the measurement report (PS3.16 TID 1500, 1410, 1600; dicom-results.md section 3). Internal
// to dicom/. Pure functions.
#pragma once

#include <vector>

#include "dicom/content_item.h"
#include "dicom/result_source.h"
#include "dicom/result_text.h"

namespace calcnode::dicom {

/// Has any analysed image a cluster?
bool has_measurements(const std::vector<ResultSource>& sources);

/// The images of the report's library: those that were analysed, and the For Presentation image of each For
/// Processing one among them if it shows the same pixels (Source Image Sequence with Spatial Locations
/// Preserved YES, same size): it is what the reader has on the screen, the coordinates are those of the
/// analysed one.
std::vector<const ResultSource*> measured_images(const std::vector<ResultSource>& sources);

/// A planar ROI group (TID 1410) a cluster: outline, tracking, finding site and measurements.
/// Throws Error invalid_result when findings cannot be written.
ContentItem measurement_report_content(const std::vector<ResultSource>& sources, const ResultOptions& options,
                                       Repertoire repertoire);

}  // namespace calcnode::dicom

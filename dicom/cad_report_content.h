// The content of the Mammography CAD SR (PS3.16 TID 4000 and below; dicom-results.md section 1). Internal to
// dicom/. Pure function.
#pragma once

#include <cstddef>
#include <vector>

#include "dicom/content_item.h"
#include "dicom/result_source.h"
#include "dicom/result_text.h"

namespace calcnode::dicom {

/// Individual calcifications that are reported for an image, those of the highest scores: a report of some
/// thousands takes viewers seconds to open. "Number of calcifications" counts them all.
inline constexpr std::size_t kMaxCalcificationsPerImage = 500;

/// All images are in the library, attempted or not. What was attempted decides the outcome:
///
///   attempted     findings  111017  111064  lists
///   all succeeded yes / no  111242 / 111241  111222  Successful Detections
///   some failed   yes / no  111244 / 111243  111223  Successful and Failed Detections
///   all failed              111245  111224  Failed Detections
///   nothing                 111245  111225  none
///
/// Why an image failed or was not attempted stands in an Algorithm Parameters text of the Detection Performed
/// entries ("status=failed image=UID reason", "status=not_attempted ..."): the templates have no row for it.
/// When nothing was attempted there are no such entries, and the report cannot say why.
/// Throws Error invalid_result when findings cannot be written.
ContentItem cad_report_content(const std::vector<ResultSource>& sources, const ResultOptions& options,
                               Repertoire repertoire);

}  // namespace calcnode::dicom

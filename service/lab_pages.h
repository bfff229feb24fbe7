// Writes what `calcnode-lab evaluate --out` leaves behind. Called by lab_evaluate only.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "service/lab_figures.h"
#include "service/lab_meter.h"
#include "service/lab_report.h"

namespace calcnode::service {

struct PagesOptions {
    std::filesystem::path out;
    MeterOptions meter;  // to read images again
};

/// report.json, report.html, froc_clusters.png, froc_calcifications_cm2.png, froc_calcifications_image.png,
/// roc.png (those that there is something to draw in) and cases/*.jpg. Throws pipeline::Error write_failed.
void write_pages(const EvaluationReport& report, std::span<const CaseRow> rows,
                 std::span<const ImageResult> results, const PagesOptions& options);

}  // namespace calcnode::service

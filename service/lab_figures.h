// From what was measured on each image to the figures of the report. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "service/lab_cases.h"
#include "service/lab_meter.h"
#include "service/lab_report.h"

namespace calcnode::service {

struct FiguresOptions {
    std::string cases;  // the file's name
    bool model = true;
    std::string model_name;
    double threshold = 0;       // of the model's cluster score
    bool own_threshold = true;  // it is the model's own
    bool classical = true;
};

/// Which images to show, the most telling first: clusters missed, false marks on normal images, and what went
/// well. By the model at its operating point; none without a model.
struct ShownCase {
    std::size_t image = 0;
    std::string section;
    std::string caption;
};
std::vector<ShownCase> cases_to_show(std::span<const CaseRow> rows, std::span<const ImageResult> results);

/// `results` and `rows` are of the same images in the same order.
EvaluationReport figures_of(std::span<const CaseRow> rows, std::span<const ImageResult> results,
                            const FiguresOptions& options);

}  // namespace calcnode::service

// The figures of `calcnode-lab evaluate`, as text for people and as JSON for programs. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/evaluation.h"
#include "pipeline/evaluation_descriptors.h"
#include "pipeline/phantom_likeness.h"
#include "service/lab_strata.h"

namespace calcnode::service {

/// One algorithm's figures: groups of five or more (BI-RADS) and of three or more.
struct MethodReport {
    std::string name;
    std::string operating_point;  // in words
    std::string strata_point;     // the one of the tables by kind of image
    double threshold = 0;
    double seconds_per_image = 0;
    pipeline::Summary five;
    pipeline::Summary three;
    pipeline::Curves curves;  // of five
};

/// Part of the images: how well those with calcifications are told from normal ones.
struct SubsetReport {
    std::string name;
    int images = 0;
    int normal_images = 0;
    std::vector<pipeline::Estimate> areas;  // under the ROC; in the order of the methods
};

struct EvaluationReport {
    std::string cases;
    std::vector<MethodReport> methods;
    std::vector<StrataTable> strata;  // its methods are in the order of `methods`
    std::vector<SubsetReport> subsets;
    pipeline::DetailsSummary details;  // of the model; without images when nothing is known
    std::optional<pipeline::Likeness> likeness;
    double seconds_read = 0;  // an image
    double seconds_count = 0;
    std::vector<std::string> failures;  // "image: why", no patient data
};

std::string report_text(const EvaluationReport& report);
std::string report_json(const EvaluationReport& report);

}  // namespace calcnode::service

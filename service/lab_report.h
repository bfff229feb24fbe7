// The figures of `calcnode-lab evaluate` as tables for people and as JSON for programs. Pure.
#pragma once

#include <string>
#include <vector>

#include "pipeline/evaluation.h"

namespace calcnode::service {

/// One algorithm's figures: groups of five or more (BI-RADS) and of three or more.
struct MethodReport {
    std::string name;
    std::string operating_point;  // in words
    double threshold = 0;
    double seconds_per_image = 0;
    pipeline::Summary five;
    pipeline::Summary three;
};

struct EvaluationReport {
    std::string cases;
    std::vector<MethodReport> methods;
    std::vector<std::string> failures;  // "image: why", no patient data
};

std::string report_text(const EvaluationReport& report);
std::string report_json(const EvaluationReport& report);

}  // namespace calcnode::service

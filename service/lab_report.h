// The figures of `calcnode-lab evaluate` as tables for people and as JSON for programs. Pure.
#pragma once

#include <string>
#include <vector>

#include "pipeline/evaluation.h"
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

struct EvaluationReport {
    std::string cases;
    std::vector<MethodReport> methods;
    std::vector<StrataTable> strata;  // its methods are in the order of `methods`
    double seconds_read = 0;          // an image
    double seconds_count = 0;
    std::vector<std::string> failures;  // "image: why", no patient data
};

/// "90.0 % (80.0 - 95.0)", "0.210 (0.100 - 0.300)", or "-" when not known.
std::string percent(const pipeline::Estimate& estimate);
std::string plain(const pipeline::Estimate& estimate);

std::string report_text(const EvaluationReport& report);
std::string report_json(const EvaluationReport& report);

}  // namespace calcnode::service

// `calcnode explain-route FILE.dcm`: which rule a data set would take, and why the others before it do not.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.h"
#include "service/routing.h"

namespace calcnode::service {

/// One condition of one rule.
struct ConditionExplained {
    std::string condition;  // as in the configuration: "modality"
    std::string patterns;   // "[MG, CR]"
    std::string value;      // the data set's or the association's
    bool holds = false;
};

struct RuleExplained {
    std::string name;
    bool matches = false;
    std::vector<ConditionExplained> conditions;  // those that it has
    std::vector<std::string> destinations;
};

/// Every rule, in order; the first that matches decides. Pure.
std::vector<RuleExplained> explain_rules(const std::vector<config::Route>& routes,
                                         const RouteSubject& subject);

struct ExplainRouteOptions {
    std::filesystem::path file;
    std::string calling_ae_title;  // empty: as the node's own file says, else ANY-SCU
    std::string called_ae_title;   // empty: the same, else dicom.ae_title
    std::string peer;              // empty: the same, else 127.0.0.1
    bool json = false;
};

/// Prints to standard output. Returns the exit status: 0 a rule takes it, 1 none does. Throws dicom::Error
/// when the file cannot be read.
int run_explain_route(const config::Config& config, const ExplainRouteOptions& options);

}  // namespace calcnode::service

// Which destinations an instance's results go to: the first matching rule. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "dicom/instance_header.h"

namespace calcnode::service {

struct RouteSubject {
    std::string calling_ae_title;
    std::string called_ae_title;
    std::string peer;
    const dicom::InstanceHeader& header;
};

/// Shell-style pattern (* any run, ? one character), case-sensitive; at most pattern x text steps, no
/// recursion.
bool matches_pattern(std::string_view pattern, std::string_view text);

/// The first rule that matches, or nullptr.
const config::Route* find_route(const std::vector<config::Route>& routes, const RouteSubject& subject);

}  // namespace calcnode::service

// What the keys about TLS and ports ask of each other. Internal to config/.
#pragma once

#include <functional>
#include <string>

#include "config/config.h"
#include "config/value.h"

namespace calcnode::config {

/// `refuse` is called with the value, its key and what is wrong.
void check_tls(const Config& config, const Value& tree,
               const std::function<void(const Value&, const std::string&, const std::string&)>& refuse);

}  // namespace calcnode::config

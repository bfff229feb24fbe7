// The name under which a process holds leases in the journal: unique over machines, processes and restarts.
#pragma once

#include <string>
#include <string_view>

namespace calcnode::service {

/// "<host>:<pid>:<start in ms>:<role>".
std::string make_owner(std::string_view role);

}  // namespace calcnode::service

// The name under which a process holds leases in the journal: unique over machines, processes and restarts.
#pragma once

#include <string>
#include <string_view>

namespace calcnode::service {

/// "<host>:<pid>:<start in ms>:<role>".
std::string make_owner(std::string_view role);

/// True when the owner was a process of this machine that does not run any more. False when nobody can tell:
/// then its leases run out by themselves. A process that asks before it has made an owner itself counts its
/// own number as gone: it stands in its predecessor's place. Containers that share a host name but not their
/// processes take one another for gone; what both then do is recorded once.
bool is_gone(const std::string& owner);

}  // namespace calcnode::service

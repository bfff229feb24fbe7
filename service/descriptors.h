// The process's limit of open descriptors.
#pragma once

namespace calcnode::service {

/// Raises the soft limit as far as the hard limit and calcnode's needs go: 1,024, what a process usually
/// gets, are few for a port that strangers can connect to. Call at start. Returns the limit in force.
int raise_descriptor_limit();

}  // namespace calcnode::service

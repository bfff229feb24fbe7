// How long to wait before the next try.
#pragma once

#include "config/config.h"
#include "service/types.h"

namespace calcnode::service {

/// Pause before the next try: doubles from first_retry up to longest_retry, +-20 % by `jitter` (0..1). Pure.
/// `attempt`: how often it was tried, from 1 on.
Duration retry_pause(const config::Delivery& rules, int attempt, double jitter);

/// A jitter from this thread's random numbers, 0..1.
double random_jitter();

}  // namespace calcnode::service

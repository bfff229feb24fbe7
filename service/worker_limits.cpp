#include "service/worker_limits.h"

#include <cerrno>
#include <cstring>

#include <sys/resource.h>

#include "service/log.h"

namespace calcnode::service {

namespace {

/// The soft limit of RLIMIT_CPU: the hard one stays as it is, since it could not be raised again.
void set_processor_limit(rlim_t seconds) {
    rlimit limit{};
    ::getrlimit(RLIMIT_CPU, &limit);
    limit.rlim_cur = seconds < limit.rlim_max ? seconds : limit.rlim_max;
    if (::setrlimit(RLIMIT_CPU, &limit) != 0) log_warn("cpu_limit_failed", {{"error", std::strerror(errno)}});
}

/// Processor seconds that this process has used, rounded up.
rlim_t used_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<rlim_t>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 2;
}

}  // namespace

void limit_memory(std::uint64_t bytes) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    if (bytes == 0) return;
    const rlimit limit{bytes, bytes};
    if (::setrlimit(RLIMIT_AS, &limit) != 0)
        log_warn("memory_limit_failed", {{"error", std::strerror(errno)}});
}

ProcessorBudget::ProcessorBudget(std::chrono::seconds limit) {
    if (limit.count() > 0) set_processor_limit(used_seconds() + static_cast<rlim_t>(limit.count()));
}

ProcessorBudget::~ProcessorBudget() {
    set_processor_limit(RLIM_INFINITY);
}

}  // namespace calcnode::service

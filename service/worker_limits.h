// What a worker process may take of the machine: address space for all of its life, processor time for each
// job. The wall clock is JobLease's matter, and the supervisor's when a worker does not even end itself.
#pragma once

#include <chrono>
#include <cstdint>

namespace calcnode::service {

/// RLIMIT_AS (bytes; 0: none): beyond it allocations throw std::bad_alloc, and the image is reported as
/// failed. No core dumps either (RLIMIT_CORE): a core holds the patient's image. A refusal of the system is
/// logged. Once, at start.
void limit_memory(std::uint64_t bytes);

/// For as long as it lives the process may use this much more processor time, all threads together (0: no
/// limit); beyond it SIGXCPU ends the process (RLIMIT_CPU). One at a time.
class ProcessorBudget {
  public:
    explicit ProcessorBudget(std::chrono::seconds limit);
    ~ProcessorBudget();
    ProcessorBudget(const ProcessorBudget&) = delete;
    ProcessorBudget& operator=(const ProcessorBudget&) = delete;
};

}  // namespace calcnode::service

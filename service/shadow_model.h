// A second model that looks at each image after the first. What it finds is compared with the first one's
// findings and logged, one event a job; it is never sent, changes nothing, and its failure is nobody else's.
// Used by one thread at a time.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "config/config.h"
#include "pipeline/analyser.h"
#include "pipeline/findings_comparison.h"
#include "service/types.h"

namespace calcnode::service {

/// What one job's images came to.
struct ShadowTally {
    pipeline::FindingsComparison findings;
    int compared = 0;
    int failed = 0;
    Duration main{};
    Duration shadow{};
};

class ShadowModel {
  public:
    /// None when analysis.shadow_model is empty, or when that model cannot be opened (logged as
    /// shadow_failed).
    static std::optional<ShadowModel> open(const config::Config& config,
                                           const pipeline::AnalyserOptions& options);

    /// Never throws: an image on which the shadow fails is counted.
    void compare(const pipeline::Mammogram& mammogram, const pipeline::ImageFindings& findings, Duration took,
                 ShadowTally& tally) const;

    /// Logs shadow_compared; nothing when no image was looked at.
    void log(const Job& job, const ShadowTally& tally) const;

  private:
    explicit ShadowModel(pipeline::Analyser analyser) : analyser_(std::move(analyser)) {}

    pipeline::Analyser analyser_;
};

}  // namespace calcnode::service

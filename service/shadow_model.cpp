#include "service/shadow_model.h"

#include <exception>

#include "pipeline/model_store.h"
#include "service/job_runner.h"
#include "service/log.h"

namespace calcnode::service {

std::optional<ShadowModel> ShadowModel::open(const config::Config& config,
                                             const pipeline::AnalyserOptions& options) {
    const config::Analysis& analysis = config.analysis;
    if (analysis.shadow_model.empty()) return std::nullopt;
    try {
        return ShadowModel(pipeline::Analyser::open(
            pipeline::find_model(models_folder(config), analysis.shadow_model, analysis.shadow_model_version),
            options));
    } catch (const std::exception& error) {
        log_error("shadow_failed", {{"model", analysis.shadow_model}, {"error", error.what()}});
        return std::nullopt;
    }
}

void ShadowModel::compare(const pipeline::Mammogram& mammogram, const pipeline::ImageFindings& findings,
                          Duration took, ShadowTally& tally) const {
    if (findings.status != pipeline::ImageStatus::analysed) return;
    const auto started = std::chrono::steady_clock::now();
    try {
        const pipeline::ImageFindings other = analyser_.analyse(mammogram);
        tally.shadow += std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - started);
        tally.main += took;
        tally.findings += pipeline::compare_findings(findings, other,
                                                     {mammogram.row_spacing_mm, mammogram.column_spacing_mm});
        ++tally.compared;
    } catch (const std::exception& error) {
        ++tally.failed;
        log_warn("shadow_failed",
                 {{"sop_instance_uid", mammogram.sop_instance_uid}, {"error", error.what()}});
    }
}

void ShadowModel::log(const Job& job, const ShadowTally& tally) const {
    if (tally.compared + tally.failed == 0) return;
    const pipeline::FindingsComparison& found = tally.findings;
    log_info("shadow_compared", {{"job", job.id},
                                 {"study_instance_uid", job.study_instance_uid},
                                 {"shadow", analyser_.model().name},
                                 {"shadow_version", analyser_.model().version},
                                 {"images", tally.compared},
                                 {"failed", tally.failed},
                                 {"clusters_agreed", found.agreed},
                                 {"clusters_only_main", found.only_first},
                                 {"clusters_only_shadow", found.only_second},
                                 {"grains_main", found.grains_first},
                                 {"grains_shadow", found.grains_second},
                                 {"ms_main", static_cast<long>(tally.main.count())},
                                 {"ms_shadow", static_cast<long>(tally.shadow.count())}});
}

}  // namespace calcnode::service

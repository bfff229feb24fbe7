#include "service/job_runner.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <new>

#include <openssl/evp.h>

#include "dicom/dataset_scan.h"
#include "dicom/error.h"
#include "dicom/fail_point.h"
#include "dicom/mammogram_reader.h"
#include "pipeline/error.h"
#include "pipeline/model_store.h"
#include "service/log.h"

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

pipeline::Compute compute_options(const config::Analysis& analysis) {
    pipeline::Compute compute;
    switch (analysis.precision) {
        case config::Precision::automatic:
            compute.precision = pipeline::Precision::automatic;
            break;
        case config::Precision::float32:
            compute.precision = pipeline::Precision::float32;
            break;
        case config::Precision::bfloat16:
            compute.precision = pipeline::Precision::bfloat16;
            break;
    }
    switch (analysis.device) {
        case config::Device::automatic:
            compute.device = pipeline::ComputeDevice::automatic;
            break;
        case config::Device::cpu:
            compute.device = pipeline::ComputeDevice::cpu;
            break;
        case config::Device::cuda:
            compute.device = pipeline::ComputeDevice::cuda;
            break;
    }
    return compute;
}

pipeline::AnalyserOptions analyser_options(const config::Config& config) {
    const auto wants_map = [](const auto& destination) {
        const std::vector<std::string>& kinds = destination.second.results;
        return std::find(kinds.begin(), kinds.end(), "probability_map") != kinds.end();
    };
    return {.cluster_threshold = config.analysis.cluster_threshold,
            .probability_map = std::any_of(config.destinations.begin(), config.destinations.end(), wants_map),
            .out_of_domain = config.analysis.out_of_domain == config::OutOfDomain::refuse
                                 ? pipeline::OutOfDomain::refuse
                                 : pipeline::OutOfDomain::analyse,
            .compute = compute_options(config.analysis)};
}

/// The shadow has its own operating point: the configured one is the first model's.
pipeline::AnalyserOptions shadow_options(const config::Config& config) {
    pipeline::AnalyserOptions options = analyser_options(config);
    options.cluster_threshold = -1;
    options.probability_map = false;
    return options;
}

Duration since(std::chrono::steady_clock::time_point started) {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - started);
}

struct Counts {
    int analysed = 0;
    int failed = 0;
    int not_attempted = 0;
    std::size_t clusters = 0;
};

Counts count(const std::vector<dicom::ImageResult>& images) {
    Counts counts;
    for (const dicom::ImageResult& image : images) {
        switch (image.findings.status) {
            case pipeline::ImageStatus::analysed:
                ++counts.analysed;
                break;
            case pipeline::ImageStatus::failed:
                ++counts.failed;
                break;
            case pipeline::ImageStatus::not_attempted:
                ++counts.not_attempted;
                break;
        }
        counts.clusters += image.findings.clusters.size();
    }
    return counts;
}

std::vector<dicom::PredecessorDocument> predecessors(const Job& job, dicom::CodeScheme code_scheme) {
    std::vector<dicom::PredecessorDocument> documents;
    for (const EarlierReport& report : job.earlier_reports) {
        if (report.code_scheme != code_scheme) continue;
        documents.push_back({.study_instance_uid = job.study_instance_uid,
                             .series_instance_uid = report.series_instance_uid,
                             .sop_class_uid = report.sop_class_uid,
                             .sop_instance_uid = report.sop_instance_uid});
    }
    return documents;
}

}  // namespace

fs::path models_folder(const config::Config& config) {
    if (!config.analysis.models_folder.empty()) return config.analysis.models_folder;
    return fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "share" / "calcnode" / "models";
}

fs::path model_folder(const config::Config& config) {
    return pipeline::find_model(models_folder(config), config.analysis.model, config.analysis.model_version);
}

std::string result_settings_digest(const config::Config& config) {
    std::array<char, 64> threshold{};
    std::snprintf(threshold.data(), threshold.size(), "%.6f", config.analysis.cluster_threshold);
    // Only what is not the default is named: a new key must not give known results new UIDs.
    const pipeline::Compute compute = pipeline::compute_here(compute_options(config.analysis));
    const bool plain =
        compute.precision == pipeline::Precision::float32 && compute.device == pipeline::ComputeDevice::cpu;
    const bool refuses = config.analysis.out_of_domain == config::OutOfDomain::refuse;
    const std::string settings = std::string("threshold=") + threshold.data() +
                                 (plain ? "" : ";compute=" + pipeline::to_string(compute)) +
                                 (refuses ? "" : ";out_of_domain=analyse") +
                                 ";compat=" + (config.results.plane_orientation_compat ? "1" : "0") +
                                 ";serial=" + config.results.device_serial_number +
                                 ";institution=" + config.results.institution + ";software=" CALCNODE_VERSION;
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned int length = 0;
    EVP_Digest(settings.data(), settings.size(), hash.data(), &length, EVP_sha256(), nullptr);
    std::string hex;
    for (int i = 0; i < 8; ++i) {
        std::array<char, 3> two{};
        std::snprintf(two.data(), two.size(), "%02x", hash[static_cast<std::size_t>(i)]);
        hex += two.data();
    }
    return hex;
}

JobRunner::JobRunner(const config::Config& config)
    : config_(config),
      analyser_(pipeline::Analyser::open(model_folder(config), analyser_options(config))),
      shadow_(ShadowModel::open(config, shadow_options(config))) {}

dicom::ImageResult JobRunner::analyse_image(const JobImage& image, const fs::path& root,
                                            const dicom::ResultKinds& kinds, Attempt& attempt) const {
    dicom::ImageResult result{
        .source = root / image.path, .findings = {}, .row_spacing_mm = 0, .column_spacing_mm = 0};
    const auto failed = [&](const std::string& reason) {
        attempt.decoded.reset();
        result.findings = {};
        result.key_image = {};
        result.findings.status = pipeline::ImageStatus::failed;
        result.findings.reason = reason;
        log_warn("image_failed", {{"sop_instance_uid", image.sop_instance_uid}, {"reason", reason}});
    };
    try {
        dicom::fail_point("job.image", image.sop_instance_uid);
        const auto begun = std::chrono::steady_clock::now();
        attempt.decoded = dicom::read_mammogram(result.source);
        attempt.decoding = since(begun);
        const auto started = std::chrono::steady_clock::now();
        result.findings = analyser_.analyse(*attempt.decoded);
        attempt.took = since(started);
        if (result.findings.status == pipeline::ImageStatus::failed) {
            log_warn("image_out_of_domain",
                     {{"sop_instance_uid", image.sop_instance_uid}, {"reason", result.findings.reason}});
        }
        result.row_spacing_mm = attempt.decoded->row_spacing_mm;
        result.column_spacing_mm = attempt.decoded->column_spacing_mm;
        if (kinds.contains(dicom::ResultKind::secondary_capture) && !result.findings.clusters.empty())
            result.key_image = pipeline::make_key_image(*attempt.decoded, result.findings, analyser_.model());
        if (!kinds.contains(dicom::ResultKind::probability_map)) result.findings.probability = {};
    } catch (const dicom::Error& error) {
        failed(error.what());
    } catch (const pipeline::Error& error) {
        failed(error.what());
    } catch (const std::bad_alloc&) {
        failed("out of memory");
    }
    result.findings.sop_instance_uid = image.sop_instance_uid;
    return result;
}

std::vector<dicom::ResultObject> JobRunner::write_objects(const Job& job, const std::vector<ResultSet>& plan,
                                                          const std::vector<dicom::ImageResult>& images,
                                                          const fs::path& folder) const {
    dicom::ResultOptions options{.model = analyser_.model(),
                                 .config_digest = result_settings_digest(config_),
                                 .generation = job.generation,
                                 .required_score = 0,
                                 .plane_orientation_compat = config_.results.plane_orientation_compat,
                                 .device_serial_number = config_.results.device_serial_number,
                                 .institution = config_.results.institution};
    std::vector<dicom::ResultObject> objects;
    for (const ResultSet& set : plan) {
        options.kinds = set.kinds;
        options.code_scheme = set.code_scheme;
        options.predecessors = predecessors(job, set.code_scheme);
        const auto written = dicom::write_results(images, options, folder);
        objects.insert(objects.end(), written.begin(), written.end());
    }
    return objects;
}

JobOutcome JobRunner::run(const Job& job, const fs::path& root, const fs::path& result_folder,
                          const std::optional<std::string>& give_up_reason,
                          const ImageObserver& observe) const {
    JobOutcome outcome;
    ShadowTally tally;
    const std::vector<ResultSet> plan = plan_results(config_, job.destinations);
    const dicom::ResultKinds kinds = all_kinds(plan);
    for (const JobImage& image : job.images) {
        Attempt attempt;
        dicom::ImageResult result;
        if (image.attempt && !give_up_reason) {
            result = analyse_image(image, root, kinds, attempt);
        } else {
            result.source = root / image.path;
            result.findings.sop_instance_uid = image.sop_instance_uid;
            result.findings.status =
                image.attempt ? pipeline::ImageStatus::failed : pipeline::ImageStatus::not_attempted;
            result.findings.reason = image.attempt ? *give_up_reason : image.reason;
        }
        outcome.stages["decode"] += attempt.decoding;
        outcome.stages["find"] += attempt.took;
        const bool analysed = result.findings.status == pipeline::ImageStatus::analysed;
        const pipeline::Mammogram* decoded = analysed ? &*attempt.decoded : nullptr;
        if (shadow_ && decoded != nullptr) shadow_->compare(*decoded, result.findings, attempt.took, tally);
        if (observe) observe(image, decoded, result);
        outcome.images.push_back(std::move(result));
    }
    if (shadow_) shadow_->log(job, tally);
    dicom::fail_point("job.analysed", job.study_instance_uid);
    const auto writing = std::chrono::steady_clock::now();
    outcome.objects = write_objects(job, plan, outcome.images, result_folder);
    outcome.stages["write"] = since(writing);
    const Counts counts = count(outcome.images);
    outcome.failed = counts.analysed == 0 && counts.failed > 0;
    outcome.summary = std::to_string(counts.analysed) + " analysed, " + std::to_string(counts.failed) +
                      " failed, " + std::to_string(counts.not_attempted) + " not attempted, " +
                      std::to_string(counts.clusters) + " clusters";
    return outcome;
}

}  // namespace calcnode::service

#include "service/job_runner.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <new>

#include <openssl/evp.h>

#include "dicom/dataset_scan.h"
#include "dicom/error.h"
#include "dicom/mammogram_reader.h"
#include "pipeline/error.h"
#include "service/log.h"

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

pipeline::AnalyserOptions analyser_options(const config::Config& config) {
    const auto wants_map = [](const auto& destination) {
        const std::vector<std::string>& kinds = destination.second.results;
        return std::find(kinds.begin(), kinds.end(), "probability_map") != kinds.end();
    };
    return {.cluster_threshold = config.analysis.cluster_threshold,
            .probability_map =
                std::any_of(config.destinations.begin(), config.destinations.end(), wants_map)};
}

void check_version(const config::Config& config, const pipeline::ModelIdentity& model) {
    if (config.analysis.model_version.empty() || config.analysis.model_version == model.version) return;
    throw pipeline::Error(pipeline::ErrorCode::model_not_found,
                          "the installed model " + model.name + " is version " + model.version +
                              ", but analysis.model_version asks for " + config.analysis.model_version);
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

fs::path model_folder(const config::Config& config) {
    fs::path folder = config.analysis.models_folder;
    if (folder.empty()) {
        folder =
            fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "share" / "calcnode" / "models";
    }
    return folder / config.analysis.model;
}

std::string result_settings_digest(const config::Config& config) {
    std::array<char, 64> threshold{};
    std::snprintf(threshold.data(), threshold.size(), "%.6f", config.analysis.cluster_threshold);
    const std::string settings = std::string("threshold=") + threshold.data() +
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
    : config_(config), analyser_(pipeline::Analyser::open(model_folder(config), analyser_options(config))) {
    check_version(config, analyser_.model());
}

dicom::ImageResult JobRunner::analyse_image(const JobImage& image, const fs::path& root,
                                            const dicom::ResultKinds& kinds,
                                            std::optional<pipeline::Mammogram>& decoded) const {
    dicom::ImageResult result{
        .source = root / image.path, .findings = {}, .row_spacing_mm = 0, .column_spacing_mm = 0};
    const auto failed = [&](const std::string& reason) {
        decoded.reset();
        result.findings = {};
        result.key_image = {};
        result.findings.status = pipeline::ImageStatus::failed;
        result.findings.reason = reason;
        log_warn("image_failed", {{"sop_instance_uid", image.sop_instance_uid}, {"reason", reason}});
    };
    try {
        decoded = dicom::read_mammogram(result.source);
        result.findings = analyser_.analyse(*decoded);
        result.row_spacing_mm = decoded->row_spacing_mm;
        result.column_spacing_mm = decoded->column_spacing_mm;
        if (kinds.contains(dicom::ResultKind::secondary_capture) && !result.findings.clusters.empty())
            result.key_image = pipeline::make_key_image(*decoded, result.findings, analyser_.model());
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
    const std::vector<ResultSet> plan = plan_results(config_, job.destinations);
    const dicom::ResultKinds kinds = all_kinds(plan);
    for (const JobImage& image : job.images) {
        std::optional<pipeline::Mammogram> decoded;
        dicom::ImageResult result;
        if (image.attempt && !give_up_reason) {
            result = analyse_image(image, root, kinds, decoded);
        } else {
            result.source = root / image.path;
            result.findings.sop_instance_uid = image.sop_instance_uid;
            result.findings.status =
                image.attempt ? pipeline::ImageStatus::failed : pipeline::ImageStatus::not_attempted;
            result.findings.reason = image.attempt ? *give_up_reason : image.reason;
        }
        if (observe) observe(image, decoded ? &*decoded : nullptr, result);
        outcome.images.push_back(std::move(result));
    }
    outcome.objects = write_objects(job, plan, outcome.images, result_folder);
    const Counts counts = count(outcome.images);
    outcome.failed = counts.analysed == 0 && counts.failed > 0;
    outcome.summary = std::to_string(counts.analysed) + " analysed, " + std::to_string(counts.failed) +
                      " failed, " + std::to_string(counts.not_attempted) + " not attempted, " +
                      std::to_string(counts.clusters) + " clusters";
    return outcome;
}

}  // namespace calcnode::service

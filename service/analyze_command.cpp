#include "service/analyze_command.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>
#include <thread>

#include "dicom/error.h"
#include "dicom/uid.h"
#include "pipeline/findings_json.h"
#include "pipeline/overlay.h"
#include "service/assembly.h"
#include "service/job_runner.h"

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> regular_files(const std::vector<std::string>& paths) {
    std::vector<fs::path> files;
    for (const std::string& path : paths) {
        if (!fs::exists(path)) throw std::runtime_error(path + ": no such file or folder");
        if (!fs::is_directory(path)) {
            files.emplace_back(path);
            continue;
        }
        for (const auto& entry : fs::recursive_directory_iterator(path)) {
            if (entry.is_regular_file()) files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

bool is_mammography(const std::string& sop_class_uid) {
    return sop_class_uid == dicom::kMammographyForPresentation ||
           sop_class_uid == dicom::kMammographyForProcessing;
}

struct Studies {
    std::map<std::string, OpenStudy> by_uid;
    int unreadable = 0;
};

Studies sort_into_studies(const std::vector<fs::path>& files) {
    Studies studies;
    for (const fs::path& file : files) {
        StoredInstance stored;
        try {
            stored.instance.header = dicom::read_instance_header(file);
        } catch (const dicom::Error& error) {
            // Folders hold other things than DICOM (a cases.csv, pictures): these are no failure.
            if (error.code() == dicom::ErrorCode::not_dicom && file.extension() != ".dcm") continue;
            std::fprintf(stderr, "%s: %s\n", file.c_str(), error.what());
            ++studies.unreadable;
            continue;
        }
        if (!is_mammography(stored.instance.header.sop_class_uid)) {
            std::fprintf(stderr, "%s: skipped, SOP class %s is no mammogram\n", file.c_str(),
                         stored.instance.header.sop_class_uid.c_str());
            continue;
        }
        stored.instance.path = fs::absolute(file);
        OpenStudy& study = studies.by_uid[stored.instance.header.study_instance_uid];
        study.study_instance_uid = stored.instance.header.study_instance_uid;
        const bool known =
            std::any_of(study.instances.begin(), study.instances.end(), [&](const auto& other) {
                return other.instance.header.sop_instance_uid == stored.instance.header.sop_instance_uid;
            });
        if (known) {
            std::fprintf(stderr, "%s: skipped, this SOP instance was given before\n", file.c_str());
            continue;
        }
        stored.id = static_cast<std::int64_t>(study.instances.size()) + 1;
        study.instances.push_back(std::move(stored));
    }
    return studies;
}

const char* status_name(pipeline::ImageStatus status) {
    switch (status) {
        case pipeline::ImageStatus::analysed:
            return "analysed";
        case pipeline::ImageStatus::failed:
            return "failed";
        case pipeline::ImageStatus::not_attempted:
            return "not attempted";
    }
    return "?";
}

void print_row(const JobImage& image, const dicom::ImageResult& result) {
    const auto& findings = result.findings;
    std::printf("%-40s  %-13s  %8zu  %14zu  %s\n", image.path.filename().c_str(),
                status_name(findings.status), findings.clusters.size(), findings.calcifications.size(),
                findings.reason.c_str());
    std::fflush(stdout);
}

pipeline::StudyFindings findings_of(const Job& job, const JobOutcome& outcome,
                                    const pipeline::ModelIdentity& model) {
    pipeline::StudyFindings study{.study_instance_uid = job.study_instance_uid, .model = model, .images = {}};
    for (std::size_t i = 0; i < outcome.images.size(); ++i) {
        study.images.push_back({.file = job.images[i].path.filename().string(),
                                .row_spacing_mm = outcome.images[i].row_spacing_mm,
                                .column_spacing_mm = outcome.images[i].column_spacing_mm,
                                .findings = &outcome.images[i].findings});
    }
    return study;
}

constexpr const char* kFiles = "files";  // the destination that stands for the folder

config::Destination profile_of(const AnalyzeOptions& options) {
    config::Destination files;
    files.results = options.kinds;
    if (files.results.empty()) {
        for (const dicom::ResultKind kind : dicom::kAllResultKinds)
            files.results.emplace_back(dicom::to_string(kind));
    }
    return files;
}

// Returns the number of images that failed.
long analyze_study(const config::Config& config, const JobRunner& runner, const OpenStudy& study,
                   const fs::path& out) {
    const fs::path folder = out / study.study_instance_uid;
    fs::create_directories(folder);
    const Job job{.id = 0,
                  .study_id = 0,
                  .study_instance_uid = study.study_instance_uid,
                  .generation = 1,
                  .attempt = 1,
                  .images = select_images(study, config.assembly),
                  .destinations = {kFiles},
                  .earlier_reports = {}};
    std::printf("study %s\n%-40s  %-13s  %8s  %14s  %s\n", study.study_instance_uid.c_str(), "file", "status",
                "clusters", "calcifications", "reason");
    const auto observe = [&](const JobImage& image, const pipeline::Mammogram* mammogram,
                             const dicom::ImageResult& result) {
        print_row(image, result);
        if (mammogram == nullptr) return;
        pipeline::write_overlay_png(*mammogram, result.findings,
                                    folder / (image.sop_instance_uid + ".overlay.png"));
        pipeline::write_mask_png(result.findings, folder / (image.sop_instance_uid + ".mask.png"));
    };
    const JobOutcome outcome = runner.run(job, "", folder, std::nullopt, observe);
    std::ofstream(folder / "findings.json")
        << pipeline::findings_json(findings_of(job, outcome, runner.model()));
    for (const dicom::ResultObject& object : outcome.objects) {
        std::printf("wrote %s %s\n", dicom::to_string(object.kind), object.path.c_str());
    }
    return std::count_if(outcome.images.begin(), outcome.images.end(), [](const dicom::ImageResult& image) {
        return image.findings.status == pipeline::ImageStatus::failed;
    });
}

}  // namespace

int run_analyze(const config::Config& given, const AnalyzeOptions& options) {
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    pipeline::set_threads(given.analysis.threads > 0 ? given.analysis.threads : cores);
    const Studies studies = sort_into_studies(regular_files(options.paths));
    if (studies.by_uid.empty()) {
        std::fprintf(stderr, "calcnode: no mammogram among the given files (SOP classes %s and %s)\n",
                     dicom::kMammographyForPresentation, dicom::kMammographyForProcessing);
        return 1;
    }
    config::Config config = given;
    config.destinations = {{kFiles, profile_of(options)}};
    const JobRunner runner(config);
    long failed = studies.unreadable;
    for (const auto& [uid, study] : studies.by_uid)
        failed += analyze_study(config, runner, study, options.out);
    return failed == 0 ? 0 : 1;
}

}  // namespace calcnode::service

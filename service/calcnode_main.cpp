// The command line of calcnode: parses, loads the configuration, calls one function a subcommand.
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <signal.h>
#include <sys/stat.h>

#include "config/loader.h"
#include "dicom/library.h"
#include "pipeline/error.h"
#include "pipeline/model_store.h"
#include "service/analyze_command.h"
#include "service/daemon.h"
#include "service/descriptors.h"
#include "service/explain_route.h"
#include "service/job_runner.h"
#include "service/log.h"
#include "service/picture_command.h"
#include "service/replay_command.h"
#include "service/worker.h"

namespace {

using namespace calcnode;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

struct Options {
    std::string config_file;
    std::vector<std::string> settings;
    service::AnalyzeOptions analyze;
    service::ExplainRouteOptions explain;
    service::ReplayOptions replay;
    std::string owner;
    int parent = 0;
};

void add_configuration(CLI::App& command, Options& options) {
    command
        .add_option("-c,--config", options.config_file,
                    "Configuration file (YAML) over the embedded defaults")
        ->check(CLI::ExistingFile);
    command.add_option("-s,--set", options.settings, "One key: --set dicom.port=11113 (can be repeated)")
        ->type_name("KEY=VALUE")
        ->take_all()
        ->expected(1);
}

config::Config load(const Options& options) {
    std::optional<std::filesystem::path> file;
    if (!options.config_file.empty()) file = options.config_file;
    return config::load(file, options.settings);
}

service::ConfigurationSource source_of(const Options& options) {
    service::ConfigurationSource source{.file = std::nullopt, .settings = options.settings};
    if (!options.config_file.empty()) source.file = std::filesystem::absolute(options.config_file);
    return source;
}

std::string dicom_ports(const config::Config& config, const service::Daemon& daemon) {
    std::string text;
    const auto add = [&](const char* what, int port) {
        if (port < 0) return;
        text.append(text.empty() ? "" : ", ").append(what).append(" on ");
        text.append(config.dicom.listen_address).append(":").append(std::to_string(port));
    };
    add("DICOM", daemon.dicom_port());
    add("DICOM over TLS", daemon.dicom_tls_port());
    return text;
}

int serve(const Options& options) {
    const service::ConfigurationSource source = source_of(options);
    const config::Loaded loaded = config::load_with_settings(source.file, source.settings);
    const config::Config& config = loaded.config;
    service::open_log(config.log, "serve");
    dicom::initialise_library();
    const int descriptors = service::raise_descriptor_limit();
    service::Daemon daemon(loaded, source);
    std::printf("calcnode: %s (AE title %s), HTTP on %s:%d, data in %s\n",
                dicom_ports(config, daemon).c_str(), config.dicom.ae_title.c_str(),
                config.http.listen_address.c_str(), daemon.http_port(),
                std::filesystem::absolute(config.data_dir).c_str());
    std::fflush(stdout);
    service::log_info("serving", {{"version", CALCNODE_VERSION},
                                  {"libraries", dicom::library_versions()},
                                  {"dicom_port", daemon.dicom_port()},
                                  {"dicom_tls_port", daemon.dicom_tls_port()},
                                  {"http_port", daemon.http_port()},
                                  {"descriptors", descriptors}});
    daemon.run();
    return 0;
}

int work(const Options& options) {
    const config::Config config = load(options);
    service::open_log(config.log, "worker");
    dicom::initialise_library();
    std::optional<pid_t> parent;
    if (options.parent != 0) parent = options.parent;
    return service::run_worker(config, {.owner = options.owner, .parent = parent});
}

int analyze(const Options& options) {
    const config::Config config = load(options);
    service::open_log(config.log, "analyze");
    dicom::initialise_library();
    return service::run_analyze(config, options.analyze);
}

int pictures() {
    dicom::initialise_library();
    return service::run_pictures();
}

int check_config(const Options& options) {
    const config::Config config = load(options);
    std::printf("The configuration is good: AE title %s, DICOM port %d, %zu destinations, %zu routes.\n",
                config.dicom.ae_title.c_str(), config.dicom.port, config.destinations.size(),
                config.routes.size());
    return 0;
}

int explain_route(const Options& options) {
    const config::Config config = load(options);
    dicom::initialise_library();
    return service::run_explain_route(config, options.explain);
}

int replay(const Options& options) {
    try {
        return service::run_replay(load(options), options.replay);
    } catch (const std::invalid_argument& error) {
        std::cerr << "calcnode: " << error.what() << '\n';
        return kExitUsage;
    }
}

void add_replay_options(CLI::App& command, service::ReplayOptions& replay) {
    command.add_flag("-a,--all", replay.all, "Everything that is dead, not accepted or not committed");
    command.add_option("-d,--destination", replay.destination,
                       "Of one destination (its name in the configuration)");
    command.add_option("--study", replay.study_instance_uid, "Of one study (Study Instance UID)");
    command.add_option("--id", replay.id, "One delivery, by its number")->check(CLI::PositiveNumber);
    command.add_flag("-n,--dry-run", replay.dry_run, "List them with their reasons, change nothing");
    command.add_flag("--json", replay.json, "Print JSON");
}

int version(const Options& options) {
    std::printf("calcnode %s\n%s\n", CALCNODE_VERSION, dicom::library_versions().c_str());
    const config::Config config = load(options);
    const std::filesystem::path folder = service::models_folder(config);
    for (const pipeline::InstalledModel& model : pipeline::installed_models(folder)) {
        if (model.trouble.empty()) {
            std::printf("installed model %s %s (%s) in %s\n", model.identity.name.c_str(),
                        model.identity.version.c_str(), model.identity.digest.c_str(), model.folder.c_str());
        } else {
            std::printf("unusable model in %s: %s\n", model.folder.c_str(), model.trouble.c_str());
        }
    }
    const auto model = pipeline::Analyser::open(service::model_folder(config)).model();
    std::printf("model %s %s (%s)\n", model.name.c_str(), model.version.c_str(), model.digest.c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    ::signal(SIGPIPE, SIG_IGN);  // a peer that goes away is an error of write(), not the end of the process
    ::umask(0077);             // whatever is written holds, or leads to, a patient's data
    CLI::App app{"calcnode: a DICOM node that finds microcalcifications in mammograms. Research only."};
    app.require_subcommand(1);
    app.footer(
        "Examples:\n"
        "  calcnode serve                                      on the embedded defaults\n"
        "  calcnode serve --config site.yaml --set dicom.port=104\n"
        "  calcnode worker --config site.yaml                  one more worker, on this or another machine\n"
        "  calcnode analyze exam/ --out results/               once, without a network\n"
        "  calcnode check-config site.yaml\n"
        "  calcnode explain-route image.dcm --config site.yaml --calling MODALITY\n"
        "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.");
    Options options;
    auto* serve_command = app.add_subcommand("serve", "Receive, analyse and deliver until SIGTERM");
    auto* worker_command = app.add_subcommand("worker", "Analyse jobs from the journal until SIGTERM");
    auto* analyze_command =
        app.add_subcommand("analyze", "Analyse files or folders once and write the results");
    auto* check_command = app.add_subcommand("check-config", "Check a configuration and name every mistake");
    check_command->add_option("FILE", options.config_file, "Configuration file (the same as --config)")
        ->check(CLI::ExistingFile);
    check_command->footer(
        "Prints every mistake as FILE:LINE:COLUMN: KEY: what is wrong, and what to do. Exit status 2 when "
        "there is one.");
    auto* explain_command = app.add_subcommand(
        "explain-route", "Say which rule of the configuration a data set would take, and why");
    explain_command->add_option("FILE", options.explain.file, "A DICOM file")
        ->required()
        ->check(CLI::ExistingFile);
    explain_command->add_option("--calling", options.explain.calling_ae_title,
                                "Calling AE title of the sender");
    explain_command->add_option("--called", options.explain.called_ae_title, "Called AE title");
    explain_command->add_option("--peer", options.explain.peer, "Address of the sender");
    explain_command->add_flag("--json", options.explain.json, "Print JSON");
    explain_command->footer("Exit status: 0 a rule takes it, 1 none does (or the file cannot be read).");
    auto* replay_command = app.add_subcommand(
        "replay", "Send dead letters again, and ask again for storage commitments that failed");
    auto* version_command = app.add_subcommand(
        "version", "Print the versions of calcnode, its libraries, the installed models and the one in use");
    auto* pictures_command =
        app.add_subcommand("pictures", "Decode pixels for serve (started by it)")->group("");
    for (auto* command : {serve_command, worker_command, analyze_command, check_command, explain_command,
                          replay_command, version_command}) {
        add_configuration(*command, options);
    }
    add_replay_options(*replay_command, options.replay);
    worker_command->add_option("--owner", options.owner, "Name of this worker's leases (set by serve)");
    worker_command->add_option("--parent", options.parent,
                               "Process that supervises this worker (set by serve)");
    analyze_command->add_option("PATH", options.analyze.paths, "DICOM files, or folders of them")->required();
    analyze_command->add_option("-o,--out", options.analyze.out, "Folder for the results, made when missing")
        ->required();
    std::vector<std::string> kinds;
    for (const dicom::ResultKind kind : dicom::kAllResultKinds)
        kinds.emplace_back(dicom::to_string(kind));
    analyze_command
        ->add_option("-k,--kinds", options.analyze.kinds,
                     "Kinds of result objects, separated by commas; default: all. A cad_sr is always written")
        ->delimiter(',')
        ->check(CLI::IsMember(kinds));
    analyze_command->footer(
        "Writes per study OUT/<study instance uid>/: the result objects (.dcm), findings.json, and per image "
        "an overlay\n"
        "(<sop instance uid>.overlay.png) and the mask (<sop instance uid>.mask.png: 16 bit, k = "
        "calcification k of\n"
        "findings.json, 0 = background). Exit status 1 when an image could not be analysed.");

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kExitUsage;
    }
    try {
        if (*serve_command) return serve(options);
        if (*worker_command) return work(options);
        if (*analyze_command) return analyze(options);
        if (*pictures_command) return pictures();
        if (*replay_command) return replay(options);
        if (*check_command) return check_config(options);
        if (*explain_command) return explain_route(options);
        return version(options);
    } catch (const config::Error& error) {
        std::cerr << error.what() << '\n';
        return kExitUsage;
    } catch (const std::exception& error) {
        std::cerr << "calcnode: " << error.what() << '\n';
        return kExitFailed;
    }
}

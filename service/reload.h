// Reads the configuration once more while `serve` runs: checked first, a bad one changes nothing, what
// differs is logged key by key without secrets. Thread-safe: SIGHUP (control thread) and the REST interface
// call it.
#pragma once

#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/changes.h"
#include "config/loader.h"
#include "service/live_config.h"

namespace calcnode::service {

/// Where the configuration comes from: the command line of `serve`.
struct ConfigurationSource {
    std::optional<std::filesystem::path> file;
    std::vector<std::string> settings;  // of --set
};

struct ReloadOutcome {
    bool accepted = false;
    std::vector<config::Change> changes;    // of an accepted one, or of one that would be
    std::vector<config::Mistake> mistakes;  // why not

    bool concerns_workers() const;
};

class Reloader {
  public:
    /// `running`: what `serve` has started with. `accepted` is called by reload(), on its caller's thread,
    /// when `live` holds a new configuration.
    Reloader(ConfigurationSource source, config::Loaded running, LiveConfig live,
             std::function<void(const ReloadOutcome&)> accepted);

    /// What a reload would do; changes nothing.
    ReloadOutcome check() const;
    /// Puts what can change in a running node into the live configuration. Associations, jobs and deliveries
    /// that are under way go on by the configuration that they began with.
    ReloadOutcome reload();

    /// The accepted file as it was read; nothing when there is none.
    std::optional<std::string> accepted_text() const;
    /// The --set options, for workers.
    std::vector<std::string> worker_arguments() const;

  private:
    ReloadOutcome compare(std::optional<config::Loaded>& fresh) const;

    const ConfigurationSource source_;
    LiveConfig live_;
    std::function<void(const ReloadOutcome&)> accepted_;
    mutable std::mutex mutex_;  // guards running_
    config::Loaded running_;
};

}  // namespace calcnode::service

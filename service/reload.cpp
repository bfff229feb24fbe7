#include "service/reload.h"

#include <algorithm>
#include <utility>

#include "service/log.h"

namespace calcnode::service {

bool ReloadOutcome::concerns_workers() const {
    return std::any_of(changes.begin(), changes.end(), [](const config::Change& change) {
        // Workers decide by the destinations which objects to write.
        return change.effect == config::Effect::workers || change.key.starts_with("destinations");
    });
}

Reloader::Reloader(ConfigurationSource source, config::Loaded running, LiveConfig live,
                   std::function<void(const ReloadOutcome&)> accepted)
    : source_(std::move(source)),
      live_(std::move(live)),
      accepted_(std::move(accepted)),
      running_(std::move(running)) {}

ReloadOutcome Reloader::compare(std::optional<config::Loaded>& fresh) const {
    ReloadOutcome outcome;
    try {
        fresh = config::load_with_settings(source_.file, source_.settings);
        outcome.changes = config::changes_between(running_.settings, fresh->settings);
        outcome.accepted = true;
    } catch (const config::Error& error) {
        outcome.mistakes = error.mistakes();
    }
    return outcome;
}

ReloadOutcome Reloader::check() const {
    const std::lock_guard lock(mutex_);
    std::optional<config::Loaded> fresh;
    return compare(fresh);
}

ReloadOutcome Reloader::reload() {
    const std::lock_guard lock(mutex_);
    std::optional<config::Loaded> fresh;
    ReloadOutcome outcome = compare(fresh);
    for (const config::Mistake& mistake : outcome.mistakes)
        log_error("configuration_refused", {{"mistake", mistake.text()}});
    if (!outcome.accepted) return outcome;
    for (const config::Change& change : outcome.changes) {
        log_info("configuration_changed", {{"key", change.key},
                                           {"before", change.before},
                                           {"after", change.after},
                                           {"effect", config::to_string(change.effect)}});
    }
    log_info("configuration_reloaded", {{"changes", outcome.changes.size()}});
    if (outcome.changes.empty()) return outcome;
    live_.replace(config::taken_over(*live_.now(), fresh->config));
    running_ = std::move(*fresh);
    accepted_(outcome);
    return outcome;
}

std::optional<std::string> Reloader::accepted_text() const {
    if (!source_.file) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return running_.text;
}

std::vector<std::string> Reloader::worker_arguments() const {
    std::vector<std::string> arguments;
    for (const std::string& setting : source_.settings)
        arguments.insert(arguments.end(), {"--set", setting});
    return arguments;
}

}  // namespace calcnode::service

// The configuration that counts now. A reload puts a new one in its place; whoever asks gets a whole one and
// may keep it for as long as one piece of work takes.
#pragma once

#include <atomic>
#include <memory>

#include "config/config.h"

namespace calcnode::service {

/// A handle; its copies see the same configuration. Thread-safe.
class LiveConfig {
  public:
    /// From a plain one, which is copied: what stays as it is until somebody replaces it.
    LiveConfig(const config::Config& config)  // NOLINT(google-explicit-constructor): stands for its value
        : place_(std::make_shared<Place>(std::make_shared<const config::Config>(config))) {}

    /// Shared with whoever works by it: a piece of work keeps the configuration that it began with.
    std::shared_ptr<const config::Config> now() const { return place_->current.load(); }

    void replace(const config::Config& config) {
        place_->current.store(std::make_shared<const config::Config>(config));
    }

  private:
    struct Place {
        explicit Place(std::shared_ptr<const config::Config> first) : current(std::move(first)) {}
        std::atomic<std::shared_ptr<const config::Config>> current;
    };
    std::shared_ptr<Place> place_;  // shared by all copies of the handle
};

}  // namespace calcnode::service

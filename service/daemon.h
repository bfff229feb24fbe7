// `calcnode serve`: receives, keeps the journal, assembles, supervises workers, delivers, answers HTTP.
// Start reading here: the members of Daemon are the parts, in the order in which they depend on each other.
#pragma once

#include <memory>

#include "config/loader.h"
#include "service/reload.h"

namespace calcnode::service {

class Daemon {
  public:
    /// Opens journal and spool, reconciles them, listens, starts the workers. Throws with one clear line when
    /// something cannot be had (port taken, journal unreadable). `source`: where the configuration
    /// came from, and comes from on SIGHUP.
    Daemon(config::Loaded configuration, ConfigurationSource source);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// -1: does not listen there.
    int dicom_port() const;
    int dicom_tls_port() const;
    int http_port() const;

    /// The control thread's loop: returns after SIGTERM or SIGINT.
    void run();

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace calcnode::service

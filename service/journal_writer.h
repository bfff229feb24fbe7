// Group commit: association threads hand in their row and wait; one thread drains the queue in one
// transaction, so that a busy node pays one fsync for many instances.
#pragma once

#include <memory>
#include <string>

#include "service/journal.h"

namespace calcnode::service {

class JournalWriter {
  public:
    /// Starts the writer's thread on a connection of its own.
    explicit JournalWriter(const std::string& journal_url);
    ~JournalWriter();  // drains, stops, joins

    /// Blocks until the instance is committed. Thread-safe. Throws JournalError when the transaction failed
    /// (after one retry on a new connection) or the writer is stopping.
    Acceptance record(const ReceivedInstance& instance);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calcnode::service

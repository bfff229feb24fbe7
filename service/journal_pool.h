// Journal connections for threads that come and go: one is taken, used, and given back. Thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "service/journal.h"

namespace calcnode::service {

class JournalPool {
  public:
    explicit JournalPool(std::string url) : url_(std::move(url)) {}

    /// What `use(journal)` returns. Throws JournalError; the connection that it happened on is not used
    /// again.
    template <typename Use>
    auto with(Use use) {
        Journal journal = take();
        if constexpr (std::is_void_v<std::invoke_result_t<Use, Journal&>>) {
            use(journal);
            give_back(std::move(journal));
        } else {
            auto result = use(journal);
            give_back(std::move(journal));
            return result;
        }
    }

  private:
    Journal take() {
        {
            const std::lock_guard lock(mutex_);
            if (!idle_.empty()) {
                Journal journal = std::move(idle_.back());
                idle_.pop_back();
                return journal;
            }
        }
        return Journal::open(url_);
    }
    void give_back(Journal journal) {
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(journal));
    }

    std::string url_;
    std::mutex mutex_;
    std::vector<Journal> idle_;
};

}  // namespace calcnode::service

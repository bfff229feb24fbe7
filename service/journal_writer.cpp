#include "service/journal_writer.h"

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace calcnode::service {

namespace {

constexpr std::size_t kQueueBound = 1024;  // full: record() waits for room
constexpr std::size_t kBatch = 256;

struct Request {
    ReceivedInstance instance;
    std::promise<Acceptance> answer;
};

using Requests = std::vector<Request>;

void answer_all(Requests& batch, const std::vector<Acceptance>& acceptances) {
    for (std::size_t i = 0; i < batch.size(); ++i)
        batch[i].answer.set_value(acceptances.at(i));
}

void refuse_all(Requests& batch, const JournalError& error) {
    for (Request& request : batch)
        request.answer.set_exception(std::make_exception_ptr(error));
}

}  // namespace

struct JournalWriter::Impl {
    explicit Impl(const std::string& url)
        : url_(url), journal_(Journal::open(url)), thread_([this] { work(); }) {}

    ~Impl() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

    Acceptance record(const ReceivedInstance& instance);

  private:
    void work();
    Requests take_batch();
    void commit(Requests& batch);
    std::vector<Acceptance> record_again(const std::vector<ReceivedInstance>& instances, bool& connected);
    void commit_one_by_one(Requests& batch);

    const std::string url_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Request> queue_;
    bool stopping_ = false;
    std::optional<Journal> journal_;  // the thread's own from here on; empty after a failure
    std::thread thread_;
};

Acceptance JournalWriter::Impl::record(const ReceivedInstance& instance) {
    Request request{instance, {}};
    std::future<Acceptance> answer = request.answer.get_future();
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || queue_.size() < kQueueBound; });
        if (stopping_) throw JournalError("the journal is closing");
        queue_.push_back(std::move(request));
    }
    changed_.notify_all();
    return answer.get();
}

void JournalWriter::Impl::work() {
    for (Requests batch = take_batch(); !batch.empty(); batch = take_batch())
        commit(batch);
}

/// Waits for work; empty when stopping and all is done.
Requests JournalWriter::Impl::take_batch() {
    Requests batch;
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        while (!queue_.empty() && batch.size() < kBatch) {
            batch.push_back(std::move(queue_.front()));
            queue_.pop_front();
        }
    }
    changed_.notify_all();
    return batch;
}

// The root of the writer's thread for errors: every waiting association gets its answer.
void JournalWriter::Impl::commit(Requests& batch) {
    std::vector<ReceivedInstance> instances;
    for (const Request& request : batch)
        instances.push_back(request.instance);
    bool unknown = false;
    bool connected = journal_.has_value();
    try {
        if (journal_) {
            try {
                answer_all(batch, journal_->record(instances));
                return;
            } catch (const JournalError& error) {
                unknown = error.outcome_unknown();
            }
        }
        answer_all(batch, record_again(instances, connected));
    } catch (const JournalError& error) {
        // One row that the database refuses must not cost the others their place.
        if (connected && batch.size() > 1 && !error.outcome_unknown()) return commit_one_by_one(batch);
        refuse_all(batch, JournalError(error.what(), unknown || error.outcome_unknown()));
    } catch (const std::exception& error) {
        refuse_all(batch, JournalError(error.what(), true));
    }
}

std::vector<Acceptance> JournalWriter::Impl::record_again(const std::vector<ReceivedInstance>& instances,
                                                          bool& connected) {
    connected = false;
    journal_.reset();
    journal_.emplace(Journal::open(url_));
    connected = true;
    return journal_->record(instances);
}

void JournalWriter::Impl::commit_one_by_one(Requests& batch) {
    for (Request& request : batch) {
        try {
            request.answer.set_value(journal_->record({&request.instance, 1}).at(0));
        } catch (const JournalError&) {
            request.answer.set_exception(std::current_exception());
        }
    }
}

JournalWriter::JournalWriter(const std::string& journal_url) : impl_(std::make_unique<Impl>(journal_url)) {}
JournalWriter::~JournalWriter() = default;

Acceptance JournalWriter::record(const ReceivedInstance& instance) {
    return impl_->record(instance);
}

}  // namespace calcnode::service

#include "service/destination_sender.h"

#include "service/log.h"
#include "service/owner.h"

namespace calcnode::service {

namespace {

constexpr Duration kPollInterval{300};  // the rows come from worker processes: there is nobody to wake us
constexpr Duration kAfterError{1000};

}  // namespace

DestinationSender::DestinationSender(LiveConfig config, const Spool& spool, std::string name, Audit& audit)
    : config_(std::move(config)),
      name_(std::move(name)),
      delivery_(spool, name_, make_owner("send-" + name_), audit),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

DestinationSender::~DestinationSender() = default;

void DestinationSender::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            Journal journal = Journal::open(config::journal_url(*config_.now()));
            deliver_until_stopped(journal, stop);
        } catch (const std::exception& error) {
            log_error("delivery_halted", {{"destination", name_}, {"error", error.what()}});
            wait(stop, kAfterError);
        }
    }
}

void DestinationSender::deliver_until_stopped(Journal& journal, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto config = config_.now();
        const bool known = config->destinations.contains(name_);  // else a reload has taken it out
        if (!known || !delivery_.send_due(*config, journal, now)) wait(stop, kPollInterval);
    }
}

void DestinationSender::wait(const std::stop_token& stop, Duration duration) {
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace calcnode::service

#include "service/audit.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "service/audit_syslog.h"
#include "service/log.h"

namespace calcnode::service {

namespace {

constexpr std::size_t kLongestQueue = 10'000;  // messages of about a kilobyte
constexpr std::chrono::seconds kPause{5};      // after a failure
constexpr std::chrono::seconds kLastWords{3};

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "-";
}

std::shared_ptr<spdlog::logger> open_file(const config::Audit& options) {
    if (options.file.empty()) return nullptr;
    try {
        auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
            options.file.string(), options.file_size, static_cast<std::size_t>(options.files));
        auto logger = std::make_shared<spdlog::logger>("audit", std::move(sink));
        logger->set_pattern("%v");
        logger->flush_on(spdlog::level::info);
        return logger;
    } catch (const spdlog::spdlog_ex& error) {
        throw std::runtime_error("cannot write the audit trail (audit.file): " + std::string(error.what()));
    }
}

}  // namespace

AuditStudy& study_of(std::vector<AuditStudy>& studies, const std::string& study_instance_uid) {
    const auto found = std::find_if(studies.begin(), studies.end(), [&](const AuditStudy& study) {
        return study.study_instance_uid == study_instance_uid;
    });
    return found != studies.end() ? *found : studies.emplace_back(AuditStudy{study_instance_uid, {}});
}

Audit::Audit(const config::Config& config)
    : host_(host_name()),
      file_(open_file(config.audit)),
      syslog_(config.audit.syslog),
      tls_(config.dicom.tls) {
    const std::string& id = config.audit.source_id;
    source_ = {id.empty() ? config.dicom.ae_title + "@" + host_ : id, config.dicom.ae_title,
               std::to_string(::getpid())};
    if (syslog_.transport != config::SyslogTransport::none)
        sender_ = std::jthread([this](const std::stop_token& stop) { send_until_stopped(stop); });
    write(application_activity(source_, true, now()));
}

Audit::~Audit() {
    write(application_activity(source_, false, now()));
    sender_.request_stop();
}

void Audit::received(const std::string& study_instance_uid, const std::string& sop_class_uid) {
    if (!enabled()) return;
    const std::scoped_lock lock(mutex_);
    ++study_of(incoming_[std::this_thread::get_id()], study_instance_uid).sop_classes[sop_class_uid];
}

void Audit::association_ended(const AuditPeer& peer) {
    std::vector<AuditStudy> studies;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = incoming_.find(std::this_thread::get_id());
        if (found == incoming_.end()) return;
        studies = std::move(found->second);
        incoming_.erase(found);
    }
    for (const AuditStudy& study : studies)
        write(instances_transferred(source_, AuditDirection::received, peer, study, now()));
}

void Audit::sending(const AuditPeer& to, const std::vector<AuditStudy>& studies) {
    for (const AuditStudy& study : studies)
        write(begin_transferring(source_, to, study, now()));
}

void Audit::sent(const AuditPeer& to, const std::vector<AuditStudy>& studies) {
    for (const AuditStudy& study : studies)
        write(instances_transferred(source_, AuditDirection::sent, to, study, now()));
}

void Audit::refused(const AuditPeer& peer, const std::string& reason) {
    write(node_authentication_failed(source_, peer, reason, now()));
}

void Audit::write(const std::string& xml) {
    if (file_) file_->info("{}", xml);
    if (!sender_.joinable()) return;
    const std::scoped_lock lock(mutex_);
    if (queue_.size() >= kLongestQueue) {
        queue_.pop_front();
        ++dropped_;
    }
    queue_.push_back(syslog_message(host_, source_.process, xml, now()));
    changed_.notify_one();
}

void Audit::send_until_stopped(const std::stop_token& stop) {
    AuditSyslog syslog(syslog_, tls_);
    std::unique_lock lock(mutex_);
    auto end = std::chrono::steady_clock::time_point::max();
    while (true) {
        changed_.wait(lock, stop, [this] { return !queue_.empty(); });
        if (stop.stop_requested()) {
            end = std::min(end, std::chrono::steady_clock::now() + kLastWords);
            if (queue_.empty() || std::chrono::steady_clock::now() >= end) break;
        }
        if (dropped_ > 0) log_error("audit_dropped", {{"messages", std::exchange(dropped_, 0)}});
        const std::string message = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        const bool taken = syslog.send(message);
        lock.lock();
        if (taken) continue;
        log_error("audit_syslog_failed", {{"reason", syslog.failure()}, {"waiting", queue_.size() + 1}});
        queue_.push_front(message);
        if (stop.stop_requested()) break;
        changed_.wait_for(lock, stop, kPause, [] { return false; });
    }
}

}  // namespace calcnode::service

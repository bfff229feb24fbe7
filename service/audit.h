// The audit trail (PS3.15 A.5): what came in, what went out, who was refused, when the node ran. To a file,
// and to syslog by a thread of its own, so that a syslog server that is away holds up nobody. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "service/audit_message.h"

namespace spdlog {
class logger;
}

namespace calcnode::service {

class Audit {
  public:
    /// Writes Application Start. Throws std::runtime_error when the file cannot be opened. With neither file
    /// nor syslog configured nothing is ever written.
    explicit Audit(const config::Config& config);
    ~Audit();  // writes Application Stop; syslog gets some seconds to take what is left
    Audit(const Audit&) = delete;
    Audit& operator=(const Audit&) = delete;

    bool enabled() const { return file_ != nullptr || sender_.joinable(); }

    /// One object is stored; counted until association_ended() is called on the same thread.
    void received(const std::string& study_instance_uid, const std::string& sop_class_uid);
    /// What this thread's association has brought goes out as one message a study.
    void association_ended(const AuditPeer& peer);

    void sending(const AuditPeer& to, const std::vector<AuditStudy>& studies);
    void sent(const AuditPeer& to, const std::vector<AuditStudy>& studies);

    void refused(const AuditPeer& peer, const std::string& reason);

  private:
    void write(const std::string& xml);
    void send_until_stopped(const std::stop_token& stop);

    AuditSource source_;
    std::string host_;
    std::shared_ptr<spdlog::logger> file_;  // shared with nobody: spdlog takes and gives no other pointer
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<std::thread::id, std::vector<AuditStudy>> incoming_;
    std::deque<std::string> queue_;  // for syslog, the oldest first; bounded: the oldest give way
    long dropped_ = 0;
    config::AuditSyslog syslog_;
    config::DicomTls tls_;
    std::jthread sender_;  // the last member: ends before what it uses
};

/// The study of `studies` with this UID, made when it is not there.
AuditStudy& study_of(std::vector<AuditStudy>& studies, const std::string& study_instance_uid);

}  // namespace calcnode::service

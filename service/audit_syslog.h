// Audit messages to a syslog server (RFC 5424): the local one, by UDP (RFC 5426) or by TLS (RFC 5425), as
// PS3.15 A.6 and A.7 ask. Owned and called by one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "dicom/transport.h"
#include "service/types.h"

namespace calcnode::service {

/// Facility 10 (authorization), severity 5 (notice), message id "DICOM+RFC3881": PS3.15 A.6.
std::string syslog_message(const std::string& host, const std::string& process, const std::string& xml,
                           Time when);

class AuditSyslog {
  public:
    AuditSyslog(const config::AuditSyslog& options, const config::DicomTls& own);

    /// Blocks up to the connect time-out (10 s). False: it was not sent, failure() says why; the next call
    /// connects again. What UDP loses nobody learns.
    bool send(const std::string& message);
    const std::string& failure() const { return failure_; }

  private:
    void send_datagram(const std::string& message);
    void send_stream(const std::string& message);

    config::AuditSyslog options_;
    config::DicomTls own_;
    std::optional<dicom::Descriptor> socket_;       // local, UDP
    std::unique_ptr<dicom::Transport> connection_;  // TLS
    std::string failure_;
};

}  // namespace calcnode::service

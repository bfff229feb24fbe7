// DICOM audit messages as XML (PS3.15 A.5, schema in A.5.1). Pure functions; any text is escaped. No patient
// data: what is transferred is named by Study Instance UID and SOP class.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "service/types.h"

namespace calcnode::service {

/// Who writes the messages: the node itself.
struct AuditSource {
    std::string id;        // Audit Source ID: unique within the hospital
    std::string ae_title;  // ours
    std::string process;   // process id
};

/// The other side of a transfer.
struct AuditPeer {
    std::string ae_title;
    std::string address;  // numeric address, or a host name
};

/// Objects of one study: SOP class UID -> number of instances.
struct AuditStudy {
    std::string study_instance_uid;
    std::map<std::string, int> sop_classes;
};

enum class AuditDirection { received, sent };

/// PS3.15 A.5.3.1 Application Activity; `started` false: it stops.
std::string application_activity(const AuditSource& source, bool started, Time when);

/// PS3.15 A.5.3.3 Begin Transferring DICOM Instances: before they are offered to a destination.
std::string begin_transferring(const AuditSource& source, const AuditPeer& to, const AuditStudy& study,
                               Time when);

/// PS3.15 A.5.3.7 DICOM Instances Transferred: a transfer has ended, with these instances at the other side.
std::string instances_transferred(const AuditSource& source, AuditDirection direction, const AuditPeer& peer,
                                  const AuditStudy& study, Time when);

/// PS3.15 A.5.3.11 Security Alert, Node Authentication: who was refused (or whom we refused to send to), and
/// why.
std::string node_authentication_failed(const AuditSource& source, const AuditPeer& peer,
                                       const std::string& reason, Time when);

/// `when` in UTC, as XML and RFC 5424 want it: "2026-11-27T20:14:05.123Z".
std::string audit_time(Time when);

}  // namespace calcnode::service

#include "service/audit_message.h"

#include <cstdio>
#include <ctime>

#include <boost/asio/ip/address.hpp>
#include <openssl/evp.h>

#include "service/markup.h"

namespace calcnode::service {

namespace {

/// A code of PS3.16 (CID 400 to 404) or of this part.
struct AuditCode {
    const char* code;
    const char* meaning;
};

constexpr AuditCode kApplicationActivity{"110100", "Application Activity"};
constexpr AuditCode kBeginTransferring{"110102", "Begin Transferring DICOM Instances"};
constexpr AuditCode kInstancesTransferred{"110104", "DICOM Instances Transferred"};
constexpr AuditCode kSecurityAlert{"110113", "Security Alert"};
constexpr AuditCode kApplicationStart{"110120", "Application Start"};
constexpr AuditCode kApplicationStop{"110121", "Application Stop"};
constexpr AuditCode kNodeAuthentication{"110126", "Node Authentication"};
constexpr AuditCode kApplication{"110150", "Application"};
constexpr AuditCode kDestination{"110152", "Destination Role ID"};
constexpr AuditCode kSource{"110153", "Source Role ID"};
constexpr AuditCode kStudyInstanceUid{"110180", "Study Instance UID"};
constexpr AuditCode kNodeId{"110182", "Node ID"};

constexpr const char* kCreate = "C";
constexpr const char* kExecute = "E";
constexpr const char* kSuccess = "0";
constexpr const char* kMinorFailure = "4";

// XML 1.0 has no way to write most control characters, and peers' texts are of no known character set.
std::string escaped(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
    }
    return escaped_markup(text);
}

std::string attribute(const char* name, const std::string& value) {
    return std::string(" ") + name + "=\"" + escaped(value) + '"';
}

std::string code_element(const char* element, const AuditCode& code) {
    return std::string("<") + element + attribute("csd-code", code.code) +
           attribute("codeSystemName", "DCM") + attribute("originalText", code.meaning) + "/>";
}

std::string base64(const std::string& text) {
    std::string result(4 * ((text.size() + 2) / 3) + 1, '\0');
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    result.resize(static_cast<std::size_t>(length));
    return result;
}

bool is_address(const std::string& text) {
    boost::system::error_code error;
    (void)boost::asio::ip::make_address(text, error);
    return !error;
}

struct Event {
    AuditCode id;
    const AuditCode* type = nullptr;
    const char* action = kExecute;
    const char* outcome = kSuccess;
    std::string description{};
};

std::string event_element(const Event& event, Time when) {
    std::string text = "<EventIdentification" + attribute("EventActionCode", event.action) +
                       attribute("EventDateTime", audit_time(when)) +
                       attribute("EventOutcomeIndicator", event.outcome) + ">";
    text += code_element("EventID", event.id);
    if (event.type != nullptr) text += code_element("EventTypeCode", *event.type);
    if (!event.description.empty())
        text += "<EventOutcomeDescription>" + escaped(event.description) + "</EventOutcomeDescription>";
    return text + "</EventIdentification>";
}

std::string participant(const std::string& user, const AuditPeer& peer, bool requestor,
                        const AuditCode& role) {
    std::string text = "<ActiveParticipant" + attribute("UserID", user) +
                       attribute("AlternativeUserID", "AETITLES=" + peer.ae_title) +
                       attribute("UserIsRequestor", requestor ? "true" : "false");
    if (!peer.address.empty()) {
        const char* const kind = is_address(peer.address) ? "2" : "1";  // else a machine's name
        text +=
            attribute("NetworkAccessPointID", peer.address) + attribute("NetworkAccessPointTypeCode", kind);
    }
    return text + ">" + code_element("RoleIDCode", role) + "</ActiveParticipant>";
}

std::string own_participant(const AuditSource& source, bool requestor, const AuditCode& role) {
    return participant(source.process, {source.ae_title, ""}, requestor, role);
}

std::string source_element(const AuditSource& source) {
    constexpr const char* kApplicationServer = "4";
    return "<AuditSourceIdentification" + attribute("AuditSourceID", source.id) + "><AuditSourceTypeCode" +
           attribute("csd-code", kApplicationServer) + "/></AuditSourceIdentification>";
}

std::string study_element(const AuditStudy& study) {
    constexpr const char* kSystemObject = "2";
    constexpr const char* kReport = "3";
    std::string text = "<ParticipantObjectIdentification" +
                       attribute("ParticipantObjectID", study.study_instance_uid) +
                       attribute("ParticipantObjectTypeCode", kSystemObject) +
                       attribute("ParticipantObjectTypeCodeRole", kReport) + ">";
    text += code_element("ParticipantObjectIDTypeCode", kStudyInstanceUid);
    text += "<ParticipantObjectName/><ParticipantObjectDescription>";
    for (const auto& [uid, number] : study.sop_classes) {
        text += "<SOPClass" + attribute("UID", uid) + attribute("NumberOfInstances", std::to_string(number)) +
                "/>";
    }
    return text + "</ParticipantObjectDescription></ParticipantObjectIdentification>";
}

std::string message(const std::string& body) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><AuditMessage>" + body + "</AuditMessage>";
}

}  // namespace

std::string audit_time(Time when) {
    const auto milliseconds = when.time_since_epoch().count();
    const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[40];
    const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(milliseconds % 1000));
    return text;
}

std::string application_activity(const AuditSource& source, bool started, Time when) {
    const AuditCode& type = started ? kApplicationStart : kApplicationStop;
    return message(event_element({.id = kApplicationActivity, .type = &type}, when) +
                   own_participant(source, false, kApplication) + source_element(source));
}

std::string begin_transferring(const AuditSource& source, const AuditPeer& to, const AuditStudy& study,
                               Time when) {
    return message(event_element({.id = kBeginTransferring}, when) + own_participant(source, true, kSource) +
                   participant(to.ae_title, to, false, kDestination) + source_element(source) +
                   study_element(study));
}

std::string instances_transferred(const AuditSource& source, AuditDirection direction, const AuditPeer& peer,
                                  const AuditStudy& study, Time when) {
    const bool sent = direction == AuditDirection::sent;
    // The sender first; it is who asked for the transfer.
    const std::string ours = own_participant(source, sent, sent ? kSource : kDestination);
    const std::string theirs = participant(peer.ae_title, peer, !sent, sent ? kDestination : kSource);
    return message(event_element({.id = kInstancesTransferred, .action = kCreate}, when) +
                   (sent ? ours + theirs : theirs + ours) + source_element(source) + study_element(study));
}

std::string node_authentication_failed(const AuditSource& source, const AuditPeer& peer,
                                       const std::string& reason, Time when) {
    constexpr const char* kSystemObject = "2";
    constexpr const char* kSecurityResource = "13";
    const std::string name = peer.ae_title.empty() ? peer.address : peer.ae_title;
    const std::string object =
        "<ParticipantObjectIdentification" + attribute("ParticipantObjectID", peer.address) +
        attribute("ParticipantObjectTypeCode", kSystemObject) +
        attribute("ParticipantObjectTypeCodeRole", kSecurityResource) + ">" +
        code_element("ParticipantObjectIDTypeCode", kNodeId) + "<ParticipantObjectName>" + escaped(name) +
        "</ParticipantObjectName><ParticipantObjectDetail" + attribute("type", "Alert Description") +
        attribute("value", base64(reason)) + "/></ParticipantObjectIdentification>";
    const Event event{kSecurityAlert, &kNodeAuthentication, kExecute, kMinorFailure, reason};
    return message(event_element(event, when) + own_participant(source, false, kApplication) +
                   source_element(source) + object);
}

}  // namespace calcnode::service

// Audit messages as XML, and as syslog carries them.
#include "service/audit_message.h"

#include <gmock/gmock.h>

#include "service/audit_syslog.h"

namespace calcnode::service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const Time kWhen{std::chrono::milliseconds(1'700'000'000'007)};  // 2023-11-14T22:13:20.007Z
const AuditSource kSource{"CALCNODE@host", "CALCNODE", "4711"};

TEST(AuditMessage, TimeIsUtcWithMilliseconds) {
    EXPECT_EQ(audit_time(kWhen), "2023-11-14T22:13:20.007Z");
}

TEST(AuditMessage, WhatAPeerSaysCannotBecomeMarkup) {
    const std::string xml =
        node_authentication_failed(kSource, {"A\"B<C>&", "10.0.0.1"}, "bad \x01\n\xff", kWhen);
    EXPECT_THAT(xml, HasSubstr("<ParticipantObjectName>A&quot;B&lt;C&gt;&amp;</ParticipantObjectName>"));
    EXPECT_THAT(xml, HasSubstr("<EventOutcomeDescription>bad ???</EventOutcomeDescription>"));
    EXPECT_THAT(xml, HasSubstr("value=\"YmFkIAEK/w==\""));  // the bytes as they were
}

TEST(AuditMessage, AnAddressIsToldFromAName) {
    const AuditStudy study{"1.2", {{"1.3", 2}}};
    const auto type = [&](const std::string& host) {
        return begin_transferring(kSource, {"PACS", host}, study, kWhen);
    };
    EXPECT_THAT(type("pacs.example.org"), HasSubstr("NetworkAccessPointTypeCode=\"1\""));
    EXPECT_THAT(type("10.0.0.1"), HasSubstr("NetworkAccessPointTypeCode=\"2\""));
    EXPECT_THAT(type("2001:db8::1"), HasSubstr("NetworkAccessPointTypeCode=\"2\""));
}

TEST(AuditMessage, IsOneLine) {
    const AuditStudy study{"1.2", {{"1.3", 2}, {"1.4", 1}}};
    const std::string xml =
        instances_transferred(kSource, AuditDirection::received, {"MODALITY", "10.0.0.1"}, study, kWhen);
    EXPECT_THAT(xml, Not(HasSubstr("\n")));
    EXPECT_THAT(xml, HasSubstr("<SOPClass UID=\"1.3\" NumberOfInstances=\"2\"/><SOPClass UID=\"1.4\""));
}

TEST(AuditMessage, SyslogHasTheHeaderOfPartFifteen) {
    EXPECT_THAT(
        syslog_message("host", "4711", "<x/>", kWhen),
        StartsWith("<85>1 2023-11-14T22:13:20.007Z host calcnode 4711 DICOM+RFC3881 - \xEF\xBB\xBF<x/>"));
}

}  // namespace
}  // namespace calcnode::service

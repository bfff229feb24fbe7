"""The audit trail: DICOM audit messages (PS3.15 A.5) of a node's life, to a file and to syslog, by the schema and with the codes."""
import base64
import re
import socket
import ssl
import threading
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timezone

import pytest
from support import tools
from support.certificates import Authority
from support.node import is_idle

# The schema's elements and attributes, in its order: (attributes that must be there, that may be, elements).
CODE = ({"csd-code", "codeSystemName", "originalText"}, set(), [])
SCHEMA = {
    "AuditMessage": (set(), set(), ["EventIdentification", "ActiveParticipant+", "AuditSourceIdentification",
                                    "ParticipantObjectIdentification*"]),
    "EventIdentification": ({"EventActionCode", "EventDateTime", "EventOutcomeIndicator"}, set(),
                            ["EventID", "EventTypeCode*", "EventOutcomeDescription?"]),
    "EventOutcomeDescription": (set(), set(), []),
    "EventID": CODE, "EventTypeCode": CODE, "RoleIDCode": CODE, "ParticipantObjectIDTypeCode": CODE,
    "ActiveParticipant": ({"UserID", "UserIsRequestor"}, {"AlternativeUserID", "NetworkAccessPointID",
                                                          "NetworkAccessPointTypeCode"}, ["RoleIDCode*"]),
    "AuditSourceIdentification": ({"AuditSourceID"}, set(), ["AuditSourceTypeCode*"]),
    "AuditSourceTypeCode": ({"csd-code"}, set(), []),
    "ParticipantObjectIdentification": ({"ParticipantObjectID"}, {"ParticipantObjectTypeCode", "ParticipantObjectTypeCodeRole"},
                                        ["ParticipantObjectIDTypeCode", "ParticipantObjectName", "ParticipantObjectDetail*",
                                         "ParticipantObjectDescription*"]),
    "ParticipantObjectName": (set(), set(), []),
    "ParticipantObjectDetail": ({"type", "value"}, set(), []),
    "ParticipantObjectDescription": (set(), set(), ["SOPClass*"]),
    "SOPClass": ({"UID", "NumberOfInstances"}, set(), []),
}
MEANINGS = {"110100": "Application Activity", "110102": "Begin Transferring DICOM Instances",
            "110104": "DICOM Instances Transferred", "110113": "Security Alert", "110120": "Application Start",
            "110121": "Application Stop", "110126": "Node Authentication", "110150": "Application",
            "110152": "Destination Role ID", "110153": "Source Role ID", "110180": "Study Instance UID", "110182": "Node ID"}


def check(element):
    """This element and all within it are of the schema."""
    must, may, children = SCHEMA[element.tag]
    assert must <= set(element.attrib) <= must | may, (element.tag, element.attrib)
    pattern = "".join(f"(?:<{child.rstrip('+*?')}>){child[-1] if child[-1] in '+*?' else ''}" for child in children)
    assert re.fullmatch(pattern, "".join(f"<{child.tag}>" for child in element)), (element.tag, [c.tag for c in element])
    if must == CODE[0]:
        assert element.get("codeSystemName") == "DCM"
        assert MEANINGS[element.get("csd-code")] == element.get("originalText")
    for child in element:
        check(child)


class Message:
    def __init__(self, text):
        self.root = ElementTree.fromstring(text)
        check(self.root)
        event = self.root.find("EventIdentification")
        self.time = datetime.fromisoformat(event.get("EventDateTime").replace("Z", "+00:00"))
        self.action, self.outcome = event.get("EventActionCode"), event.get("EventOutcomeIndicator")
        self.event = event.find("EventID").get("originalText")
        kind = event.find("EventTypeCode")
        self.kind = kind.get("originalText") if kind is not None else ""
        self.participants = {item.find("RoleIDCode").get("originalText"): item for item in
                             self.root.findall("ActiveParticipant")}
        self.objects = self.root.findall("ParticipantObjectIdentification")

    def title(self, role):
        return self.participants[role].get("AlternativeUserID").removeprefix("AETITLES=")

    def counts(self):
        return {item.get("UID"): int(item.get("NumberOfInstances")) for item in self.root.iter("SOPClass")}


def trail(path):
    """Every message of a file: one a line."""
    return [Message(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    class Pki:
        folder = tmp_path_factory.mktemp("audit-pki")
        ours = Authority(folder / "ours")
        node = ours.issue("node.example.org", host="127.0.0.1")
        stranger = Authority(folder / "strangers", "Somebody Else").issue("mammo.example.org")

    return Pki


def tls_settings(pki):
    return {"dicom.tls.enabled": "true", "dicom.tls.port": 0, "dicom.tls.certificate_file": str(pki.node.certificate),
            "dicom.tls.private_key_file": str(pki.node.key), "dicom.tls.trusted_certificates_file": str(pki.ours.certificate)}


@pytest.fixture(scope="module")
def run(module_stage, exams, pki):
    """A node's life: an exam comes in, its results go out, two peers are refused, it stops. (messages, exam, results, node)"""
    begin = datetime.now(timezone.utc)
    pacs = module_stage.pacs()
    liar = module_stage.pacs(profile={"tls": {"enabled": True}})
    path = module_stage.folder / "audit.xml"
    node = module_stage.node({"pacs": pacs, "liar": liar}, delivery__attempts=1, audit__file=str(path),
                             audit__source_id="node<1>", **tls_settings(pki))
    exam = exams.phantom()
    tools.storescu(node, exam.files)
    node.wait_for(lambda s: is_idle(s) and s["deliveries"]["delivered"] > 0, 240, "deliveries")
    results = pacs.received()
    refused = tools.run("echoscu", "+tls", pki.stranger.key, pki.stranger.certificate, "+cf", pki.ours.certificate, "127.0.0.1",
                        node.tls_port, check=False)
    assert refused.returncode != 0
    node.stop()
    messages = trail(path)
    assert all(begin <= message.time <= datetime.now(timezone.utc) for message in messages)
    return messages, exam, results, node


def of(messages, event, kind=""):
    return [message for message in messages if message.event == event and (not kind or message.kind == kind)]


def test_start_and_stop_are_first_and_last(run):
    messages = run[0]
    assert [message.kind for message in (messages[0], messages[-1])] == ["Application Start", "Application Stop"]
    assert len(of(messages, "Application Activity")) == 2
    assert (messages[0].action, messages[0].outcome, messages[0].title("Application")) == ("E", "0", "CALCNODE")
    assert messages[0].root.find("AuditSourceIdentification").get("AuditSourceID") == "node<1>"


def test_what_came_in(run):
    messages, exam, _, _ = run
    (received,) = [message for message in of(messages, "DICOM Instances Transferred")
                   if message.title("Destination Role ID") == "CALCNODE"]
    source = received.participants["Source Role ID"]
    assert received.title("Source Role ID") == "MODALITY" and source.get("UserIsRequestor") == "true"
    assert (source.get("NetworkAccessPointID"), source.get("NetworkAccessPointTypeCode")) == ("127.0.0.1", "2")
    assert [item.get("ParticipantObjectID") for item in received.objects] == [exam.study]
    assert received.counts() == {"1.2.840.10008.5.1.4.1.1.1.2": len(exam.files)}
    assert (received.action, received.outcome) == ("C", "0")


def test_what_went_out(run):
    messages, exam, results, _ = run
    sent = [message for message in of(messages, "DICOM Instances Transferred") if message.title("Source Role ID") == "CALCNODE"]
    begun = [message for message in of(messages, "Begin Transferring DICOM Instances")
             if message.title("Destination Role ID") == "PACS"]
    assert sent and begun
    total = {}
    for message in sent:
        assert message.title("Destination Role ID") == "PACS"
        assert [item.get("ParticipantObjectID") for item in message.objects] == [exam.study]
        for uid, number in message.counts().items():
            total[uid] = total.get(uid, 0) + number
    assert total == {uid: sum(item.sop_class == uid for item in results) for uid in {item.sop_class for item in results}}
    assert messages.index(begun[0]) < messages.index(sent[0])


def test_node_authentication_failures_in_and_out(run):
    alerts = of(run[0], "Security Alert", "Node Authentication")
    reasons = [base64.b64decode(next(alert.root.iter("ParticipantObjectDetail")).get("value")).decode() for alert in alerts]
    assert any("unable to get local issuer certificate" in reason for reason in reasons), reasons
    assert any("within the TLS handshake" in reason for reason in reasons), reasons
    assert {alert.outcome for alert in alerts} == {"4"}
    assert all(item.get("ParticipantObjectID") == "127.0.0.1" for alert in alerts for item in alert.objects)


def test_no_patient_data(run, exams):
    text = "\n".join(ElementTree.tostring(message.root, encoding="unicode") for message in run[0])
    header = exams.phantom().header
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber"):
        value = str(header.get(keyword, ""))
        assert not value or value not in text, keyword


def test_the_file_is_rotated(stage, tmp_path):
    path = tmp_path / "audit.xml"
    node = stage.node(analysis__workers=0, audit__file=str(path), audit__file_size="64KiB", audit__files=2,
                      dicom__calling_ae_titles=[])
    node.stop()
    line = path.read_text().splitlines()[0]
    path.write_text((line + "\n") * (70_000 // len(line)))
    node.start()
    assert len(trail(path)) == 1 and len(trail(tmp_path / "audit.1.xml")) > 50


# -- syslog
HEADER = re.compile(rb"<85>1 (\S+) (\S+) calcnode (\d+) DICOM\+RFC3881 - \xef\xbb\xbf(.*)", re.DOTALL)


def parse(datagram):
    match = HEADER.fullmatch(datagram)
    assert match, datagram
    assert match[1].endswith(b"Z")
    return Message(match[4].decode())


def test_udp(stage):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)
        node = stage.node(analysis__workers=0, audit__syslog__transport="udp", audit__syslog__host="127.0.0.1",
                          audit__syslog__port=server.getsockname()[1])
        assert parse(server.recv(65536)).kind == "Application Start"
        node.stop()
        assert parse(server.recv(65536)).kind == "Application Stop"


def test_local(stage, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        server.settimeout(20)
        node = stage.node(analysis__workers=0, audit__syslog__transport="local", audit__syslog__socket=str(tmp_path / "log"))
        assert parse(server.recv(65536)).kind == "Application Start"
        node.stop()
        assert parse(server.recv(65536)).kind == "Application Stop"


def test_tls_and_a_server_that_is_away_for_a_while(stage, pki):
    """The node starts without the server; what waited is sent when it is there, and the rest at the end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.node.certificate, pki.node.key)
    context.load_verify_locations(pki.ours.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {key: value for key, value in tls_settings(pki).items() if key != "dicom.tls.enabled"}
    node = stage.node(analysis__workers=0, audit__syslog__transport="tls", audit__syslog__host="127.0.0.1",
                      audit__syslog__port=port, **own)
    tools.wait_until(lambda: "audit_syslog_failed" in node.log(), 20, "a failed try")
    got = bytearray()

    def serve():
        with socket.create_server(("127.0.0.1", port)) as server:
            connection, _ = server.accept()
            with context.wrap_socket(connection, server_side=True) as stream:
                while chunk := stream.recv(65536):
                    got.extend(chunk)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    tools.wait_until(lambda: b"Application Start" in got, 30, lambda: node.log_tail())
    node.stop()
    thread.join(20)
    messages, rest = [], bytes(got)
    while rest:  # RFC 5425: the length in octets, a space, the message
        length, _, rest = rest.partition(b" ")
        messages.append(parse(rest[:int(length)]))
        rest = rest[int(length):]
    assert [message.kind for message in messages] == ["Application Start", "Application Stop"]

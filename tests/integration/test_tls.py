"""TLS in (storescu, echoscu with +tls) and out (storescp with +tls): who gets through, who does not, and what the log says.
The certificates are made here, by openssl."""
import os
import shutil
import socket
import time

import pytest
from support import tools
from support.certificates import Authority
from support.node import is_idle


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """Two authorities: the hospital's, and one that nobody trusts."""

    class Pki:
        folder = tmp_path_factory.mktemp("pki")
        ours = Authority(folder / "ours")
        strangers = Authority(folder / "strangers", "Somebody Else")
        node = ours.issue("calcnode.example.org", host="127.0.0.1")
        modality = ours.issue("mammo1.example.org")
        other = ours.issue("mammo2.example.org")
        expired = ours.issue("old.example.org", days=(-30, -1), host="127.0.0.1")
        stranger = strangers.issue("mammo1.example.org", host="127.0.0.1")
        pacs = ours.issue("pacs.example.org", host="127.0.0.1")
        elsewhere = ours.issue("elsewhere.example.org")

    return Pki


def settings(pki, **more):
    tls = {"enabled": "true", "port": 0, "certificate_file": str(pki.node.certificate),
           "private_key_file": str(pki.node.key), "trusted_certificates_file": str(pki.ours.certificate), **more}
    return {f"dicom.tls.{key}": value for key, value in tls.items()}


class TlsPort:
    """The node's TLS port, as the tools take a peer."""

    def __init__(self, node):
        self.port, self.ae_title = node.tls_port, node.ae_title


def flags(certificate, authority):
    return ["+tls", certificate.key, certificate.certificate, "+cf", authority.certificate]


def anonymous(authority):
    return ["+tla", "+cf", authority.certificate]


def log_says(node, *words):
    """Waits for a line that holds all of them."""
    return tools.wait_until(lambda: next((line for line in node.log().splitlines()
                                          if all(word in line for word in words)), None),
                            10, lambda: f"a line with {words}\n{node.log_tail()}")


# -- in
@pytest.fixture(scope="module")
def node(module_stage, pki):
    """Both ports; MODALITY is bound to mammo1's certificate by name, OTHER to mammo2's by fingerprint."""
    made = module_stage.node(start=False, analysis__workers=0, **settings(pki))
    made.settings["dicom.tls.calling_ae_certificates"] = [
        {"ae_title": "MODALITY", "name": "mammo1.example.org"},
        {"ae_title": "OTHER", "sha256": pki.other.sha256()}]
    return made.start()


@pytest.mark.parametrize("version", [[], ["+px"]], ids=["default", "bcp195_nd"])
def test_the_right_certificate_stores(node, pki, exams, version):
    exam = exams.phantom()
    sent = tools.storescu(TlsPort(node), exam.files, *flags(pki.modality, pki.ours), *version)
    assert len(tools.acknowledged(sent.stdout)) == len(exam.files)
    line = log_says(node, "tls_established", "CN=mammo1.example.org")
    assert "TLSv1.3" in line or "TLSv1.2" in line, line


def test_a_fingerprint_binds_as_well(node, pki):
    assert tools.echoscu(TlsPort(node), *flags(pki.other, pki.ours), calling="OTHER").returncode == 0


@pytest.mark.parametrize("who, words", [("stranger", ["unable to get local issuer certificate", "CN=mammo1.example.org"]),
                                        ("expired", ["certificate has expired", "CN=old.example.org"])])
def test_a_wrong_certificate_is_refused(node, pki, who, words):
    refused = tools.echoscu(TlsPort(node), *flags(getattr(pki, who), pki.ours))
    assert refused.returncode != 0, refused.stdout
    log_says(node, "tls_refused", "peer=127.0.0.1", *words)


def test_no_certificate_is_refused(node, pki):
    refused = tools.echoscu(TlsPort(node), *anonymous(pki.ours))
    assert refused.returncode != 0, refused.stdout
    log_says(node, "tls_refused", "the peer showed no certificate")


@pytest.mark.parametrize("title, reason", [("OTHER", "is bound to another certificate"),
                                           ("NOBODY", "is bound to no certificate")])
def test_a_certificate_calls_with_its_own_title_only(node, pki, title, reason):
    refused = tools.echoscu(TlsPort(node), *flags(pki.modality, pki.ours), calling=title)
    assert "Reason: Calling AE Title Not Recognized" in refused.stdout, refused.stdout
    log_says(node, "ae_title_refused", f"calling_ae_title={title}", "CN=mammo1.example.org", reason)


def test_a_bound_title_is_refused_without_tls(node):
    refused = tools.echoscu(node, calling="MODALITY")
    assert "Reason: Calling AE Title Not Recognized" in refused.stdout, refused.stdout
    log_says(node, "ae_title_refused", "this is no TLS connection")
    assert tools.echoscu(node, calling="UNBOUND").returncode == 0


def test_the_wrong_protocol_is_named(node, pki):
    assert tools.echoscu(node, *flags(pki.modality, pki.ours)).returncode != 0
    log_says(node, "connection_closed", "TLS ClientHello on the plain port")
    assert tools.echoscu(TlsPort(node)).returncode != 0
    log_says(node, "connection_closed", "plain DICOM on the TLS port")
    with socket.create_connection(("127.0.0.1", node.tls_port)) as web:
        web.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert web.recv(1) == b""
    log_says(node, "connection_closed", "HTTP request on the TLS port")


def test_silent_peers_hold_no_thread_and_are_told_to_go(node, pki):
    hello = bytes.fromhex("160301020001") + b"\x00" * 60  # the beginning of a ClientHello that never ends
    threads = len(os.listdir(f"/proc/{node.pid}/task"))
    silent = [socket.create_connection(("127.0.0.1", node.tls_port)) for _ in range(100)]
    for peer in silent[::2]:
        peer.sendall(hello)
    assert tools.echoscu(TlsPort(node), *flags(pki.modality, pki.ours)).returncode == 0
    assert len(os.listdir(f"/proc/{node.pid}/task")) <= threads + 1
    begin = time.monotonic()
    for peer in silent:
        peer.settimeout(15)
        while peer.recv(100):
            pass
        peer.close()
    assert time.monotonic() - begin < 10  # dicom.associate_timeout is 5 s
    log_says(node, "connection_closed", "no TLS handshake in time")


def test_a_revoked_certificate_is_refused_as_soon_as_the_list_says_so(stage, pki, tmp_path):
    lists = tmp_path / "crl.pem"
    shutil.copy(pki.ours.revocation_list(), lists)
    node = stage.node(analysis__workers=0, **settings(pki, revocation_lists_file=str(lists)))
    lost = pki.ours.issue("lost.example.org")
    assert tools.echoscu(TlsPort(node), *flags(lost, pki.ours)).returncode == 0, node.log_tail()
    pki.ours.revoke(lost)
    shutil.copy(pki.ours.revocation_list(), lists)
    assert tools.echoscu(TlsPort(node), *flags(lost, pki.ours)).returncode != 0
    log_says(node, "tls_reloaded")
    log_says(node, "tls_refused", "certificate revoked", "CN=lost.example.org")
    assert tools.echoscu(TlsPort(node), *flags(pki.modality, pki.ours)).returncode == 0


def test_a_renewed_certificate_needs_no_restart_and_a_broken_one_changes_nothing(stage, pki, tmp_path):
    certificate, key = tmp_path / "node.pem", tmp_path / "node.key"
    install(pki.node, certificate, key)
    node = stage.node(analysis__workers=0,
                      **settings(pki, certificate_file=str(certificate), private_key_file=str(key)))
    before = shown_certificate(node)
    certificate.write_text("no certificate at all\n")
    assert shown_certificate(node) == before
    log_says(node, "tls_reload_failed", str(certificate), "is no PEM file")
    install(pki.ours.issue("renewed.example.org", days=(-1, 10.5)), certificate, key)
    after = shown_certificate(node)
    assert "renewed.example.org" in after and after != before
    log_says(node, "tls_certificate_expires", "days_left=10")


def install(made, certificate, key):
    shutil.copy(made.key, key)
    shutil.copy(made.certificate, certificate)


def shown_certificate(node):
    """The subject of what the node shows; no client certificate is needed to see it."""
    shown = tools.run("openssl", "s_client", "-connect", f"127.0.0.1:{node.tls_port}", check=False).stdout
    return next(line for line in shown.splitlines() if line.startswith("subject"))


def test_old_versions_are_not_spoken(node, pki):
    old = tools.run("openssl", "s_client", "-connect", f"127.0.0.1:{node.tls_port}", "-tls1_1", "-cipher", "ALL@SECLEVEL=0",
                    "-cert", pki.modality.certificate, "-key", pki.modality.key, check=False)
    assert old.returncode != 0, old.stdout
    log_says(node, "tls_refused", "no TLS version in common")


def test_plain_dicom_can_be_turned_off(stage, pki):
    node = stage.node(analysis__workers=0, dicom__plain="false", **settings(pki))
    assert node.port == 0
    log_says(node, " serving ", "dicom_port=-1")
    assert tools.echoscu(TlsPort(node), *flags(pki.modality, pki.ours)).returncode == 0


@pytest.mark.parametrize("rule, passes", [("optional", True), ("none", True)])
def test_client_certificates_may_be_left_to_the_peer(stage, pki, rule, passes):
    node = stage.node(analysis__workers=0, **settings(pki, client_certificates=rule))
    assert (tools.echoscu(TlsPort(node), *anonymous(pki.ours)).returncode == 0) == passes
    stranger = tools.echoscu(TlsPort(node), *flags(pki.stranger, pki.ours))
    assert (stranger.returncode == 0) == (rule == "none"), stranger.stdout


@pytest.mark.parametrize("mode, accepted", [(0o600, True), (0o640, True), (0o644, False)])
def test_a_key_that_others_can_read_is_not_used(stage, pki, tmp_path, mode, accepted):
    key = tmp_path / "node.key"
    shutil.copy(pki.node.key, key)
    key.chmod(mode)
    words = [f"{name}={value}" for name, value in settings(pki, private_key_file=str(key)).items()]
    options = [option for word in words for option in ("--set", word)]
    if accepted:
        stage.node(analysis__workers=0, **settings(pki, private_key_file=str(key)))
        return
    refused = tools.run(tools.CALCNODE, "serve", *options, "--set", f"data_dir={tmp_path}/data", "--set", "dicom.port=0",
                        "--set", "http.port=0", check=False)
    assert refused.returncode == 1 and f"chmod 600 {key}" in refused.stdout, refused.stdout


# -- out
def tls_pacs(stage, certificate, authority, *more, **tls):
    return stage.pacs("+tls", certificate.key, certificate.certificate, "+cf", authority.certificate, *more,
                      profile={"tls": {"enabled": True, **tls}})


# What is at the other end, and what the log has to say of it; None: everything arrives.
OUT = {
    "right": (lambda stage, pki: tls_pacs(stage, pki.pacs, pki.ours), None),
    "fingerprint": (lambda stage, pki: tls_pacs(stage, pki.stranger, pki.ours, peer_sha256=pki.stranger.sha256()), None),
    "wrong_name": (lambda stage, pki: tls_pacs(stage, pki.pacs, pki.ours, peer_name="archive.example.org"),
                   "hostname mismatch"),
    "wrong_address": (lambda stage, pki: tls_pacs(stage, pki.elsewhere, pki.ours), "IP address mismatch"),
    "stranger": (lambda stage, pki: tls_pacs(stage, pki.stranger, pki.ours), "unable to get local issuer certificate"),
    "expired": (lambda stage, pki: tls_pacs(stage, pki.expired, pki.ours), "certificate has expired"),
    "wrong_fingerprint": (lambda stage, pki: tls_pacs(stage, pki.pacs, pki.ours, peer_sha256=pki.other.sha256()),
                          "another fingerprint"),
    "plain": (lambda stage, pki: stage.pacs(profile={"tls": {"enabled": True}}), "within the TLS handshake"),
    "distrusts_us": (lambda stage, pki: tls_pacs(stage, pki.pacs, pki.strangers), "may not accept our certificate"),
}


@pytest.fixture(scope="module")
def sent(module_stage, pki, exams):
    """One exam's results, sent to all of them at once: (the node, its PACSs)."""
    pacs = {name: make(module_stage, pki) for name, (make, _) in OUT.items()}
    own = {key: value for key, value in settings(pki).items() if key != "dicom.tls.enabled"}
    node = module_stage.node(pacs, delivery__attempts=1, **own)
    tools.storescu(node, exams.phantom().files)
    node.wait_for(lambda s: is_idle(s) and s["deliveries"]["delivered"] > 0, 240, "all deliveries")
    return node, pacs


@pytest.mark.parametrize("case", [name for name, (_, reason) in OUT.items() if reason is None])
def test_out_to_the_right_pacs(sent, exams, case):
    node, pacs = sent
    assert len(pacs[case].received()) == len(exams.reference(exams.phantom()).objects)
    log_says(node, " delivered ", f"destination={case} ")


@pytest.mark.parametrize("case", [name for name, (_, reason) in OUT.items() if reason])
def test_out_to_a_wrong_pacs(sent, case):
    """Nothing is sent, and the log names the cause."""
    node, pacs = sent
    assert not pacs[case].received()
    log_says(node, "delivery_dead", f"destination={case} ", OUT[case][1])

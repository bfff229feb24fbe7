"""check-config, explain-route, and a reload while exams arrive."""
import os
import re
import signal
import threading

from support import tools
from support.rest import Rest

SENDERS = 3


def reload(node, times=1):
    """SIGHUP; returns when the node has said what came of it."""
    done = r"configuration_(reloaded|refused)"
    before = len(re.findall(done, node.log()))
    os.kill(node.pid, signal.SIGHUP)
    tools.wait_until(lambda: len(re.findall(done, node.log())) >= before + times, 20, node.log_tail)


def rewrite(node, **settings):
    node.settings.update({key.replace("__", "."): value for key, value in settings.items()})
    node._options()


def test_a_reload_under_traffic_loses_nothing(stage, exams):
    pacs = stage.pacs()
    node = stage.node(pacs, assembly__quiet="2s")
    phantom = exams.phantom()
    sent = [exams.copy(phantom) for _ in range(SENDERS)]
    outcomes = []

    def send(mine):
        for exam in mine:
            outcomes.append(tools.storescu(node, exam.files * 12, check=False))

    threads = [threading.Thread(target=send, args=(sent[i::SENDERS],)) for i in range(SENDERS)]
    for thread in threads:
        thread.start()
    rounds = 0
    while any(thread.is_alive() for thread in threads) or rounds < 4:
        rounds += 1
        if rounds % 3 == 0:
            (node.folder / "node.yaml").write_text("dicom:\n  prot: 1\n")
        else:
            rewrite(node, dicom__calling_ae_titles=["MODALITY", f"OTHER{rounds}"])
        reload(node)
    for thread in threads:
        thread.join()
    assert [(o.returncode, o.stdout[-500:]) for o in outcomes if o.returncode != 0] == []
    assert all(o.stdout.count("Received Store Response (Success)") == 48 for o in outcomes)
    assert len(outcomes) == len(sent)
    rewrite(node, dicom__calling_ae_titles=["NEW"])
    reload(node)
    assert tools.echoscu(node, calling="MODALITY").returncode != 0
    assert tools.echoscu(node, calling="NEW").returncode == 0
    status = node.wait_idle(results=len(sent), timeout=240)
    assert status["instances"] == 4 * len(sent)
    assert (status["jobs"]["failed"], status["deliveries"]["dead"]) == (0, 0)
    log = node.log()
    assert "configuration_changed key=dicom.calling_ae_titles" in log and "effect=at_once" in log
    assert "dicom.prot: unknown key; did you mean dicom.port?" in log
    ends = re.findall(r'association_ended .*?end="?(\w+)', log)
    assert set(ends) == {"released", "rejected"} and ends.count("rejected") == 1, ends


def test_workers_follow_and_a_broken_file_does_not_reach_them(stage, exams):
    """A destination that a reload brings gets results; a worker that dies while the file is broken comes back."""
    pacs = stage.pacs()
    node = stage.node(None, assembly__quiet="2s")
    first = node.wait_for(lambda s: s["workers"] == 1) and node.worker_pids()
    rewrite(node, destinations={"late": {"ae_title": "PACS", "host": "127.0.0.1", "port": pacs.port}},
            routes=[{"name": "everything", "destinations": ["late"]}])
    reload(node)
    tools.wait_until(lambda: node.worker_pids() and node.worker_pids() != first, 20, node.log_tail)
    (node.folder / "node.yaml").write_text("nonsense: [\n")
    reload(node)
    second = node.worker_pids()
    os.kill(second[0], signal.SIGKILL)
    tools.wait_until(lambda: node.worker_pids() and node.worker_pids() != second, 20, node.log_tail)
    exam = exams.copy(exams.phantom())
    tools.storescu(node, exam.files)
    node.wait_idle(results=1)
    assert pacs.received()
    assert node.is_running()
    rest = Rest.admin(node)
    assert [one["name"] for one in rest.get("/api/v1/destinations")["destinations"]] == ["late"]
    assert rest.post("/api/v1/destinations/late/echo")["outcome"] == "answered"


def test_keys_that_need_a_restart_are_named(stage):
    node = stage.node(None, analysis__workers=0)
    rewrite(node, http={"listen_address": "127.0.0.1"}, dicom__commitment={"enabled": True})
    reload(node)
    assert re.search(r"configuration_changed key=dicom.commitment.enabled before=false after=true effect=restart",
                     node.log())


BROKEN = """\
dicom:
  port: 70000
  ae_titel: X
destinations:
  pacs: {ae_title: PACS, host: "a b", port: 104}
routes:
  - name: all
    destinations: [pacs]
    match: {modalty: MG}
"""


def test_check_config_names_everything_at_once(tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(BROKEN)
    done = tools.run(tools.CALCNODE, "check-config", file, check=False)
    assert done.returncode == 2
    assert done.stdout.splitlines() == [
        f"{file}:2:3: dicom.port: 70000 is not 0..65535",
        f"{file}:3:3: dicom.ae_titel: unknown key; did you mean dicom.ae_title?",
        f'{file}:5:26: destinations.pacs.host: "a b" is not a host name or an address',
        f"{file}:9:13: routes[0].match.modalty: unknown key; did you mean routes[0].match.modality?",
    ]
    file.write_text("dicom:\n  port: 104\n")
    assert "The configuration is good" in tools.run(tools.CALCNODE, "check-config", file).stdout


def test_explain_route(exams, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text("routes:\n  - {name: screening, match: {calling_ae_title: 'VAN*'}, destinations: [pacs]}\n"
                    "  - {name: rest, destinations: []}\n")
    image = exams.phantom().files[0]
    van = tools.run(tools.CALCNODE, "explain-route", image, "--config", file, "--calling", "VAN1").stdout
    assert "-> screening: takes it" in van and 'yes calling_ae_title: "VAN1" matches [VAN*]' in van
    rest = tools.run(tools.CALCNODE, "explain-route", image, "--config", file, "--calling", "X").stdout
    assert 'no  calling_ae_title: "X" does not match [VAN*]' in rest and "-> rest: takes it" in rest

"""Storage commitment, both ways: destinations commit what we sent, senders ask what we hold. Orthanc is the real peer; what
it cannot be made to do (losing a part, staying silent) a peer does that the tests have made."""
import pytest

from support import commitment_peer, files, raw_dimse, tools
from support.commitment_peer import PUSH_MODEL, tell

CT = files.CT_IMAGE
INVALID_ARGUMENT, NOT_AUTHORIZED = 0x0115, 0x0124


def asking(pacs, **commitment):
    """A destination that is asked to commit."""
    return {"pacs": {"ae_title": pacs.ae_title, "host": "127.0.0.1", "port": pacs.port,
                     "commitment": {"enabled": True, "wait": "1s", "timeout": "60s", **commitment}}}


def forwarding(stage, pacs, journal_url="", **commitment):
    """A node that forwards CT images, unanalysed, to a PACS that it asks to commit them."""
    return stage.node(pacs, journal_url, destinations=asking(pacs, **commitment), dicom__other_storage_classes=[CT],
                      analysis__workers=0)


def send_images(node, folder, number=3):
    """Images of as many studies; returns their (class, instance) pairs."""
    paths = [files.small_object(folder / f"image{i}.dcm", f"commitment {i}", CT) for i in range(number)]
    tools.storescu(node, paths)
    return [(CT, files.uid("small", f"commitment {i}")) for i in range(number)]


def settled(pending=0, **expected):
    return lambda s: s["commitments"] == {"pending": pending, "committed": 0, "failed": 0, **expected}


# -- destinations

@pytest.mark.parametrize("wait", ["0s", "20s"])
def test_orthanc_commits_what_it_got(stage, tmp_path, journal_url, wait):
    """It answers on an association of its own: after ours, or while we still wait on ours."""
    orthanc = stage.orthanc()
    node = forwarding(stage, orthanc, journal_url, wait=wait)
    orthanc.knows("calcnode", node)
    images = send_images(node, tmp_path)
    node.wait_for(settled(committed=3), 60, "all committed")
    assert set(orthanc.instances()) == {instance for _, instance in images}


def test_orthanc_commits_our_results(stage, tmp_path):
    """The report of an exam that is too small to be analysed: quickly made, and delivered as any other."""
    orthanc = stage.orthanc()
    node = stage.node(orthanc, destinations=asking(orthanc), assembly__quiet="1s")
    orthanc.knows("calcnode", node)
    tools.storescu(node, [files.small_object(tmp_path / "small.dcm", "commitment exam")])
    status = node.wait_idle(timeout=300)
    node.wait_for(settled(committed=status["results"]), 60, "all results committed")
    assert len(orthanc.instances()) == status["results"] > 0
    assert node.log().count(" committed ") == 1, "one transaction for the study"


def test_a_pacs_commits_on_the_same_association(stage, tmp_path, journal_url):
    pacs = stage.commitment_pacs(lambda pacs, request: (request.references, []))
    node = forwarding(stage, pacs, journal_url, wait="20s")
    images = send_images(node, tmp_path)
    node.wait_for(settled(committed=3), 30, "all committed")
    assert sorted(one for request in pacs.requests for one in request.references) == sorted(images)
    assert len({request.transaction for request in pacs.requests}) == len(pacs.requests)
    for request in pacs.requests:
        assert request.elements[0x0003] == PUSH_MODEL
        assert request.elements[0x1001] == commitment_peer.INSTANCE
        assert request.elements[0x1008] == 1
    assert pacs.event_statuses == [0] * len(pacs.requests)
    assert sorted(pacs.stored) == sorted(images), "nothing is sent twice"


def test_what_a_pacs_lost_is_sent_again(stage, tmp_path, journal_url):
    lost = (CT, files.uid("small", "commitment 1"))

    def lose_once(pacs, request):
        losing = [one for one in request.references if one == lost and pacs.stored.count(one) == 1]
        return [one for one in request.references if one not in losing], losing

    pacs = stage.commitment_pacs(lose_once)
    node = forwarding(stage, pacs, journal_url)
    images = send_images(node, tmp_path)
    node.wait_for(settled(committed=3), 30, "all committed in the end")
    assert sorted(pacs.stored) == sorted(images + [lost])
    assert "not_committed" in node.log()


def test_what_a_pacs_never_keeps_is_given_up(stage, tmp_path):
    lost = (CT, files.uid("small", "commitment 0"))

    def lose(pacs, request):
        return [one for one in request.references if one != lost], [one for one in request.references if one == lost]

    pacs = stage.commitment_pacs(lose)
    node = forwarding(stage, pacs, attempts=3)
    send_images(node, tmp_path)
    node.wait_for(settled(committed=2, failed=1), 60, "one given up")
    assert pacs.stored.count(lost) == 3
    assert " uncommitted " in node.log()


def test_a_pacs_that_never_answers_is_asked_again_and_given_up(stage, tmp_path, journal_url):
    pacs = stage.commitment_pacs(lambda pacs, request: None)
    node = forwarding(stage, pacs, journal_url, wait="0s", timeout="1s", attempts=2)
    images = send_images(node, tmp_path, 2)
    node.wait_for(settled(failed=2), 60, "both given up")
    assert sorted(one for request in pacs.requests for one in request.references) == sorted(images * 2)
    assert len({request.transaction for request in pacs.requests}) == len(pacs.requests), "a transaction UID each"
    assert len(pacs.stored) == 2, "silence is no reason to send again"
    assert "commitment_timed_out" in node.log()


def test_an_answer_after_kill_9_finds_its_transaction(stage, tmp_path, journal_url):
    pacs = stage.commitment_pacs(lambda pacs, request: None)
    node = forwarding(stage, pacs, journal_url, wait="0s")
    images = send_images(node, tmp_path, 1)
    tools.wait_until(lambda: pacs.requests, 30, "the request")
    node.kill()
    node.start()
    assert tell(node.port, pacs.requests[0].transaction, images) == 0
    node.wait_for(settled(committed=1), 10, "committed")


def test_only_the_destination_may_answer_and_only_what_it_was_asked(stage, tmp_path):
    pacs = stage.commitment_pacs(lambda pacs, request: None)
    node = forwarding(stage, pacs, wait="0s", answers_from=["PACS_COMMIT"])
    images = send_images(node, tmp_path, 1)
    tools.wait_until(lambda: pacs.requests, 30, "the request")
    transaction = pacs.requests[0].transaction
    assert tell(node.port, transaction, images, calling="STRANGER") == NOT_AUTHORIZED
    assert tell(node.port, "1.2.3.4", images) == INVALID_ARGUMENT
    assert node.status()["commitments"] == {"pending": 1, "committed": 0, "failed": 0}
    assert tell(node.port, transaction, images, calling="PACS_COMMIT") == 0
    node.wait_for(settled(committed=1), 10, "committed")
    assert tell(node.port, transaction, [], images) == 0, "told before: no failure any more"
    node.wait_for(settled(committed=1), 10, "still committed")


def test_a_pacs_without_the_class_is_reported(stage, tmp_path):
    pacs = stage.pacs()  # storescp knows no storage commitment
    node = forwarding(stage, pacs, attempts=2)
    send_images(node, tmp_path, 1)
    node.wait_for(settled(failed=1), 60, "given up")
    assert "does not accept the Storage Commitment Push Model" in node.log()


# -- senders

def serving(stage, senders=(), journal_url=""):
    """A node that commits for senders; what it receives it keeps to itself."""
    return stage.node(None, journal_url, dicom__commitment={"enabled": True, "senders": list(senders)},
                      dicom__other_storage_classes=[CT], analysis__workers=0)


def ask_from(orthanc, references):
    """Orthanc's report on its request, once it has been told."""
    path = orthanc.post("/modalities/calcnode/storage-commitment", {"DicomInstances": references})["Path"]

    def told():
        report = orthanc.get(path)
        return report if report["Status"] != "Pending" else None

    return tools.wait_until(told, 30, "Orthanc to be told")


def test_orthanc_is_told_what_we_hold(stage, tmp_path, journal_url):
    orthanc = stage.orthanc()
    sender = {"ae_title": orthanc.ae_title, "host": "127.0.0.1", "port": orthanc.port}
    node = serving(stage, [sender], journal_url)
    orthanc.knows("calcnode", node)
    stored = [orthanc.post("/instances", files.small_object(tmp_path / f"{i}.dcm", f"held {i}", CT).read_bytes())["ID"]
              for i in range(2)]
    orthanc.post("/modalities/calcnode/store", stored)
    held = [[CT, files.uid("small", f"held {i}")] for i in range(2)]
    assert ask_from(orthanc, held)["Status"] == "Success"

    report = ask_from(orthanc, held + [[CT, "1.2.3.4.5"], [files.FOR_PRESENTATION, held[0][1]]])
    assert report["Status"] == "Failure"
    failures = {(one["SOPClassUID"], one["SOPInstanceUID"]): one["Description"] for one in report["Failures"]}
    assert set(failures) == {(CT, "1.2.3.4.5"), (files.FOR_PRESENTATION, held[0][1])}, report

    next((node.folder / "data/spool/instances").rglob("*.dcm")).unlink()
    assert ask_from(orthanc, held)["Status"] == "Failure", "a row without its file is not durable"
    node.wait_for(lambda s: s["commitment_reports"] == {"pending": 0, "reported": 3, "unreported": 0}, 10, "reported")


def test_a_sender_that_is_away_is_told_when_it_is_back(stage, tmp_path, journal_url):
    sender = stage.commitment_pacs(start=False)
    node = serving(stage, [{"ae_title": sender.ae_title, "host": "127.0.0.1", "port": sender.port}], journal_url)
    images = send_images(node, tmp_path, 1)
    assert commitment_peer.ask(node.port, "1.2.3.99", images, calling=sender.ae_title) == 0
    tools.wait_until(lambda: "commitment_report_failed" in node.log(), 30, "a failed try")
    node.kill()
    node.start()
    sender.start()
    report = tools.wait_until(lambda: sender.reports, 90, "the report")[0]
    assert report.TransactionUID == "1.2.3.99"
    assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == [images[0][1]]
    assert "FailedSOPSequence" not in report
    node.wait_for(lambda s: s["commitment_reports"] == {"pending": 0, "reported": 1, "unreported": 0}, 10, "reported")


def test_a_sender_without_an_address_cannot_be_told_later(stage, tmp_path):
    node = serving(stage)
    images = send_images(node, tmp_path, 1)
    assert commitment_peer.ask(node.port, "1.2.3.99", images) == 0
    node.wait_for(lambda s: s["commitment_reports"]["unreported"] == 1, 30, "unreported")
    assert "commitment_unreported" in node.log()


def test_nobody_is_served_by_default(stage):
    node = stage.node(None, analysis__workers=0)
    with raw_dimse.Peer(node.port, [(PUSH_MODEL, raw_dimse.IMPLICIT_LITTLE)]) as peer:
        assert not peer.accepted

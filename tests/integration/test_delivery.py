"""Results reach every destination in the end, and one destination's trouble is never another's."""
import json

from support import tools
from support.node import is_idle


def delivered(pacs):
    return {item.sop_instance: item.bytes() for item in pacs.received()}


def replay(node, *arguments):
    """What `calcnode replay` prints, beside the running node."""
    run = node.command("replay", *arguments)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_a_pacs_that_is_away_gets_everything_when_it_is_back(stage, exams, journal_url):
    exam = exams.phantom()
    pacs = stage.pacs(start=False)
    node = stage.node(pacs, journal_url)
    tools.storescu(node, exam.files)
    node.wait_for(lambda s: s["jobs"]["done"] == 1 and s["deliveries"]["pending"] > 0, 60, "pending deliveries")
    tools.wait_until(lambda: "delivery_failed" in node.log(), 30, "a failed try")
    pacs.start()
    node.wait_idle()
    assert delivered(pacs) == exams.reference(exam).bytes()


def test_pending_deliveries_survive_a_restart(stage, exams, journal_url):
    exam = exams.phantom()
    pacs = stage.pacs(start=False)
    node = stage.node(pacs, journal_url)
    tools.storescu(node, exam.files)
    node.wait_for(lambda s: s["jobs"]["done"] == 1, 60, "the job")
    node.stop()
    pacs.start()
    node.start()
    node.wait_idle()
    assert delivered(pacs) == exams.reference(exam).bytes()


def test_a_bad_destination_does_not_hold_up_a_good_one(stage, exams):
    """One refuses every association, one breaks off every object, one is not there at all."""
    exam = exams.phantom()
    good, refusing, breaking, absent = (stage.pacs(), stage.pacs("--refuse"), stage.pacs("--abort-during"),
                                        stage.pacs(start=False))
    node = stage.node({"refusing": refusing, "breaking": breaking, "absent": absent, "good": good},
                      delivery__attempts=1000)
    expected = exams.reference(exam).bytes()
    tools.storescu(node, exam.files)
    node.wait_for(lambda s: s["deliveries"]["delivered"] == len(expected), 60, "the good destination served")
    assert delivered(good) == expected

    breaking.restart()
    absent.start()
    node.wait_for(lambda s: s["deliveries"]["delivered"] >= 3 * len(expected), 60, "the others served")
    assert delivered(breaking) == expected
    assert delivered(absent) == expected


def test_a_hopeless_destination_ends_in_dead_deliveries(stage, exams):
    exam = exams.phantom()
    breaking = stage.pacs("--abort-after")
    node = stage.node(breaking, delivery__attempts=2)
    tools.storescu(node, exam.files)
    number = len(exams.reference(exam).objects)
    node.wait_for(lambda s: is_idle(s) and s["deliveries"]["dead"] == number, 60, "dead deliveries")
    assert "delivery_dead" in node.log()

    listed = replay(node, "--all", "--dry-run", "--json")["would_replay"]
    assert len(listed) == number and all(row["state"] == "dead" and row["reason"] for row in listed)
    breaking.restart()
    assert replay(node, "--id", str(listed[0]["id"]), "--json")["replayed"] == 1
    assert replay(node, "--destination", "pacs", "--json") == {"replayed": number - 1, "asked_again": 0}
    node.wait_for(lambda s: s["deliveries"]["delivered"] == number, 60, "the replayed objects delivered")
    assert delivered(breaking) == exams.reference(exam).bytes()
    assert node.command("replay").returncode == 2, "replay says what it wants"

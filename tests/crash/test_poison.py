"""Poison: a study that ends its worker is set aside with a report that says failed, and the queue goes on."""
import os
import signal

import pytest

from support import results, tools
from support.pacs import of_study

NO_ALGORITHM_SUCCEEDED = "111245"  # the report's summary (PS3.16 CID 6042)


@pytest.fixture
def exam(exams):
    return exams.phantom(rows=600, columns=480, clusters=1, seed=4)


def poisoned(stage, exams, exam, rule, **settings):
    """A node on which `rule` (NAME=ACTION) acts for the first image, or the whole, of one study. Sends that study, then a
    good one; returns (node, PACS, poisonous exam, good exam)."""
    poison, good = exams.copy(exam), exams.copy(exam)
    pacs = stage.pacs()
    node = stage.node(pacs, start=False, program=tools.BREAKABLE, analysis__threads=1, **settings)
    point, action = rule.split("=")
    subject = poison.study if point == "job.analysed" else sorted(poison.instances)[0]
    node.environment = {"CALCNODE_FAIL_POINTS": f"{point}@{subject}:1-={action}"}
    node.start()
    tools.storescu(node, poison.files)
    tools.storescu(node, good.files)
    return node, pacs, poison, good


def assert_reported(node, pacs, poison, good, timeout=60):
    status = node.wait_idle(results=7, timeout=timeout)
    assert status["jobs"]["done"] == 2 and status["jobs"]["failed"] == 1
    report = results.only_report(of_study(pacs.received(), poison.study))
    assert results.summary(report) == NO_ALGORITHM_SUCCEEDED
    assert sorted(results.image_library(report)) == sorted(poison.instances)
    assert len(of_study(pacs.received(), good.study)) == 6
    return node.log()


@pytest.mark.parametrize("action, settings, told", [
    ("kill", {}, "how=\"signal Killed\""),
    ("abort", {}, "how=\"signal Aborted\""),
    ("spin", {"analysis__cpu_limit": "3s"}, "how=\"signal CPU time limit exceeded\""),
    ("hang", {"analysis__job_timeout": "6s"}, "job_timed_out"),
], ids=["killed", "aborts", "burns_processor_time", "hangs"])
def test_a_job_that_ends_its_worker_twice_is_set_aside(stage, exams, exam, action, settings, told):
    run = poisoned(stage, exams, exam, f"job.image={action}", **settings)
    log = assert_reported(*run)
    assert log.count(told) == 2, log[-4000:]
    assert log.count(" job_set_aside ") == 1 and "report=yes" in log


def test_a_job_whose_report_runs_out_of_memory_is_no_endless_loop(stage, exams, exam):
    node, pacs, poison, good = poisoned(stage, exams, exam, "job.analysed=hog", analysis__memory_limit="3GiB")
    node.wait_for(lambda s: s["jobs"]["done"] == 2 and s["deliveries"]["pending"] == 0, 60, "both jobs ended")
    assert not of_study(pacs.received(), poison.study)
    assert len(of_study(pacs.received(), good.study)) == 6
    assert node.log().count("results_refused") == 2


def test_a_job_whose_report_is_poison_too_does_not_stop_the_queue(stage, exams, exam):
    node, pacs, poison, good = poisoned(stage, exams, exam, "job.analysed=kill")
    status = node.wait_for(lambda s: s["jobs"]["done"] == 2 and s["deliveries"]["pending"] == 0, 60, "both jobs ended")
    assert status["jobs"]["failed"] == 1
    assert not of_study(pacs.received(), poison.study)
    assert len(of_study(pacs.received(), good.study)) == 6
    assert node.log().count("signal Killed") == 4 and "report=no" in node.log()


def test_a_worker_that_does_not_even_end_itself_is_killed(stage, exams, exam):
    node, pacs, poison, good = poisoned(stage, exams, exam, "job.image=hang", analysis__job_timeout="6s",
                                        analysis__max_worker_deaths=1)
    node.wait_for(lambda s: s["jobs"]["running"] == 1, 20, "the poison at work")
    os.kill(node.worker_pids()[0], signal.SIGSTOP)
    assert " worker_stuck " in assert_reported(node, pacs, poison, good)

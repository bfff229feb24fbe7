"""A node that is killed again and again while a modality sends exams, and the audit afterwards."""
import os
import random
import signal
import subprocess
import threading
import time

from support import tools
from support.pacs import of_study


class Modality(threading.Thread):
    """Sends exams one after the other as a modality does: each file again until it was acknowledged."""

    def __init__(self, node, exams, patience):
        super().__init__()
        self.acknowledged = {}  # study -> files that were answered with Success
        self.error = None
        self._node, self._exams = node, exams
        self._deadline = time.monotonic() + patience
        self._stop_asked = threading.Event()

    def run(self):
        try:
            for exam in self._exams:
                self._send(exam)
        except Exception as error:  # looked at by the test
            self.error = error

    def stop(self):
        self._stop_asked.set()
        self.join()

    def _send(self, exam):
        done = self.acknowledged.setdefault(exam.study, set())
        while len(done) < len(exam.files):
            assert time.monotonic() < self._deadline and not self._stop_asked.is_set(), "exams could not be sent in time"
            left = [str(path) for path in exam.files if str(path) not in done]
            try:
                sent = tools.storescu(self._node, left, "-ta", "5", "-td", "10", check=False, timeout=60)
            except subprocess.TimeoutExpired as error:
                raise AssertionError("storescu hangs") from error
            done.update(tools.acknowledged(sent.stdout))
            if len(done) < len(exam.files):
                time.sleep(0.1)  # a modality that is refused does not try again at once


class Killer:
    """Seeded: the same seed gives the same victims and pauses."""

    def __init__(self, node, seed, longest_pause):
        self._node = node
        self._random = random.Random(seed)
        self._longest_pause = longest_pause
        self.killed = {"serve": 0, "worker": 0}

    def strike(self):
        time.sleep(self._random.uniform(0.02, self._longest_pause))
        workers = self._node.worker_pids()
        if workers and self._random.random() < 0.4:
            self._kill_worker(self._random.choice(workers))
        else:
            self._node.kill()
            self._node.start()
            self.killed["serve"] += 1

    def _kill_worker(self, pid):
        try:
            os.kill(pid, signal.SIGKILL)
            self.killed["worker"] += 1
        except ProcessLookupError:
            pass


def audit(modality, exams, references, received):
    """Every exam was acknowledged whole; each of its objects reached the PACS, as the same bytes however often, and
    nothing else did."""
    for exam, reference in zip(exams, references):
        assert modality.acknowledged[exam.study] == {str(path) for path in exam.files}
        returned = of_study(received, exam.study)
        expected = reference.bytes()
        assert {item.sop_instance for item in returned} == set(expected), exam.study
        for item in returned:
            assert item.bytes() == expected[item.sop_instance], item.sop_instance
    assert {item.study for item in received} == {exam.study for exam in exams}

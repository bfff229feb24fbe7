"""A node that is killed again and again while a modality sends exams, and the audit afterwards."""
import random
import subprocess
import threading
import time

from support import tools
from support.pacs import kill_quietly, of_study


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


MOMENTS = {
    "any": lambda status: True,
    "receiving": lambda status: status["associations"] > 0,
    "analysing": lambda status: status["jobs"]["running"] > 0,
    "delivering": lambda status: status["deliveries"]["pending"] > 0,
}


class Killer:
    """Kills serve or a worker at a random time after a moment of a random kind has come. Seeded: the same seed makes the
    same choices."""

    def __init__(self, node, seed):
        self._node = node
        self._random = random.Random(seed)
        self.strikes = []  # (victim, moment that had come)

    def strike(self):
        moment = self._random.choice(list(MOMENTS))
        self._await(moment)
        time.sleep(self._random.uniform(0, 0.5) ** 2 * 4)  # 0 to 1 s, mostly short
        kill_worker = self._random.random() < 0.35
        workers = self._node.worker_pids()
        if kill_worker and workers:
            kill_quietly(self._random.choice(workers))
            self.strikes.append(("worker", moment))
        else:
            self._node.kill()
            self._node.start()
            self.strikes.append(("serve", moment))

    def _await(self, moment):
        """A few seconds at most: perhaps it does not come any more."""
        deadline = time.monotonic() + 4
        while not MOMENTS[moment](self._node.status()) and time.monotonic() < deadline:
            time.sleep(0.005)


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

"""Several machines, as one machine can show it: two serve and two worker processes on one PostgreSQL and one spool."""
import threading

from support import tools
from support.pacs import of_study

EXAMS = 6


class Cluster:
    def __init__(self, stage, url):
        self.pacs = stage.pacs()
        spool = stage.folder / "shared"
        settings = {"data_dir": str(spool), "analysis__workers": 0, "analysis__lease": "2s",
                    "analysis__max_attempts": 100, "assembly__quiet": "10m", "analysis__threads": 1}
        self.nodes = [stage.node(self.pacs, url, **settings) for _ in range(2)]
        self.workers = [node.worker(f"worker{i}") for i, node in enumerate(self.nodes)]

    def end(self):
        for worker in self.workers:
            if worker.is_running():
                worker.kill()


def send_at_once(cluster, sent):
    """Each exam's first half to one node, its second half to the other, all at the same time."""
    senders = []
    for number, exam in enumerate(sent):
        for half in (0, 1):
            node = cluster.nodes[(number + half) % 2]
            senders.append(threading.Thread(target=tools.storescu, args=(node, exam.files[2 * half:2 * half + 2])))
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()


def test_every_result_once(stage, exams, postgres_url):
    whole = exams.phantom()
    sent = [exams.copy(whole) for _ in range(EXAMS)]
    references = exams.references(sent)
    cluster = Cluster(stage, postgres_url)
    try:
        send_at_once(cluster, sent)
        node = cluster.nodes[0]
        node.wait_for(lambda s: s["jobs"]["running"] >= 1, 30, "a running job")
        cluster.workers[0].kill()
        node.wait_for(lambda s: s["jobs"]["done"] >= 2, 120, "the other worker to go on")
        cluster.workers[0] = node.worker("successor")
        status = node.wait_idle(results=sum(len(reference.objects) for reference in references), timeout=240)
        assert (status["jobs"]["done"], status["jobs"]["failed"]) == (EXAMS, 0)
        assert status["instances"] == 4 * EXAMS and status["deliveries"]["dead"] == 0
        assert "job_done" in (cluster.nodes[1].folder / "worker1.log").read_text()
    finally:
        cluster.end()
    received = cluster.pacs.received()
    for exam, reference in zip(sent, references):
        returned = of_study(received, exam.study)
        assert {item.sop_instance: item.bytes() for item in returned} == reference.bytes()
        assert len(returned) == len(reference.objects), "an object was sent twice"


def test_a_second_node_takes_over_what_the_first_received(stage, exams, postgres_url):
    exam = exams.phantom()
    cluster = Cluster(stage, postgres_url)
    try:
        first, second = cluster.nodes
        tools.storescu(first, exam.files)
        first.kill()
        second.wait_idle(timeout=120)
    finally:
        cluster.end()
    assert {item.sop_instance: item.bytes() for item in cluster.pacs.received()} == exams.reference(exam).bytes()

"""A node that is killed again and again under load, and the audit of what it has promised. Used by test_kills.py (a
short campaign in the suite) and long_run (a long one)."""
import collections
import copy
import hashlib
import io
import json
import random
import re
import sqlite3
import struct
import threading
import time
import urllib.error

import pydicom

from support import files, tools
from support.node import is_alive
from support.pacs import kill_quietly
from support.raw_dimse import Ended, Peer, Rejected

SUCCESS = 0x0000
SETTINGS = {
    "assembly.settle": "100ms",
    "assembly.quiet": "10m",             # only whole exams are analysed, whenever the sender is interrupted
    "analysis.lease": "2s",
    "analysis.threads": 1,
    "analysis.max_attempts": 100,        # every kill of ours counts as an attempt, or as a worker's death
    "analysis.max_worker_deaths": 100,
    "delivery.attempts": 1000,
    "delivery.connect_timeout": "1s",
    "delivery.response_timeout": "5s",
}

# Journal transactions that every campaign goes through; fail points stand on both sides of their commits.
TRANSACTIONS = ["cannot open the journal", "cannot record instances", "cannot close a study", "cannot claim a job",
                "cannot complete a job", "cannot claim deliveries", "cannot finish a delivery",
                "cannot renew the leases of deliveries"]
POINT = re.compile(r'fail_point\("([a-z_.]+)"')
# Not places to die at but calls that fail (test_breakage.py), and what needs storage commitment (test_commitment_kills.py).
CALLS = {"receive.write", "receive.fdatasync", "receive.fsync_folder", "result.write", "result.fdatasync",
         "result.fsync_folder"}


def points_on_the_way(prefixes=("receive.", "job.", "result.", "delivery.")):
    """Every place in the sources at which a campaign can kill: a fail point, or one side of a transaction's commit."""
    found = set()
    for folder in ("service", "dicom"):
        for path in (tools.REPOSITORY / folder).glob("*.cpp"):
            found |= set(POINT.findall(path.read_text()))
    named = sorted(name for name in found - CALLS if name.startswith(prefixes))
    return named + [f"journal.{side}@{transaction}" for transaction in TRANSACTIONS for side in ("committing", "committed")]


def sha(data):
    return hashlib.sha256(data).hexdigest()


class Sender(threading.Thread):
    """A modality: sends exams of four views, each image again until it is acknowledged. Once a kill came between, the same
    bytes may go over the wire twice: that is one instance."""

    def __init__(self, campaign, number):
        super().__init__(daemon=True)
        self.error = None
        self._campaign, self._number = campaign, number

    def run(self):
        try:
            exams = 0
            while not self._campaign.enough.is_set():
                if self._campaign.has_room():
                    self._send(f"{self._campaign.seed}-{self._number}-{exams}", exams)
                    exams += 1
                else:
                    time.sleep(0.05)
        except Exception as error:  # looked at by the campaign
            self.error = error

    def _send(self, tag, number):
        study, images = self._campaign.new_exam(tag, number)
        left = dict(images)
        deadline = time.monotonic() + 300
        while left:
            assert time.monotonic() < deadline, f"exam {tag} could not be sent in five minutes"
            try:
                with Peer(self._campaign.node.port, [(files.FOR_PRESENTATION, files.EXPLICIT_LITTLE)],
                          calling=f"SENDER{self._number}") as peer:
                    for instance in list(left):
                        if peer.store(files.FOR_PRESENTATION, instance, left[instance]) == SUCCESS:
                            self._campaign.acknowledge(study, instance)
                            del left[instance]
                    peer.release()
            except (OSError, Ended, Rejected, struct.error):
                time.sleep(0.05)


class Kind:
    """An Exam that is sent under ever new UIDs, and how many result objects an analysis of it makes. `failed`: none of its
    images can be analysed, the report says so."""

    def __init__(self, exam, results, failed=False):
        self.templates = [pydicom.dcmread(path) for path in exam.files]
        self.results, self.failed = results, failed


def exam_kinds(exams, tiny):
    """One exam with findings in each view, and so many that are too small to show a breast: they cost next to no time."""
    whole = Kind(exams.phantom(rows=600, columns=480, clusters=1, seed=4), results=6)
    return [whole, *[Kind(exams.phantom(rows=300, columns=240, clusters=1, seed=4), results=1, failed=True)] * tiny]


class Campaign:
    """`kinds`: the senders send them in turn. `node` is not started; it runs the breakable program."""

    def __init__(self, node, pacs, kinds, seed, senders=3):
        self.node, self.pacs, self.seed = node, pacs, seed
        self.enough = threading.Event()
        self.random = random.Random(seed)
        self.kills = collections.Counter()     # by what was killed and where
        self.missed = collections.Counter()    # points that were not passed in time
        self.sent = {}                         # SOP Instance UID -> SHA-256 of its data set
        self.acknowledged = collections.defaultdict(set)  # study -> its acknowledged instances
        self._kinds = kinds
        self._studies = {}                     # study -> Kind
        self._lock = threading.Lock()
        self._seen = {}                        # files of the spool -> SHA-256 when first seen
        self._rounds = 0
        self._senders = [Sender(self, number) for number in range(senders)]

    # -- what the senders need
    def new_exam(self, tag, number):
        """(study, {SOP Instance UID: data set})."""
        images = {}
        kind = self._kinds[number % len(self._kinds)]
        for template in kind.templates:
            dataset = files.fresh(copy.copy(template), tag)
            dataset.file_meta = copy.deepcopy(template.file_meta)
            out = io.BytesIO()
            dataset.save_as(out, write_like_original=False)
            images[str(dataset.SOPInstanceUID)] = data_set_of(out.getvalue())
            study = str(dataset.StudyInstanceUID)
        with self._lock:
            self._studies[study] = kind
            self.sent.update({instance: sha(data) for instance, data in images.items()})
        return study, images

    def acknowledge(self, study, instance):
        with self._lock:
            self.acknowledged[study].add(instance)

    def has_room(self):
        """Keeps the queue short: a campaign is about kills, not about backlog."""
        try:
            status = self.node.status()
        except (OSError, urllib.error.URLError, AssertionError, ValueError):
            return False
        return status["studies"]["open"] + status["jobs"]["queued"] + status["jobs"]["running"] < 5

    def count_acknowledged(self):
        with self._lock:
            return sum(len(instances) for instances in self.acknowledged.values())

    # -- killing
    def run(self, plan, instances=0, tell=lambda line: None):
        """Kills at each entry of `plan` (a point, or "serve" or "worker": at a random time), then goes on until so many
        instances are acknowledged."""
        self._start({})
        for sender in self._senders:
            sender.start()
        try:
            for step, what in enumerate(plan, 1):
                if what in ("serve", "worker"):
                    self._kill_at_random(what)
                else:
                    self._kill_at(what)
                self.check_spool()
                self._check_senders()
                if step % 25 == 0:
                    tell(f"{step}/{len(plan)} steps, {sum(self.kills.values())} kills, "
                         f"{self.count_acknowledged()} acknowledged")
            self._restart({})
            while self.count_acknowledged() < instances:
                self._check_senders()
                time.sleep(0.2)
        finally:
            self.enough.set()
        for sender in self._senders:
            sender.join(300)
        self._check_senders()

    def _check_senders(self):
        for sender in self._senders:
            if sender.error:
                raise sender.error

    def _start(self, variables):
        """False when a fail point killed it before it listened."""
        self.node.environment = variables
        try:
            self.node.start()
            return True
        except AssertionError:
            if not variables:
                raise
            tools.wait_until(lambda: not self.node.is_running(), 10, "a serve that does not come up to be dead")
            self.node.abandon()
            return False

    def _restart(self, variables):
        """kill -9, and up again."""
        self._end_serve("serve, at random")
        return self._start(variables)

    def _end_serve(self, kind):
        if self.node.is_running():
            self.node.kill()
            self.kills[kind] += 1

    def _kill_at_random(self, victim):
        time.sleep(self.random.uniform(0, 1) ** 2 * 1.5)
        workers = self.node.worker_pids()
        if victim == "worker" and workers:
            kill_quietly(self.random.choice(workers))
            self.kills["worker, at random"] += 1
        else:
            self._restart({})

    def _kill_at(self, point):
        """Arms the point in a new serve (which costs the old one its life) and waits until somebody dies of it."""
        self._rounds += 1
        marks = self.node.folder / f"marks{self._rounds}"
        marks.mkdir()
        mark = marks / point.split("@")[0]
        variables = {"CALCNODE_FAIL_POINTS": f"{point}:{self.random.choice((1, 1, 2, 3))}",
                     "CALCNODE_FAIL_POINT_MARKS": str(marks)}
        came_up = self._restart(variables)
        deadline = time.monotonic() + 12
        while not mark.exists():
            if time.monotonic() > deadline:
                self.missed[point] += 1
                return
            time.sleep(0.01)
        self.kills[point] += 1
        time.sleep(0.05)  # the mark is made before the signal is sent
        if not came_up or not self.node.is_running():
            self.node.abandon()
            self._start({})

    # -- auditing
    def check_spool(self):
        """Nothing half-written is visible: each file under its final name is whole, and never changes again."""
        spool = self.node.folder / "data" / "spool"
        for path in spool.rglob("*.dcm"):
            if path in self._seen:
                continue
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue  # the same bytes came twice: the second file is not needed
            self._seen[path] = sha(content)
            if "instances" in path.parts:
                data_set = data_set_of(content)
                assert sha(data_set) in self.sent.values(), f"{path} holds what nobody sent whole"
            else:
                assert pydicom.dcmread(path).SOPInstanceUID == path.stem, path

    def settle(self, timeout=300):
        """Until everything is analysed and delivered."""
        return self.node.wait_idle(results=1, timeout=timeout)

    def audit(self):
        """Every promise, against the disk, the journal and the destination. Returns the figures."""
        self.check_spool()
        spool = self.node.folder / "data" / "spool"
        journal = Rows(self.node.folder / "data" / "journal.db")
        acknowledged = {instance for instances in self.acknowledged.values() for instance in instances}
        rows = journal("select sop_instance_uid, path, variant from instance")
        assert not [row for row in rows if row[2]], "an instance is there in two versions"
        paths = {row[0]: row[1] for row in rows}
        assert acknowledged <= set(paths), f"lost: {sorted(acknowledged - set(paths))}"
        for instance, path in paths.items():
            assert sha(files.data_set_bytes(spool / path)) == self.sent[instance], f"corrupt: {path}"
        jobs = journal("select s.study_instance_uid, j.state, j.failed, count(r.id) from job j "
                       "join study s on s.id = j.study_id left join result r on r.job_id = j.id group by j.id")
        assert len(jobs) == len({study for study, *_ in jobs}), "a study was analysed twice"
        for study, state, failed, results in jobs:
            kind = self._studies[study]
            assert (state, failed, results) == ("done", int(kind.failed), kind.results), (study, state, failed, results)
        whole = {study for study, instances in self.acknowledged.items()
                 if len(instances) == len(self._studies[study].templates)}
        assert whole == {study for study, *_ in jobs}, "not analysed, or analysed in part"
        made = dict(journal("select sop_instance_uid, path from result"))
        received = collections.defaultdict(list)
        for item in self.pacs.received():
            received[item.sop_instance].append(item)
        assert set(received) == set(made), (len(received), len(made))
        for uid, items in received.items():
            expected = files.data_set_bytes(spool / made[uid])
            assert all(item.bytes() == expected for item in items), f"{uid} was delivered with other bytes"
        repeated = sum(len(items) - 1 for items in received.values())
        kills_of_serve = sum(self.kills.values())
        assert repeated <= kills_of_serve, f"{repeated} repeated deliveries of {kills_of_serve} kills"
        assert journal("pragma integrity_check") == [("ok",)]
        assert journal("select count(*) from delivery where state <> 'delivered'") == [(0,)]
        known = {spool / path for path in [*paths.values(), *made.values()]}
        strangers = [path for path in self._seen if path.exists() and path not in known]
        assert not strangers, f"files that the journal does not know: {strangers[:5]}"
        parts = list(spool.rglob("*.part"))
        assert not parts, f"left behind: {parts[:5]}"
        return {"seed": self.seed, "kills": sum(self.kills.values()), "at": dict(sorted(self.kills.items())),
                "missed": dict(self.missed), "acknowledged": len(acknowledged), "studies": len(whole),
                "results": len(made), "repeated_deliveries": repeated}


def data_set_of(content):
    """What follows the File Meta Information (PS3.10 7.1)."""
    return content[144 + struct.unpack("<I", content[140:144])[0]:]


class Rows:
    """Looks into the journal beside the node."""

    def __init__(self, path):
        self._path = path

    def __call__(self, query):
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


def report(figures):
    return json.dumps(figures, indent=1)

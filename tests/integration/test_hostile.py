"""Whatever comes to the port: the live node stays up, gives nothing away, and honest traffic goes on beside it. Once with
the program as it is delivered, once with its serving part under AddressSanitizer (tests/hostile)."""
import os
import random
import socket
import statistics
import struct
import time

import pytest

from support import bad_files, files, hostile, tools
from support.process import memory_kb
from support.raw_dimse import ABORT, ASSOCIATE_AC, ASSOCIATE_RJ, DATA, RELEASE_RP, Ended, Peer, Rejected

SANITIZED = tools.BIN_DIR.parent / "sanitized" / "bin" / "calcnode"
# Leaks count: a node that leaks ends with another exit status. A small quarantine, so that memory can be judged.
ASAN = {"ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=8:malloc_context_size=8:detect_stack_use_after_return=0"}
TIMEOUT_S = 2  # of the node's peers
PATIENCE_S = TIMEOUT_S + 8  # a busy machine is late
LIMIT_KB = {"release": 64 * 1024, "sanitized": 160 * 1024}
LEAST_RATE, SERIES, ROUNDS, WINDOW_S = 0.8, 3, 8, 0.8
CANNOT_UNDERSTAND, DOES_NOT_MATCH, OUT_OF_RESOURCES, INVALID_INSTANCE = 0xC000, 0xA900, 0xA700, 0x0117


class Fort:
    """The node that all tests of this file attack, one after the other."""

    def __init__(self, stage, kind):
        self.kind = kind
        program = tools.CALCNODE if kind == "release" else SANITIZED
        assert program.exists(), f"{program} is not built"
        self.node = stage.node(start=False, analysis__workers=0, dicom__idle_timeout=f"{TIMEOUT_S}s",
                               dicom__associate_timeout=f"{TIMEOUT_S}s", dicom__max_object_bytes="2MiB",
                               dicom__called_ae_titles=["CALCNODE"],
                               dicom__calling_ae_titles=["HOSTILE", "MODALITY", "RAWPEER"])
        self.node.program, self.node.environment = program, ASAN if kind == "sanitized" else {}
        self.node.start()
        self.port = self.node.port
        self._pid = self.node.pid
        self.honest = 0  # objects that were acknowledged
        assert tools.echoscu(self.node).returncode == 0  # loads what every association needs
        self.node.status()  # opens the journal for it
        time.sleep(0.5)
        self.before = self.measures()

    def measures(self):
        """(resident kB, open descriptors, threads)"""
        return (memory_kb(self._pid, "VmRSS"), len(os.listdir(f"/proc/{self._pid}/fd")),
                len(os.listdir(f"/proc/{self._pid}/task")))

    def check(self):
        assert self.node.is_running() and self.node.pid == self._pid, self.node.log_tail()
        assert tools.echoscu(self.node).returncode == 0, self.node.log_tail()
        assert self.node.http("/health/ready")[0] == 200
        assert self.node.status()["instances"] == self.honest, "something hostile was stored"

    def await_quiet(self):
        """Until nothing is connected any more: descriptors and threads are what they were."""
        tools.wait_until(lambda: self.measures()[1] <= self.before[1] and self.node.status()["associations"] == 0,
                         PATIENCE_S, lambda: f"descriptors and threads to go: {self.before} -> {self.measures()}")

    def log_since(self, mark):
        return self.node.log()[mark:]


@pytest.fixture(scope="module", params=["release", "sanitized"])
def shared_fort(request, module_stage):
    return Fort(module_stage, request.param)


@pytest.fixture
def fort(shared_fort):
    yield shared_fort
    shared_fort.check()


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return files.small_object(tmp_path_factory.mktemp("good") / "good.dcm", "good", rows=68, columns=68)


def legal_answer(answer):
    """What may come back (PS3.8 9.3.1): nothing but whole PDUs of these kinds, and no Success for a C-STORE."""
    for kind, body in answer:
        assert kind in (ASSOCIATE_AC, ASSOCIATE_RJ, DATA, RELEASE_RP, ABORT), kind
    return [kind for kind, _ in answer]


def test_openings(fort):
    for path in hostile.corpus("associate", "opening-*"):
        kinds = legal_answer(hostile.converse(fort.port, path.read_bytes(), PATIENCE_S))
        # Nothing, or one answer; a peer that hung up after an accepted request may be told of the abort, too.
        assert kinds[:1] in ([], [ASSOCIATE_AC], [ASSOCIATE_RJ], [ABORT]) and len(kinds) <= 2, (path.name, kinds)


@pytest.mark.parametrize("first, reason", [
    (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", "HTTP request"),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP request"),
    ((hostile.CORPUS / "associate" / "opening-tls").read_bytes(), "TLS ClientHello"),
    ((hostile.CORPUS / "associate" / "opening-ssh").read_bytes(), "unknown protocol"),
    ((hostile.CORPUS / "associate" / "opening-data_first").read_bytes(), "DICOM, but no A-ASSOCIATE-RQ first"),
    (b"\1\0" + struct.pack(">I", 0xFFFFFFFF) + bytes(1000), "A-ASSOCIATE-RQ too long"),
], ids=["http", "http2", "tls", "ssh", "data_first", "four_gigabytes"])
def test_what_is_no_dicom_is_named_in_the_log(fort, first, reason):
    mark = len(fort.node.log())
    assert hostile.converse(fort.port, first, PATIENCE_S, hang_up=False) == []
    tools.wait_until(lambda: reason in fort.log_since(mark), 5, reason)
    assert "connection_closed" in fort.log_since(mark) and hostile.ATTACKER in fort.log_since(mark)


def test_breaches_of_an_association(fort):
    for path in hostile.corpus("association", "b*"):
        answer = hostile.converse(fort.port, path.read_bytes(), PATIENCE_S)
        kinds = legal_answer(answer)
        assert kinds[0] == ASSOCIATE_AC, (path.name, kinds)
        assert kinds[-1] == ABORT or len(kinds) <= 3, (path.name, kinds)


def test_random_bytes(fort):
    noise = random.Random(20)
    for length in (1, 2, 5, 6, 7, 100, 5000, 200000):
        hostile.converse(fort.port, noise.randbytes(length), PATIENCE_S)
        legal_answer(hostile.converse(fort.port, hostile.opening() + noise.randbytes(length), PATIENCE_S))


@pytest.mark.parametrize("where", hostile.STALLS)
def test_who_stalls_is_let_go(fort, where):
    """Half open: all but the last byte of a PDU, and then nothing."""
    whole, unfinished = hostile.STALLS[where]
    started = time.monotonic()
    with hostile.connect(fort.port) as connection:
        connection.sendall(whole + unfinished[:-1])
        kinds = legal_answer(hostile.pdus(hostile.read_to_end(connection, PATIENCE_S)))
    assert time.monotonic() - started > 0.8 * TIMEOUT_S, "ended before its time"
    assert kinds[1:] in ([], [ABORT]), kinds


@pytest.mark.parametrize("where", [name for name, (_, unfinished) in hostile.STALLS.items() if unfinished])
def test_slow_loris(fort, where):
    """A byte now and then, never silent for long: a PDU as a whole has the time that silence has."""
    whole, unfinished = hostile.STALLS[where]
    # So slow that the PDU would take six times what is allowed.
    pause = 6 * TIMEOUT_S / min(len(unfinished), 20)
    started, sent = time.monotonic(), 0
    with hostile.connect(fort.port) as connection:
        connection.sendall(whole)
        connection.settimeout(pause)
        said, ended = b"", False
        while not ended:
            assert time.monotonic() - started < PATIENCE_S, f"{where}: still listened to after {sent} bytes"
            try:
                if sent < len(unfinished) - 1:
                    connection.sendall(unfinished[sent:sent + 1])
                    sent += 1
                piece = connection.recv(4096)
                said, ended = said + piece, not piece
            except socket.timeout:
                pass
            except OSError:
                ended = True
    assert sent < len(unfinished) - 1, "all was heard: the test is too fast"
    legal_answer(hostile.pdus(said))


def test_lengths_of_gigabytes_allocate_nothing(fort):
    """200 connections announce 4 GB each, in every place where a length stands, and wait."""
    four_gigabytes = b"\xff\xff\xff\xff"
    announcements = [b"\1\0" + four_gigabytes,
                     b"\1\0\0\1\0\0" + bytes(100),  # 64 KiB, the most that is waited for
                     hostile.opening() + b"\4\0" + four_gigabytes,
                     hostile.opening() + struct.pack(">BBI", 4, 0, 131072) + four_gigabytes + b"\3\3",
                     hostile.opening() + hostile.pdv(struct.pack("<HHI", 0, 0, 0xFFFFFFFE), 1)]
    before = fort.measures()[0]
    held = []
    for k in range(200):
        connection = hostile.connect(fort.port)
        held.append(connection)
        try:
            connection.sendall(announcements[k % len(announcements)])
        except OSError:
            pass
    time.sleep(0.3)
    rise = fort.measures()[0] - before
    for connection in held:
        connection.close()
    # An association that was let in has a buffer of the PDU length that we announced: 128 KiB, for 64 of them.
    assert rise < 32 * 1024, f"{rise} kB"
    fort.await_quiet()


def test_an_object_without_end_is_refused_where_the_limit_is(fort):
    with Peer(fort.port, hostile.STORAGE) as peer:
        status = peer.store(files.FOR_PRESENTATION, "1.2.3.4", b"\x08\0\x16\0UI\2\x001\0" + bytes(5 << 20))
        assert status == OUT_OF_RESOURCES
        assert peer.store(files.FOR_PRESENTATION, "1.2.3.4", b"") == CANNOT_UNDERSTAND  # the association lives
        peer.release()


@pytest.mark.parametrize("levels", [10, 600, 30000])
def test_sequences_nested_in_a_command_set(fort, levels):
    """DCMTK's storescp 3.6.7 dies of 30,000."""
    with Peer(fort.port, hostile.STORAGE) as peer:
        with pytest.raises(Ended):
            peer.send_command(bad_files.nested_command_set(levels))
            peer.receive_command()


@pytest.mark.parametrize("levels", [100, 10000])
def test_sequences_nested_in_a_data_set(fort, good, levels):
    with Peer(fort.port, hostile.STORAGE) as peer:
        instance = files.uid("small", "good")
        assert peer.store(files.FOR_PRESENTATION, instance, bad_files.nested_data_set(good, levels)) == CANNOT_UNDERSTAND
        peer.release()


def test_data_sets_that_lie(fort):
    """The corpus of the structure scan, each as the data set of a C-STORE."""
    for path in hostile.corpus("dataset", "bad-*") + hostile.corpus("dataset", "b*"):
        content = path.read_bytes()
        data = content[144 + struct.unpack("<I", content[140:144])[0]:] if content[128:132] == b"DICM" else content
        with Peer(fort.port, hostile.STORAGE) as peer:
            status = peer.store(files.FOR_PRESENTATION, "1.2.3.4", data)
            assert status in (CANNOT_UNDERSTAND, DOES_NOT_MATCH), (path.name, hex(status))
            peer.release()


def test_a_data_set_of_another_command(fort, good):
    content = files.data_set_bytes(good)
    contexts = [*hostile.STORAGE, (files.FOR_PROCESSING, files.EXPLICIT_LITTLE)]
    instance = files.uid("small", "good")
    with Peer(fort.port, contexts) as peer:
        assert peer.store(files.FOR_PRESENTATION, "1.2.3.4", content) == DOES_NOT_MATCH
        assert peer.store(files.FOR_PRESENTATION, instance, content, context=3) == DOES_NOT_MATCH
        assert peer.store(files.FOR_PROCESSING, instance, content, context=3) == DOES_NOT_MATCH
        assert peer.store(files.CT_IMAGE, instance, content) == DOES_NOT_MATCH
        peer.release()


@pytest.mark.parametrize("calling, called, reason", [("MODALITY", "ARCHIVE", 7), ("MODALITY", "calcnode", 7), ("MODALITY", "", 7),
                                                     ("STRANGER", "CALCNODE", 3), ("../../etc", "CALCNODE", 3)])
def test_wrong_ae_titles(fort, calling, called, reason):
    """Rejected for good, with the reason of PS3.8 Table 9-21."""
    with pytest.raises(Rejected) as rejection:
        Peer(fort.port, hostile.STORAGE, calling=calling, called=called)
    assert (rejection.value.result, rejection.value.source, rejection.value.reason) == (1, 1, reason)


@pytest.mark.parametrize("name", hostile.BAD_UIDS)
def test_uids_that_are_none(fort, good, name):
    value = hostile.BAD_UIDS[name]
    outside = {path for path in fort.node.folder.parent.rglob("*")}
    with Peer(fort.port, hostile.STORAGE) as peer:
        peer.send_command(hostile.store_command(value))
        peer.send_data(files.data_set_bytes(good))
        try:
            status = hostile.status_of_store(peer)
            assert status in (INVALID_INSTANCE, DOES_NOT_MATCH, CANNOT_UNDERSTAND), hex(status)
        except Ended:
            return  # a command set that cannot be read
        for tag in ((0x0008, 0x0018), (0x0020, 0x000D), (0x0020, 0x000E)):
            instance = files.uid("small", "good")
            status = peer.store(files.FOR_PRESENTATION, instance, hostile.with_uid(good, tag, value))
            assert status in (CANNOT_UNDERSTAND, DOES_NOT_MATCH), (tag, hex(status))
        peer.release()
    made = {path for path in fort.node.folder.parent.rglob("*")} - outside
    assert not [path for path in made if "evil" in str(path) or "passwd" in str(path) or "instances" in path.parts and path.is_file()]


def test_a_thousand_connections_at_once(fort):
    """They say nothing; a modality that comes after them is served at once, no thread is theirs, and all are gone soon."""
    threads = fort.measures()[2]
    held = []
    try:
        for _ in range(1000):
            held.append(hostile.connect(fort.port))
        started = time.monotonic()
        with Peer(fort.port) as peer:
            assert peer.echo() == 0
            peer.release()
        took = time.monotonic() - started
        assert fort.measures()[2] <= threads + 2
    finally:
        for connection in held:
            connection.close()
    assert took < TIMEOUT_S, f"an echo took {took:.1f} s"
    fort.await_quiet()


def test_honest_traffic_goes_on(fort, good, record_property):
    """Stores a second with the crowd and without, in turns, so that whatever else the machine does is on both sides; once
    more when that was not enough, since a machine that is busy with something else is not constant for long."""
    traffic, crowd = hostile.Traffic(fort.port, good), hostile.Crowd(fort.port, good)
    ratios = []
    while len(ratios) < SERIES and max(ratios, default=0) < LEAST_RATE:
        ratios.append(rate_beside(crowd, traffic, fort.kind))
    fort.honest += traffic.acknowledged
    assert not crowd.errors()
    record_property("ratios", ratios)
    assert max(ratios) >= LEAST_RATE, ratios


def rate_beside(crowd, traffic, kind):
    """The median rate of honest traffic beside the crowd, as a part of that without."""
    quiet, attacked, acts = [], [], crowd.acts
    traffic.run(0.5)
    for _ in range(ROUNDS):
        quiet.append(traffic.run(WINDOW_S))
        with crowd:
            time.sleep(0.2)
            attacked.append(traffic.run(WINDOW_S))
    acts = crowd.acts - acts
    ratio = statistics.median(attacked) / statistics.median(quiet)
    print(f"{kind}: {statistics.median(quiet):.0f} stores a second, {statistics.median(attacked):.0f} beside "
          f"{acts / (ROUNDS * (WINDOW_S + 0.2)):.0f} hostile acts a second: {100 * ratio:.0f} %; turned away "
          f"{traffic.turned_away} times")
    assert acts > ROUNDS * WINDOW_S * 10, "that was no attack"
    return ratio


def test_nothing_is_left_of_it_all(fort, record_property):
    """Memory, descriptors and threads after everything above."""
    fort.await_quiet()
    memory, descriptors, threads = fort.measures()
    rise = memory_kb(fort.node.pid, "VmHWM") - fort.before[0]
    print(f"{fort.kind}: resident {fort.before[0]} -> {memory} kB, most {rise} kB more; descriptors {fort.before[1]} -> "
          f"{descriptors}; threads {fort.before[2]} -> {threads}")
    record_property("rise_kb", rise)
    assert rise < LIMIT_KB[fort.kind]
    assert threads <= fort.before[2] + 1


def test_it_ends_as_it_should(shared_fort):
    """Last: exit status 0, which AddressSanitizer gives to a process without errors and leaks only."""
    shared_fort.node.stop()
    assert "AddressSanitizer" not in shared_fort.node.log() and "LeakSanitizer" not in shared_fort.node.log()

"""What no honest peer sends, and a crowd of peers that send it. The inputs are those of tests/fuzz/corpus, so that what
fuzzing found goes to a live node, too; what would be too big for a corpus is made here."""
import multiprocessing
import os
import random
import socket
import struct
import threading
import time

from support import bad_files, files, tools
from support.raw_dimse import HAS_DATA_SET, STORE_RQ, Ended, Peer, Rejected, command_set, element, status_of

CORPUS = tools.REPOSITORY / "tests" / "fuzz" / "corpus"
ATTACKER = "127.0.0.2"  # Linux: every address of 127/8 is ours; so that the log tells them apart
STORAGE = [(files.FOR_PRESENTATION, files.EXPLICIT_LITTLE)]


def corpus(target, kind="*"):
    """[path]: the kept inputs of a fuzz target whose names begin with `kind`."""
    found = sorted((CORPUS / target).glob(kind))
    assert found, (target, kind)
    return found


def connect(port, timeout=10):
    return socket.create_connection(("127.0.0.1", port), timeout=timeout, source_address=(ATTACKER, 0))


def read_to_end(connection, patience):
    """What the node still says until it ends the connection; fails when it does not within `patience` seconds."""
    deadline, said = time.monotonic() + patience, b""
    while True:
        left = deadline - time.monotonic()
        assert left > 0, f"the node holds on to the connection after {patience} s; it said {said[:80]!r}"
        connection.settimeout(left)
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return said
        except socket.timeout:
            continue
        if not piece:
            return said
        said += piece


def converse(port, data, patience=10, hang_up=True):
    """Sends bytes and returns the PDUs that come back: [(type, body)]."""
    with connect(port) as connection:
        try:
            connection.sendall(data)
            if hang_up:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it would not hear all of it
        return pdus(read_to_end(connection, patience))


def pdus(said):
    found, at = [], 0
    while at < len(said):
        assert len(said) >= at + 6, said
        kind, _, length = struct.unpack(">BBI", said[at:at + 6])
        assert at + 6 + length <= len(said), (kind, length, len(said))
        found.append((kind, said[at + 6:at + 6 + length]))
        at += 6 + length
    return found


def opening():
    """An A-ASSOCIATE-RQ that is accepted: Verification and mammography."""
    whole = (CORPUS / "association" / "breach-accept").read_bytes()
    return whole[:6 + struct.unpack(">I", whole[2:6])[0]]


def pdv(data, control, context=3):
    """A P-DATA-TF PDU with one PDV."""
    return struct.pack(">BBIIBB", 4, 0, len(data) + 6, len(data) + 2, context, control) + data


STORE = command_set(STORE_RQ, files.FOR_PRESENTATION, "1.2.3.4", HAS_DATA_SET)

# Where a connection can stop: (what was sent whole, the PDU that is never finished).
STALLS = {
    "nothing": (b"", b""),
    "associate_request": (b"", opening()),
    "associated": (opening(), b""),
    "command": (opening(), pdv(STORE, 3)),
    "data_set": (opening() + pdv(STORE, 3), pdv(bytes(4000), 2)),
    "release": (opening(), bytes([5, 0, 0, 0, 0, 4, 0, 0, 0, 0])),
    "abort": (opening(), bytes([7, 0, 0, 0, 0, 4, 0, 0, 0, 0])),
}

# UIDs that must name no file and stand in no row (PS3.5 9.1).
BAD_UIDS = {
    "path": b"../../../../tmp/evil",
    "slashes": b"1.2/../../3",
    "absolute": b"/etc/passwd",
    "nul_inside": b"1.2.3\x00.4/x",
    "only_nuls": b"\x00\x00\x00\x00",
    "control_characters": b"1.2\n3\x1b[2J.4",
    "letters": b"1.2.urn:uuid",
    "quote": b"1.2';drop table instance;--",
    "too_long": b"1." + b"2" * 63 + b"3",
    "not_ascii": b"1.2.\xff\xfe",
    "backslashes": b"1.2\\3.4",
}


def padded(value):
    return value + b"\0" * (len(value) % 2)


def store_command(sop_instance):
    """C-STORE-RQ with any bytes for the SOP Instance UID."""
    whole = command_set(STORE_RQ, files.FOR_PRESENTATION, None, HAS_DATA_SET)
    return whole + element(0, 0x1000, padded(sop_instance))


def status_of_store(peer):
    """The status of a C-STORE that was sent by hand."""
    return status_of(peer.receive_command())


def with_uid(good, number, value):
    """The data set of a file with these bytes as the value of (0008,0018), (0020,000D) or (0020,000E)."""
    content = files.data_set_bytes(good)
    group, tag = number
    start = content.index(struct.pack("<HH2s", group, tag, b"UI"))
    length = struct.unpack("<H", content[start + 6:start + 8])[0]
    value = padded(value)
    return content[:start + 6] + struct.pack("<H", len(value)) + value + content[start + 8 + length:]


class Crowd:
    """Peers that attack a node, one act after the other on a few threads of a process of their own, inside a `with`. Every
    act is meant to end badly; what the node does with it is judged by other tests: here is looked at what it does to
    others. The peers of a node have processors of their own; these share the node's, and so step back (nice, pauses)."""

    THREADS = 3
    PAUSE_S = 0.02  # between two acts of a thread
    NICE = 15

    def __init__(self, port, good):
        self._port = port
        self._inputs = [path.read_bytes() for target in ("associate", "association") for path in corpus(target)]
        self._nested = bad_files.nested_command_set(500)
        self._nested_data = bad_files.nested_data_set(good, 2000)
        self._fork = multiprocessing.get_context("fork")
        self._acts = self._fork.Value("i", 0)
        self._errors = self._fork.SimpleQueue()
        self._stop = self._process = None

    @property
    def acts(self):
        return self._acts.value

    def errors(self):
        found = []
        while not self._errors.empty():
            found.append(self._errors.get())
        return found

    def __enter__(self):
        self._stop = self._fork.Event()
        self._process = self._fork.Process(target=self._run, daemon=True)
        self._process.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._process.join()

    def _run(self):
        os.nice(self.NICE)
        threads = [threading.Thread(target=self._work, args=(k,)) for k in range(self.THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, number):
        choose = random.Random(f"{number} {self.acts}")
        held = []
        try:
            while not self._stop.wait(self.PAUSE_S):
                try:
                    choose.choice([self._corpus, self._corpus, self._noise, self._hold, self._nest, self._half])(choose, held)
                except (OSError, Ended, Rejected):
                    pass  # as it should be
                with self._acts.get_lock():
                    self._acts.value += 1
                while len(held) > 40:
                    held.pop(0).close()
        except Exception as error:  # looked at by the test
            self._errors.put(repr(error))
        finally:
            for connection in held:
                connection.close()

    def _corpus(self, choose, held):
        converse(self._port, choose.choice(self._inputs))

    def _noise(self, choose, held):
        converse(self._port, choose.randbytes(choose.randrange(1, 3000)))

    def _hold(self, choose, held):
        """Stops in the middle of a PDU and stays connected."""
        whole, unfinished = STALLS[choose.choice(["nothing", "associate_request"])]
        connection = connect(self._port)
        held.append(connection)
        connection.sendall(whole + unfinished[:choose.randrange(len(unfinished) + 1)])

    def _nest(self, choose, held):
        with Peer(self._port, STORAGE, calling="HOSTILE") as peer:
            if choose.random() < 0.5:
                peer.send_command(self._nested)
                peer.receive_command()
            else:
                peer.store(files.FOR_PRESENTATION, "1.2.3", self._nested_data)

    def _half(self, choose, held):
        """Hangs up in the middle of a data set."""
        with Peer(self._port, STORAGE, calling="HOSTILE") as peer:
            peer.send_command(store_command(b"1.2.3.5"))
            peer.send_bytes(pdv(bytes(4000), 0, context=1)[:choose.randrange(4000)])


class Traffic:
    """An honest modality that stores small images as fast as it can, ten an association."""

    AN_ASSOCIATION = 10

    def __init__(self, port, good):
        self._port = port
        self._content = files.data_set_bytes(good)
        self._instance = files.uid("small", "good").encode()
        self._sent = 0
        self.acknowledged = 0
        self.turned_away = 0

    def run(self, seconds):
        """Stores for so long; returns objects acknowledged a second."""
        started, before = time.monotonic(), self.acknowledged
        while time.monotonic() - started < seconds:
            try:
                with Peer(self._port, STORAGE, calling="MODALITY") as peer:
                    for _ in range(self.AN_ASSOCIATION):
                        self._store(peer)
                    peer.release()
            except Rejected as rejection:
                assert rejection.result == 2, rejection  # transient: tried again, and that costs rate
                self.turned_away += 1
        return (self.acknowledged - before) / (time.monotonic() - started)

    def _store(self, peer):
        self._sent += 1
        instance = f"2.25.1{self._sent:0{len(self._instance) - 6}d}"
        status = peer.store(files.FOR_PRESENTATION, instance, self._content.replace(self._instance, instance.encode()))
        assert status == 0, f"honest traffic got status {status:04X}"
        self.acknowledged += 1

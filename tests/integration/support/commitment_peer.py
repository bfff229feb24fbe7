"""Storage commitment (PS3.4 Annex J) spoken by hand: a PACS that says what a test wants of it, and a sender that asks.
The bytes are made and read by pydicom, which shares no code with the node."""
import io
import socket
import struct
import threading

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from support import raw_dimse
from support.ports import free_port

PUSH_MODEL, INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
STORE_RQ, ACTION_RQ, EVENT_REPORT_RQ, RESPONSE = 0x0001, 0x0130, 0x0100, 0x8000
NO_SUCH_OBJECT = 0x0112


def encode(dataset):
    """Implicit VR Little Endian, without meta information: the one syntax that these peers agree on."""
    out = DicomBytesIO()
    out.is_little_endian = out.is_implicit_VR = True
    write_dataset(out, dataset)
    return out.parent.getvalue()


def decode(data):
    return dcmread(io.BytesIO(data), force=True)


def reference(sop_class, sop_instance, reason=None):
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_instance
    if reason is not None:
        item.FailureReason = reason
    return item


def request_data_set(transaction, references):
    """`references`: (class, instance) pairs."""
    dataset = Dataset()
    dataset.TransactionUID = transaction
    dataset.ReferencedSOPSequence = Sequence([reference(*one) for one in references])
    return encode(dataset)


def report_data_set(transaction, committed, failed=()):
    dataset = Dataset()
    dataset.TransactionUID = transaction
    if committed:
        dataset.ReferencedSOPSequence = Sequence([reference(*one) for one in committed])
    if failed:
        dataset.FailedSOPSequence = Sequence([reference(*one, NO_SUCH_OBJECT) for one in failed])
    return encode(dataset)


def command(elements):
    """{element number: value} of group 0000; texts are UIDs, numbers US."""
    body = b""
    for number, value in sorted(elements.items()):
        if isinstance(value, str):
            value = value.encode() + b"\0" * (len(value) % 2)
        else:
            value = struct.pack("<H", value)
        body += raw_dimse.element(0, number, value)
    return raw_dimse.element(0, 0, struct.pack("<I", len(body))) + body


def elements_of(data):
    """The opposite."""
    found, at = {}, 0
    while at < len(data):
        _, number, length = struct.unpack("<HHI", data[at:at + 8])
        value = data[at + 8:at + 8 + length]
        found[number] = struct.unpack("<H", value)[0] if length == 2 else value.rstrip(b"\0 ").decode(errors="replace")
        at += 8 + length
    return found


def event_command(failed, message_id=1):
    return command({0x0002: PUSH_MODEL, 0x0100: EVENT_REPORT_RQ, 0x0110: message_id, 0x0800: 1, 0x1000: INSTANCE,
                    0x1002: 2 if failed else 1})


def ask(port, transaction, references, calling="RAWPEER"):
    """N-ACTION, and a release right after its response; returns the status."""
    with raw_dimse.Peer(port, [(PUSH_MODEL, raw_dimse.IMPLICIT_LITTLE)], calling=calling) as peer:
        peer.send_command(command({0x0003: PUSH_MODEL, 0x0100: ACTION_RQ, 0x0110: 1, 0x0800: 1, 0x1001: INSTANCE,
                                   0x1008: 1}))
        peer.send_data(request_data_set(transaction, references))
        status = raw_dimse.status_of(peer.receive_command())
        peer.release()
        return status


def tell(port, transaction, committed, failed=(), calling="PACS"):
    """N-EVENT-REPORT on an association of the PACS's own; returns the status that the node answers."""
    with raw_dimse.Peer(port, [(PUSH_MODEL, raw_dimse.IMPLICIT_LITTLE)], calling=calling,
                        roles=[(PUSH_MODEL, 0, 1)]) as peer:
        peer.send_command(event_command(failed))
        peer.send_data(report_data_set(transaction, committed, failed))
        status = raw_dimse.status_of(peer.receive_command())
        peer.release()
        return status


class CommitmentPacs:
    """Stores everything, keeps nothing but the UIDs. `on_request(pacs, request)` is called for each N-ACTION with a
    Request; what it returns, (committed, failed), is reported on the same association; None: nothing is. It also takes
    N-EVENT-REPORTs, as a sender that has asked."""

    ae_title = "PACS"
    profile = {}  # nothing to say of it beside its address

    def __init__(self, on_request=None):
        self.port = free_port()
        self.stored = []    # (class, instance) in the order of their C-STOREs
        self.requests = []
        self.event_statuses = []
        self.reports = []   # data sets that it was told
        self._on_request = on_request
        self._listener = None

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def stop(self):
        if self._listener:
            self._listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._association, args=(connection,), daemon=True).start()

    def _association(self, connection):
        with connection:
            try:
                acceptor = Acceptor(connection)
                while acceptor.next():
                    self._answer(acceptor)
            except (OSError, raw_dimse.Ended):
                pass

    def _answer(self, acceptor):
        asked = acceptor.command
        if asked[0x0100] == STORE_RQ:
            self.stored.append((asked[0x0002], asked[0x1000]))
            acceptor.respond(asked, {0x0002: asked[0x0002], 0x1000: asked[0x1000]})
        elif asked[0x0100] == ACTION_RQ:
            request = Request(asked, decode(acceptor.data))
            self.requests.append(request)
            acceptor.respond(asked, {0x0002: PUSH_MODEL, 0x1000: INSTANCE})
            result = self._on_request(self, request)
            if result is not None:
                acceptor.send(event_command(result[1], 7), report_data_set(request.transaction, *result))
        elif asked[0x0100] == EVENT_REPORT_RQ:
            self.reports.append(decode(acceptor.data))
            acceptor.respond(asked, {0x0002: PUSH_MODEL, 0x1000: INSTANCE, 0x1002: asked[0x1002]})
        elif asked[0x0100] == EVENT_REPORT_RQ | RESPONSE:
            self.event_statuses.append(asked[0x0900])


class Request:
    def __init__(self, elements, dataset):
        self.elements = elements
        self.transaction = str(dataset.TransactionUID)
        self.references = [(str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID))
                           for item in dataset.ReferencedSOPSequence]


def item(kind, value):
    return struct.pack(">BBH", kind, 0, len(value)) + value


def items_of(data):
    """(type, value) of a run of items (PS3.8 9.3.2)."""
    found, at = [], 0
    while at < len(data):
        kind, _, length = struct.unpack(">BBH", data[at:at + 4])
        found.append((kind, data[at + 4:at + 4 + length]))
        at += 4 + length
    return found


class Acceptor:
    """The acceptor's side of one association: takes every context, in Implicit VR Little Endian where that is proposed, else
    in the first syntax."""

    def __init__(self, connection):
        self._connection = connection
        self._context = 0
        self.command, self.data = {}, b""
        kind, body = self._pdu()
        assert kind == 1, kind
        items = b"".join(self._accept(value) for kind, value in items_of(body[68:]) if kind == 0x20)
        user = item(0x51, struct.pack(">I", 65536))
        self._send(2, body[:68] + item(0x10, raw_dimse.APPLICATION_CONTEXT.encode()) + items + item(0x50, user))

    @staticmethod
    def _accept(context):
        syntaxes = [value for kind, value in items_of(context[4:]) if kind == 0x40]
        implicit = raw_dimse.IMPLICIT_LITTLE.encode()
        chosen = implicit if implicit in syntaxes else syntaxes[0]
        return item(0x21, bytes([context[0], 0, 0, 0]) + item(0x40, chosen))

    def next(self):
        """The next message into .command and .data; false when the association was released."""
        parts = {1: b"", 0: b""}
        wanted = [1]
        while wanted:
            kind, body = self._pdu()
            if kind == 5:
                self._send(6, bytes(4))
                return False
            if kind != 4:
                raise raw_dimse.Ended(f"PDU type {kind}")
            at = 0
            while at < len(body):
                length, self._context, control = struct.unpack(">IBB", body[at:at + 6])
                parts[control & 1] += body[at + 6:at + 4 + length]
                at += 4 + length
                if control & 2:
                    wanted.pop(0)
                    if control & 1:
                        self.command = elements_of(parts[1])
                        if self.command[0x0800] != 0x0101:
                            wanted.append(0)
        self.data = parts[0]
        return True

    def respond(self, asked, elements, status=0):
        self.send(command({0x0100: asked[0x0100] | RESPONSE, 0x0120: asked[0x0110], 0x0800: 0x0101, 0x0900: status,
                           **elements}))

    def send(self, command_bytes, data=b""):
        self._send(4, struct.pack(">IBB", len(command_bytes) + 2, self._context, 3) + command_bytes)
        if data:
            self._send(4, struct.pack(">IBB", len(data) + 2, self._context, 2) + data)

    def _send(self, kind, body):
        self._connection.sendall(struct.pack(">BBI", kind, 0, len(body)) + body)

    def _pdu(self):
        kind, _, length = struct.unpack(">BBI", self._receive(6))
        return kind, self._receive(length)

    def _receive(self, count):
        data = b""
        while len(data) < count:
            piece = self._connection.recv(count - len(data))
            if not piece:
                raise raw_dimse.Ended("connection closed")
            data += piece
        return data

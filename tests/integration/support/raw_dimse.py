"""A DICOM peer that sends whatever it is told to: for bytes that no honest program sends (PS3.8, PS3.7)."""
import socket
import struct

VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"

ASSOCIATE_AC, ASSOCIATE_RJ, DATA, RELEASE_RQ, RELEASE_RP, ABORT = 2, 3, 4, 5, 6, 7
STORE_RQ, ECHO_RQ = 0x0001, 0x0030
HAS_DATA_SET, NO_DATA_SET = 0x0000, 0x0101


class Rejected(Exception):
    """A-ASSOCIATE-RJ: (result, source, reason), PS3.8 Table 9-21."""

    def __init__(self, body):
        super().__init__(tuple(body[1:4]))
        self.result, self.source, self.reason = body[1], body[2], body[3]


class Ended(Exception):
    """The node aborted the association or closed the connection."""


class Peer:
    """One association; a context manager. `contexts`: (abstract syntax, transfer syntax) pairs, ids 1, 3, 5 ...; `roles`:
    (SOP class, SCU role, SCP role) triples."""

    def __init__(self, port, contexts=((VERIFICATION, IMPLICIT_LITTLE),), calling="RAWPEER", called="CALCNODE",
                 roles=()):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pending = b""
        try:
            self.accepted = self._associate(contexts, calling, called, roles)
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def store(self, sop_class, sop_instance, data_set, context=1):
        """C-STORE; returns the status that was answered."""
        self.send_command(command_set(STORE_RQ, sop_class, sop_instance, HAS_DATA_SET), context)
        self.send_data(data_set, context)
        return status_of(self.receive_command())

    def echo(self, context=1):
        self.send_command(command_set(ECHO_RQ, VERIFICATION, None, NO_DATA_SET), context)
        return status_of(self.receive_command())

    def send_command(self, command, context=1):
        self._send_fragments(command, context, 1)

    def send_data(self, data_set, context=1):
        self._send_fragments(data_set, context, 0)

    def send_bytes(self, data):
        self._socket.sendall(data)

    def release(self):
        self._send_pdu(RELEASE_RQ, bytes(4))
        kind, _ = self._receive_pdu()
        assert kind == RELEASE_RP, kind

    def receive_command(self):
        command = b""
        while True:
            kind, body = self._receive_pdu()
            if kind != DATA:
                raise Ended(f"PDU type {kind}")
            at = 0
            while at < len(body):
                length, _, control = struct.unpack(">IBB", body[at:at + 6])
                assert control & 1, "a data set came where a command should"
                command += body[at + 6:at + 4 + length]
                at += 4 + length
                if control & 2:
                    return command

    def _associate(self, contexts, calling, called, roles):
        items = _item(0x10, APPLICATION_CONTEXT.encode())
        for index, (abstract, transfer) in enumerate(contexts):
            syntaxes = _item(0x30, abstract.encode()) + _item(0x40, transfer.encode())
            items += _item(0x20, bytes([2 * index + 1, 0, 0, 0]) + syntaxes)
        user = _item(0x51, struct.pack(">I", 65536)) + _item(0x52, b"1.2.826.0.1.3680043.9.3811.9.9")
        for sop_class, scu, scp in roles:  # PS3.7 D.3.3.4
            user += _item(0x54, struct.pack(">H", len(sop_class)) + sop_class.encode() + bytes([scu, scp]))
        body = (struct.pack(">HH", 1, 0) + called.encode().ljust(16) + calling.encode().ljust(16) + bytes(32) + items
                + _item(0x50, user))
        self._send_pdu(1, body)
        kind, answer = self._receive_pdu()
        if kind == ASSOCIATE_RJ:
            raise Rejected(answer)
        assert kind == ASSOCIATE_AC, kind
        return _accepted_contexts(answer[68:])

    def _send_fragments(self, data, context, control, longest=16000):
        pieces = range(0, max(len(data), 1), longest)
        for at in pieces:
            piece = data[at:at + longest]
            last = 2 if at + longest >= len(data) else 0
            self._send_pdu(DATA, struct.pack(">IBB", len(piece) + 2, context, control | last) + piece)

    def _send_pdu(self, kind, body):
        try:
            self._socket.sendall(struct.pack(">BBI", kind, 0, len(body)) + body)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Ended(str(error)) from error

    def _receive_pdu(self):
        kind, _, length = struct.unpack(">BBI", self._receive(6))
        return kind, self._receive(length)

    def _receive(self, count):
        data = b""
        while len(data) < count:
            try:
                piece = self._socket.recv(count - len(data))
            except ConnectionResetError as error:
                raise Ended(str(error)) from error
            if not piece:
                raise Ended("connection closed")
            data += piece
        return data


def element(group, number, value):
    return struct.pack("<HHI", group, number, len(value)) + value


def command_set(field, sop_class, sop_instance, data_set_type, message_id=1):
    """Implicit VR Little Endian, with the group length in front (PS3.7 6.3.1)."""
    body = element(0, 0x0002, _padded(sop_class)) + element(0, 0x0100, struct.pack("<H", field))
    body += element(0, 0x0110, struct.pack("<H", message_id))
    if field == STORE_RQ:
        body += element(0, 0x0700, struct.pack("<H", 0))
    body += element(0, 0x0800, struct.pack("<H", data_set_type))
    if sop_instance:
        body += element(0, 0x1000, _padded(sop_instance))
    return element(0, 0, struct.pack("<I", len(body))) + body


def status_of(command):
    """(0000,0900) of a response."""
    at = 0
    while at < len(command):
        group, number, length = struct.unpack("<HHI", command[at:at + 8])
        if (group, number) == (0, 0x0900):
            return struct.unpack("<H", command[at + 8:at + 10])[0]
        at += 8 + length
    raise AssertionError("a response without a status")


def _padded(uid):
    value = uid.encode()
    return value + b"\0" * (len(value) % 2)


def _item(kind, body):
    return struct.pack(">BBH", kind, 0, len(body)) + body


def _accepted_contexts(items):
    """{context id: transfer syntax} of the contexts with result 0 (acceptance), PS3.8 9.3.3.2."""
    accepted, at = {}, 0
    while at + 4 <= len(items):
        kind, _, length = struct.unpack(">BBH", items[at:at + 4])
        body = items[at + 4:at + 4 + length]
        if kind == 0x21 and body[2] == 0:
            accepted[body[0]] = body[8:].rstrip(b"\0").decode()
        at += 4 + length
    return accepted

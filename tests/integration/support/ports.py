"""Free ports. Each is handed out once in this process, so that two peers of a test cannot get the same; and none of those that the
system gives to outgoing connections (32768 and up), one of which could take it before it is listened on."""
import random
import socket

_given = set()
_PORTS = range(15000, 32768)


def free_port():
    while True:
        port = random.choice(_PORTS)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("", port))  # on every address, as storescp does
            except OSError:
                continue
        _given.add(port)
        return port


def is_listening(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0

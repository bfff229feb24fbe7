#!/usr/bin/python3
"""How fast does calcnode receive, next to DCMTK's storescp in the same run? The sender is storescu as Debian ships it.

Usage: tests/bench/receive.py [--runs N] [--objects N] [--folder DIR]

Prints a table (medians) and exits with 1 when the small objects take 2 seconds or more. See README.md.
"""
import argparse
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from support import files, tools  # noqa: E402
from support.node import Node  # noqa: E402
from support.ports import free_port, is_listening  # noqa: E402
from support.process import Process  # noqa: E402

SMALL_LIMIT_S = 2.0
BIG_ROWS, BIG_COLUMNS, BIG_OBJECTS = 4096, 3328, 8


class Calcnode:
    name = "calcnode"

    def __init__(self, folder):
        self._node = Node(folder, settings={"analysis.workers": 0, "assembly.quiet": "1h"}).start()
        self.port = self._node.port
        self._known = 0

    def check(self, count):
        """What was acknowledged is in the journal."""
        instances = self._node.status()["instances"]
        assert instances - self._known == count, (instances, self._known, count)
        self._known = instances

    def stop(self):
        self._node.stop()


class Storescp:
    """`nodelay`: with TCP_NODELAY=1 in its environment and in the sender's, which no modality has."""

    def __init__(self, folder, nodelay):
        self.name = "storescp, TCP_NODELAY on both sides" if nodelay else "storescp"
        self.port = free_port()
        self._received = folder / "received"
        self._received.mkdir(parents=True)
        self._process = Process(["storescp", "--fork", "-pdu", 131072, "-od", self._received, self.port],
                                folder / "storescp.log", nodelay=nodelay)
        tools.wait_until(lambda: is_listening(self.port), 10, "storescp")

    def check(self, count):
        received = list(self._received.iterdir())
        assert len(received) == count, (len(received), count)
        for path in received:
            path.unlink()

    def stop(self):
        self._process.kill()


def send(receiver, batches, nodelay):
    """One association a batch, all at once; seconds from the first start to the last end."""
    def run(batch):
        tools.run("storescu", "-R", "127.0.0.1", receiver.port, *batch, nodelay=nodelay, timeout=600)

    threads = [threading.Thread(target=run, args=(batch,)) for batch in batches]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - started
    receiver.check(sum(len(batch) for batch in batches))
    return took


def in_batches(paths, number):
    return [paths[i::number] for i in range(number)]


def sync_cost(folder):
    """Median milliseconds of making 4 KB durable in a file that is there already: the least that an acknowledgement of
    a stored object can cost on this disk."""
    times = []
    with open(folder / "sync", "wb", buffering=0) as file:
        file.write(bytes(1 << 20))
        os.fsync(file.fileno())
        for _ in range(100):
            file.seek(0)
            started = time.monotonic()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            times.append(time.monotonic() - started)
    return 1000 * statistics.median(times)


class Loads:
    """Every run sends objects with UIDs of their own: repeated ones are not new to a node that keeps a journal."""

    def __init__(self, folder, small_objects):
        self._folder = folder
        self._small_objects = small_objects
        self._runs = 0

    def make(self, kind):
        self._runs += 1
        folder = self._folder / f"load{self._runs}"
        folder.mkdir()
        if kind == "small":
            return [files.small_object(folder / f"{i}.dcm", f"{self._runs} {i}", rows=68, columns=68)
                    for i in range(self._small_objects)]
        return [files.small_object(folder / f"{i}.dcm", f"{self._runs} {i}", rows=BIG_ROWS, columns=BIG_COLUMNS)
                for i in range(BIG_OBJECTS)]


def measure(receiver, nodelay, loads, load, runs):
    kind, associations = load
    times = []
    for _ in range(runs):
        paths = loads.make(kind)
        times.append(send(receiver, in_batches(paths, associations), nodelay))
        shutil.rmtree(paths[0].parent)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each measurement; the median counts (3)")
    parser.add_argument("--objects", type=int, default=500, help="number of small objects (500)")
    parser.add_argument("--folder", type=Path, help="where to put everything, 2 GB (a temporary folder)")
    options = parser.parse_args()

    folder = Path(tempfile.mkdtemp(prefix="calcnode-bench.", dir=options.folder))
    loads = Loads(folder, options.objects)
    table = {f"{options.objects} objects of 10 KB, 1 association": ("small", 1),
             f"{BIG_OBJECTS} objects of 27 MB, 1 association": ("big", 1),
             f"{BIG_OBJECTS} objects of 27 MB, {BIG_OBJECTS} associations": ("big", BIG_OBJECTS)}
    receivers = []
    try:
        receivers = [(Calcnode(folder / "calcnode"), False), (Storescp(folder / "plain", False), False),
                     (Storescp(folder / "nodelay", True), True)]
        rows = {}
        for title, load in table.items():
            rows[title] = []
            for receiver, nodelay in receivers:
                # 500 small objects cost storescp 44 s: once is enough to see it.
                runs = 1 if load[0] == "small" and receiver.name == "storescp" else options.runs
                print(f"measuring: {title}: {receiver.name} ({runs} x)", file=sys.stderr, flush=True)
                rows[title].append(measure(receiver, nodelay, loads, load, runs))
        print(f"one fdatasync in {folder}: {sync_cost(folder):.2f} ms")
        show(rows, [receiver.name for receiver, _ in receivers])
    finally:
        for receiver, _ in receivers:
            receiver.stop()
        shutil.rmtree(folder, ignore_errors=True)
    small = next(iter(rows.values()))[0]
    if small >= SMALL_LIMIT_S:
        print(f"too slow: {small:.2f} s for the small objects, the limit is {SMALL_LIMIT_S} s")
        return 1
    return 0


def show(rows, names):
    print(f"{'':44}" + "".join(f"{name:>38}" for name in names))
    for title, times in rows.items():
        cells = [f"{seconds:.2f} s (x{seconds / times[0]:.2f})" for seconds in times]
        print(f"{title:44}" + "".join(f"{cell:>38}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())

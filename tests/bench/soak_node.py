#!/usr/bin/python3
"""Does `calcnode serve` grow? Many associations and C-STOREs in one process, one in ten of them rude, while its resident
memory, descriptors and threads are sampled.

Usage: tests/bench/soak_node.py [--associations N] [--stores N] [--folder DIR] [--out DIR]

Writes soak.csv and soak.png (one sample a hundred associations). Exit status 1 when the resident memory after the
warm-up (the first fifth) has grown by 5 % or more, or descriptors or threads are more than they were. See README.md.
"""
import argparse
import os
import random
import shutil
import statistics
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from support import files  # noqa: E402
from support.node import Node  # noqa: E402
from support.process import memory_kb  # noqa: E402
from support.raw_dimse import ABORT, Peer  # noqa: E402

SENDERS = 4
SAMPLE_EVERY = 100
WARM_UP = 0.2
MOST_GROWTH = 0.05
SUCCESS = 0


class Objects:
    """Small images, each with UIDs of its own, made by putting other digits into one."""

    def __init__(self, folder):
        path = files.small_object(folder / "template.dcm", "soak", rows=8, columns=8)
        self._bytes = files.data_set_bytes(path)
        self._names = [files.uid("small", "soak"), files.uid("small study", "soak"), files.uid("small series", "soak")]

    def make(self, study, number):
        """(SOP Instance UID, data set); UIDs of the template's lengths, so that nothing else changes."""
        values = [(study, number), (study, "study"), (study, "series")]
        uids = [like(name, *value) for name, value in zip(self._names, values)]
        data = self._bytes
        for name, uid in zip(self._names, uids):
            data = data.replace(name.encode(), uid.encode())
        return uids[0], data


def like(name, *parts):
    digits = files.uid("soak", *parts)[5:] + "1" * 40
    return "2.25.1" + digits[:len(name) - 6]


class Load:
    """Associations one after the other on some threads; the first error ends all."""

    def __init__(self, node, objects, associations, stores):
        self._node, self._objects, self._associations, self._stores = node, objects, associations, stores
        self._lock = threading.Lock()
        self._next = 0
        self.done = self.stored = 0
        self.error = None

    def run(self, sample):
        threads = [threading.Thread(target=self._work) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        seen = 0
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.02)
            if self.done // SAMPLE_EVERY > seen:
                seen = self.done // SAMPLE_EVERY
                sample(self.done, self.stored)
        for thread in threads:
            thread.join()
        if self.error:
            raise self.error

    def _work(self):
        try:
            while self.error is None:
                with self._lock:
                    if self._next == self._associations:
                        return
                    number, self._next = self._next, self._next + 1
                # 2, 3, 2, 3 ... : what is promised in all, spread evenly
                share = (number + 1) * self._stores // self._associations - number * self._stores // self._associations
                self._associate(number, share)
                with self._lock:
                    self.done += 1
                    self.stored += share
        except Exception as error:  # raised again by run()
            self.error = error

    def _associate(self, number, stores):
        with Peer(self._node.port, [(files.FOR_PRESENTATION, files.EXPLICIT_LITTLE)]) as peer:
            for k in range(stores):
                instance, data = self._objects.make(number, k)
                status = peer.store(files.FOR_PRESENTATION, instance, data)
                assert status == SUCCESS, f"association {number}: status {status:04X}"
            manner = random.Random(number).randrange(30)
            if manner == 0:
                peer.send_bytes(struct.pack(">BBI4x", ABORT, 0, 4))
            elif manner == 1:
                peer.send_bytes(b"GET / HTTP/1.1\r\n\r\n")
            elif manner > 2:  # 2: hangs up
                peer.release()


def plot(samples, title, path):
    """Three curves over the associations, each from zero to a little over its largest value."""
    width, height, left, top, gap = 900, 190, 90, 30, 40
    image = Image.new("RGB", (width, top + 3 * (height + gap)), "white")
    draw = ImageDraw.Draw(image)
    draw.text((left, 8), title, fill="black")
    curves = [("resident memory, MB", 2, 1 / 1024, "#1f4e9c"), ("open descriptors", 3, 1, "#a03a1e"), ("threads", 4, 1, "#2e7d32")]
    last = samples[-1][0]
    for index, (name, column, scale, colour) in enumerate(curves):
        y0 = top + index * (height + gap) + height
        most = 1.1 * max(sample[column] for sample in samples) * scale
        points = [(left + (width - left - 20) * sample[0] / last, y0 - (height - 25) * sample[column] * scale / most)
                  for sample in samples]
        draw.line([(left, y0 - height + 25), (left, y0), (width - 20, y0)], fill="black")
        draw.text((left, y0 - height + 8), name, fill=colour)
        for part in (0, 0.5, 1):
            y = y0 - (height - 25) * part
            draw.line([(left - 4, y), (width - 20, y)], fill="#cccccc" if part else "black")
            draw.text((left - 60, y - 6), f"{most * part:.0f}", fill="black")
            draw.text((left + (width - left - 20) * part - 20, y0 + 5), f"{last * part:.0f}", fill="black")
        draw.line(points, fill=colour, width=2)
    draw.text((left + 300, top + 3 * (height + gap) - 22), "associations", fill="black")
    image.quantize(16).save(path, optimize=True)


def judge(samples):
    """Medians of the first tenth after the warm-up and of the last tenth; None when flat, else what grew."""
    start = int(len(samples) * WARM_UP)
    part = max(1, (len(samples) - start) // 10)
    early, late = ([statistics.median(sample[column] for sample in some) for column in (2, 3, 4)]
                   for some in (samples[start:start + part], samples[-part:]))
    growth = late[0] / early[0] - 1
    print(f"resident memory {early[0] / 1024:.1f} -> {late[0] / 1024:.1f} MB ({100 * growth:+.2f} %), "
          f"descriptors {early[1]:.0f} -> {late[1]:.0f}, threads {early[2]:.0f} -> {late[2]:.0f} (medians)")
    # Associations come and go while we count: as many as there are senders may be on their way.
    return growth < MOST_GROWTH and late[1] <= early[1] + SENDERS and late[2] <= early[2] + SENDERS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--associations", type=int, default=20000)
    parser.add_argument("--stores", type=int, default=50000)
    parser.add_argument("--folder", type=Path, help="where the node keeps its data, 1 GB (a temporary folder)")
    parser.add_argument("--out", type=Path, default=Path("."), help="for soak.csv and soak.png (here)")
    options = parser.parse_args()

    folder = Path(tempfile.mkdtemp(prefix="calcnode-soak.", dir=options.folder))
    options.out.mkdir(parents=True, exist_ok=True)
    node = Node(folder / "node", settings={"analysis.workers": 0, "assembly.quiet": "5s", "assembly.settle": "1s"}).start()
    samples = []

    def sample(associations, stored):
        pid = node.pid
        samples.append((associations, stored, memory_kb(pid, "VmRSS"), len(os.listdir(f"/proc/{pid}/fd")),
                        len(os.listdir(f"/proc/{pid}/task")), time.monotonic() - started))
        if len(samples) % 10 == 0:
            print(*samples[-1], flush=True)

    started = time.monotonic()
    try:
        load = Load(node, Objects(folder), options.associations, options.stores)
        load.run(sample)
        took = time.monotonic() - started
        instances = node.wait_for(lambda s: s["associations"] == 0, 30, "associations to end")["instances"]
        assert instances == options.stores, f"{instances} in the journal, {options.stores} were acknowledged"
        node.stop()
    finally:
        node.abandon()
        (options.out / "soak.csv").write_text("associations,stored,rss_kb,descriptors,threads,seconds\n" + "".join(
            ",".join(f"{value:.1f}" if isinstance(value, float) else str(value) for value in row) + "\n" for row in samples))
    shutil.rmtree(folder)
    title = f"{load.done} associations, {load.stored} C-STOREs, {took:.0f} s, one process"
    plot(samples, title, options.out / "soak.png")
    print(title)
    return 0 if judge(samples) else 1


if __name__ == "__main__":
    sys.exit(main())

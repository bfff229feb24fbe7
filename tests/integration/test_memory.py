"""Receiving takes constant memory: eight big images at once do not become eight big buffers."""
import threading
import time

import pydicom

from support import files, tools
from support.process import memory_kb

ROWS, COLUMNS, ASSOCIATIONS = 4096, 3328, 8
LIMIT_KB = 64 * 1024


class Watch:
    """The largest resident memory of a process between start and end, by sampling and by the kernel's own mark."""

    def __init__(self, pid):
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.before = self.most = memory_kb(self._pid, "VmRSS")
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self.mark = memory_kb(self._pid, "VmHWM")

    def _run(self):
        while not self._stop.wait(0.005):
            self.most = max(self.most, memory_kb(self._pid, "VmRSS"))


def test_eight_big_images_on_eight_associations(stage, tmp_path, record_property):
    images = [files.small_object(tmp_path / f"big{i}.dcm", f"big {i}", rows=ROWS, columns=COLUMNS)
              for i in range(ASSOCIATIONS)]
    assert images[0].stat().st_size > 27_000_000
    small = files.small_object(tmp_path / "small.dcm", "small")
    node = stage.node(analysis__workers=0)
    tools.storescu(node, [small])  # the first association loads what every association needs

    with Watch(node.pid) as watch:
        senders = [threading.Thread(target=tools.storescu, args=(node, [image])) for image in images]
        started = time.monotonic()
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        took = time.monotonic() - started
    status = node.wait_for(lambda s: s["associations"] == 0, 20, "the associations to end")
    assert status["instances"] == ASSOCIATIONS + 1
    rise, marked = watch.most - watch.before, watch.mark - watch.before
    print(f"{watch.before} kB before, {watch.most} kB at most (mark {watch.mark}), rise {max(rise, marked)} kB, {took:.1f} s")
    record_property("rise_kb", max(rise, marked))
    assert max(rise, marked) < LIMIT_KB

    kept = [path for path in (node.folder / "data").rglob("instances/**/*.dcm") if path.stat().st_size > 27_000_000]
    sent = {str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID): files.data_set_bytes(path) for path in images}
    for path in kept:
        instance = str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)
        assert files.data_set_bytes(path) == sent.pop(instance)
    assert not sent

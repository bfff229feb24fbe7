"""A PACS: DCMTK's storescp, which keeps every object it ever gets, repeated ones too, byte for byte."""
import os
import signal

import pydicom

from support import files, tools
from support.ports import free_port, is_listening
from support.process import Process, children

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
CAD_SR = "1.2.840.10008.5.1.4.1.1.88.50"
MEASUREMENT_REPORT = "1.2.840.10008.5.1.4.1.1.88.34"


class Pacs:
    ae_title = "PACS"

    def __init__(self, folder, *flags):
        """`flags` go to storescp: --refuse, --abort-during ... make it a bad one."""
        self.folder = folder
        self.port = free_port()
        self._received = folder / "received"
        self._received.mkdir(parents=True, exist_ok=True)
        self._process = None
        self._flags = flags

    def start(self):
        command = ["storescp", "--fork", "+B", "+uf", "-aet", self.ae_title, "-od", self._received, *self._flags, self.port]
        self._process = Process(command, self.folder / "storescp.log")
        tools.wait_until(lambda: is_listening(self.port) or not self._process.is_running(), 10, "storescp to listen")
        assert self._process.is_running(), (self.folder / "storescp.log").read_text()
        return self

    def restart(self, *flags):
        """On the same port, with these flags only."""
        self.stop()
        self._flags = flags
        return self.start()

    def stop(self):
        """Its children, each with an association, end with it."""
        if self._process:
            for pid in children(self._process.pid):
                kill_quietly(pid)
            self._process.kill()
            self._process = None

    def received(self):
        """Every object that was received whole, in no order. Call it when the node has nothing left to send: then the
        wait for storescp's children is short and no file is half written."""
        if self._process:
            tools.wait_until(lambda: not children(self._process.pid), 90, "the associations of storescp to end")
        return [Received(path) for path in sorted(self._received.iterdir())]

    def forget(self):
        for item in self.received():
            item.path.unlink()


class Received:
    def __init__(self, path):
        self.path = path
        self.dataset = pydicom.dcmread(path)
        self.sop_class = str(self.dataset.SOPClassUID)
        self.sop_instance = str(self.dataset.SOPInstanceUID)
        self.study = str(self.dataset.StudyInstanceUID)

    def bytes(self):
        """The data set as it came over the wire: storescp writes a meta header of its own in front."""
        return files.data_set_bytes(self.path)


def of_class(objects, sop_class):
    return [item for item in objects if item.sop_class == sop_class]


def of_study(objects, study):
    return [item for item in objects if item.study == study]


def kill_quietly(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass

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
PRESENTATION_STATE = "1.2.840.10008.5.1.4.1.1.11.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ALL_KINDS = ["segmentation", "cad_sr", "measurement_report", "presentation_state", "secondary_capture",
             "probability_map"]  # as a destination's `results` name them


class Pacs:
    ae_title = "PACS"

    def __init__(self, folder, *flags, profile=None, accepts=None):
        """`flags` go to storescp: --refuse, --abort-during ... make it a bad one. `profile`: what the node's
        configuration says of it beside its address. `accepts`: {SOP class: transfer syntaxes}, and nothing else."""
        self.folder = folder
        self.profile = profile or {}
        self.port = free_port()
        self._received = folder / "received"
        self._received.mkdir(parents=True, exist_ok=True)
        self._process = None
        self._flags = [*flags, *(["-xf", self._negotiation(accepts), "Test"] if accepts else [])]

    def start(self):
        command = ["storescp", "--fork", "+B", "+uf", "-aet", self.ae_title, "-od", self._received, *self._flags, self.port]
        self._process = Process(command, self.folder / "storescp.log")
        tools.wait_until(lambda: is_listening(self.port) or not self._process.is_running(), 10, "storescp to listen")
        assert self._process.is_running(), (self.folder / "storescp.log").read_text()
        return self

    def _negotiation(self, accepts):
        """A configuration file of storescp (asconfig.txt of DCMTK)."""
        lines = ["[[TransferSyntaxes]]"]
        contexts = ["[[PresentationContexts]]", "[Test]"]
        for number, (sop_class, syntaxes) in enumerate(accepts.items(), 1):
            lines += [f"[Group{number}]", *(f"TransferSyntax{i} = {syntax}" for i, syntax in enumerate(syntaxes, 1))]
            contexts.append(f"PresentationContext{number} = {sop_class}\\Group{number}")
        path = self.folder / "storescp.cfg"
        path.write_text("\n".join([*lines, *contexts, "[[Profiles]]", "[Test]", "PresentationContexts = Test", ""]))
        return path

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

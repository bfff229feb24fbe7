"""Phantom exams, made once a test run by calcnode-lab, and what `calcnode analyze` finds in them."""
import json
import shutil
from pathlib import Path

import pydicom

from support import files, tools
from support.png import read_grey

FOUR_VIEWS = {"L-CC", "L-MLO", "R-CC", "R-MLO"}


class Exam:
    """Files of one study."""

    def __init__(self, paths):
        self.files = sorted(paths)
        headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in self.files]
        studies = {str(header.StudyInstanceUID) for header in headers}
        assert len(studies) == 1, studies
        self.study = studies.pop()
        self.instances = {str(header.SOPInstanceUID): path for header, path in zip(headers, self.files)}
        self.header = headers[0]

    def view(self, name):
        """The file of "R-CC" ..."""
        for path in self.files:
            header = pydicom.dcmread(path, stop_before_pixels=True)
            meaning = {"399162004": "CC", "R-10242": "CC", "399368009": "MLO", "R-10226": "MLO"}
            view = meaning[header.ViewCodeSequence[0].CodeValue]
            if f"{header.ImageLaterality}-{view}" == name:
                return path
        raise AssertionError(f"no view {name} in {self.files}")


class Reference:
    """The output folder of `calcnode analyze` for one study."""

    def __init__(self, folder):
        self.folder = folder
        self.findings = json.loads((folder / "findings.json").read_text())
        self.objects = {path.stem: path for path in sorted(folder.glob("*.dcm"))}

    def images(self):
        """SOP Instance UID -> what findings.json says of the image."""
        return {image["sop_instance_uid"]: image for image in self.findings["images"]}

    def mask(self, sop_instance):
        """16 bit: k where calcification number k is."""
        return read_grey(self.folder / f"{sop_instance}.mask.png")

    def bytes(self):
        """SOP Instance UID -> data set of every result object."""
        return {name: files.data_set_bytes(path) for name, path in self.objects.items()}


class Exams:
    def __init__(self, folder):
        self._folder = folder
        self._made = {}
        self._copies = 0

    def phantom(self, **options):
        """Four views with the options of `calcnode-lab phantom`; small by default."""
        options = {"rows": 800, "columns": 640, "spacing": 0.1, "seed": 3, "clusters": 2, **options}
        key = tuple(sorted(options.items()))
        if key not in self._made:
            out = self._folder / f"phantom{len(self._made)}"
            words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
            tools.run(tools.LAB, "phantom", "--out", out, *words, timeout=300)
            self._made[key] = Exam(out.rglob("*.dcm"))
        return self._made[key]

    def copy(self, exam, change=None, only=None, tag=None):
        """The same pictures as another study with UIDs of its own. `change(dataset)` may alter each data set; `only`
        chooses files. The same `tag` makes the same study again."""
        self._copies += 1
        tag = tag or f"copy{self._copies}"
        folder = self._folder / f"copies{self._copies}"
        folder.mkdir()
        paths = []
        for path in only or exam.files:
            dataset = files.fresh(pydicom.dcmread(path), tag)
            if change:
                change(dataset)
            paths.append(files.save(dataset, folder / Path(path).name))
        return Exam(paths)

    def reference(self, exam, *settings):
        """What `calcnode analyze` makes of the exam; kept, so that the same exam is analysed once."""
        return self.references([exam], *settings)[0]

    def references(self, exams, *settings):
        """The same for several, by one run of the program."""
        keys = [(exam.study, tuple(exam.files), settings) for exam in exams]
        missing = [exam for exam, key in zip(exams, keys) if key not in self._made]
        if missing:
            out = self._folder / f"reference{len(self._made)}"
            tools.analyze([path for exam in missing for path in exam.files], out, *settings)
        for exam, key in zip(exams, keys):
            if key not in self._made:
                self._made[key] = Reference(out / exam.study)
        return [self._made[key] for key in keys]

    def drop(self):
        shutil.rmtree(self._folder, ignore_errors=True)

"""What a reader sees: source, segmentation and measurement report from Orthanc, through DICOMweb, in OHIF in Chromium."""
import json
import shutil

import numpy
import pydicom
import pytest
from PIL import Image

from support import files, javascript, results, tools
from support.pacs import MEASUREMENT_REPORT, SEGMENTATION
from support.png import read_grey

PICTURES = tools.REPOSITORY / "build" / "browser"
DICOMWEB = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
EXAM = {"rows": 1664, "columns": 1280, "spacing": 0.14, "seed": 7, "clusters": 1}
pytestmark = pytest.mark.browser


def own_series(dataset):
    """A view a series, as many modalities do. OHIF 3.13 assigns a segmentation to the first image of its source's
    series when it learns of the segmentation before the images."""
    dataset.SeriesInstanceUID = files.uid(dataset.SOPInstanceUID, "series")


class Screen:
    """The study in Orthanc, what the page said (view.js), and its pictures."""

    def __init__(self, stage, exams):
        phantom = exams.phantom(**EXAM)
        self.exam = exams.copy(phantom, own_series)
        self.truth = {path.name: path.with_suffix(".truth.png") for path in phantom.files}
        self.reference = exams.reference(self.exam)
        orthanc = stage.orthanc(Plugins=[DICOMWEB])
        tools.dcmsend(orthanc, [*self.exam.files, *self.reference.objects.values()])
        objects = [pydicom.dcmread(path) for path in self.reference.objects.values()]
        self.segmentations = {results.source_of(item): item for item in objects if item.SOPClassUID == SEGMENTATION}
        self.report = next(item for item in objects if item.SOPClassUID == MEASUREMENT_REPORT)
        self.groups = results.measurement_groups(self.report)
        self.image = self.groups[0].image
        cluster = self.reference.images()[self.image]["clusters"][0]
        left_top, right_bottom = numpy.array(cluster["outline"]).min(0), numpy.array(cluster["outline"]).max(0)
        extent = float((right_bottom - left_top).max())
        middle = (left_top + right_bottom) / 2
        self.page = json.loads(javascript.run("browser/view.js", json.dumps({
            "orthanc": orthanc.http_port, "study": self.exam.study, "image": self.image,
            "segmentations": len(self.segmentations), "pictures": str(stage.folder),
            "centre": [middle[0] + 0.55 * extent, middle[1]], "height": 3.7 * extent})))  # with room for OHIF's words
        self.shown, self.plain = (numpy.asarray(Image.open(stage.folder / name).convert("RGB")).astype(int)
                                  for name in ("shown.png", "plain.png"))
        shutil.copy(stage.folder / "shown.png", PICTURES / "ohif.png")

    def pixels(self, viewport):
        """(rows, columns of the screen; rows, columns of the image) of the viewport's screen pixels that show image."""
        left, top, width, height = self.page["viewports"][viewport]["area"]
        y, x = numpy.mgrid[int(top) + 1:int(top + height) - 1, int(left) + 1:int(left + width) - 1]
        origin, right, down = map(numpy.array, self.page["viewports"][viewport]["corners"])
        column = numpy.floor((x + 0.5 - origin[0]) / (right - origin)[0]).astype(int)
        row = numpy.floor((y + 0.5 - origin[1]) / (down - origin)[1]).astype(int)
        inside = (column >= 0) & (row >= 0) & (column < EXAM["columns"]) & (row < EXAM["rows"])
        return y[inside], x[inside], row[inside], column[inside]

    def coloured(self):
        """Rows x columns of the image: how much of each pixel the segmentation's colour covers; NaN: not on the screen."""
        y, x, row, column = self.pixels(0)
        changed = (abs(self.shown[y, x] - self.plain[y, x]).max(1) > 8).astype(float)
        covered, seen = numpy.zeros((2, EXAM["rows"], EXAM["columns"]))
        numpy.add.at(covered, (row, column), changed)
        numpy.add.at(seen, (row, column), 1)
        with numpy.errstate(invalid="ignore"):
            return covered / seen


@pytest.fixture(scope="module")
def screen(module_stage, exams):
    return Screen(module_stage, exams)


def test_the_page_has_no_errors_and_asks_nobody_else(screen):
    assert screen.page["errors"] == []
    assert screen.page["foreign"] == []


def test_images_segmentations_and_report_are_listed(screen):
    listed = [item for item in screen.page["displaySets"] if not item["unsupported"]]
    assert {item["instance"] for item in listed if item["modality"] == "MG"} == set(screen.exam.instances)
    assert ({item["source"]: item["instance"] for item in listed if item["modality"] == "SEG"}
            == {source: str(item.SOPInstanceUID) for source, item in screen.segmentations.items()})
    assert [item["instance"] for item in listed if item["modality"] == "SR"] == [str(screen.report.SOPInstanceUID)]
    assert [item["image"] for item in screen.page["viewports"]] == [screen.image] * 2


def test_the_segments_are_those_of_the_object(screen):
    segmentation = screen.segmentations[screen.image]
    shown = screen.page["segmentation"]
    assert (shown["rows"], shown["columns"]) == (segmentation.Rows, segmentation.Columns)
    assert ({item["number"]: item["label"] for item in shown["segments"]}
            == {int(item.SegmentNumber): str(item.SegmentLabel) for item in segmentation.SegmentSequence})
    masks = results.segment_masks(segmentation)
    for item in shown["segments"]:
        assert numpy.array_equal(item["pixels"], numpy.flatnonzero(masks[item["number"]])), item["label"]


def test_the_colour_is_where_the_mask_is(screen):
    covered = screen.coloured()
    seen = ~numpy.isnan(covered)
    mask = screen.reference.mask(screen.image) > 0
    assert (mask & seen).sum() > 20
    assert (covered[mask & seen] > 0.5).mean() > 0.98
    assert (covered[~mask & seen] > 0.5).mean() < 0.001


def test_the_colour_is_where_the_grains_are(screen):
    """By the phantom's own truth: the grains of the cluster, which the model had to find."""
    truth = read_grey(screen.truth[screen.exam.instances[screen.image].name])
    covered = screen.coloured()
    grains = [number for number in numpy.unique(truth[~numpy.isnan(covered)]) if number]
    found = [number for number in grains if (covered[truth == number] > 0.5).any()]
    assert len(grains) >= 5
    assert len(found) > 0.5 * len(grains)


def test_every_measurement_group_is_an_annotation_with_its_measurements(screen):
    annotations = {item["tracking"]: item for item in screen.page["annotations"]}
    assert annotations.keys() == {group.tracking_uid for group in screen.groups}
    for group in screen.groups:
        shown = annotations[group.tracking_uid]
        assert shown["image"] == group.image
        assert numpy.allclose(numpy.array(shown["points"])[:, :2], group.outline, atol=0.01)
        labels = {item["label"]: item["value"] for item in shown["labels"]}
        for name, value, unit in group.measurements:
            number, shown_unit = labels[name].split(" ")
            assert float(number) == pytest.approx(value, abs=0.0051) and shown_unit == unit, name


def test_the_outline_is_drawn_around_the_grains(screen):
    """Yellow, green ... lines on a grey image: near the outline's corners there is colour."""
    left, top, _, _ = screen.page["viewports"][1]["area"]
    origin, right, down = map(numpy.array, screen.page["viewports"][1]["corners"])
    coloured = (screen.shown.max(2) - screen.shown.min(2)) > 60
    near = []
    for column, row in screen.groups[0].outline:
        x, y = (origin + column * (right - origin) + row * (down - origin)).round().astype(int)
        near.append(coloured[y - 5:y + 6, x - 5:x + 6].any())
    assert numpy.mean(near) > 0.8

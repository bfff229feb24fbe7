"""What an operator sees and does: an exam arrives while the dashboard is open, its findings lie on its grains, a dead
letter is replayed. One run of Chromium (browser/dashboard.js), looked at from several sides."""
import json
import shutil

import numpy
import pytest
from PIL import Image

from support import javascript, tools
from support.png import read_grey
from support.ports import free_port
from support.rest import Rest

PICTURES = tools.REPOSITORY / "build" / "browser"
EXAM = {"rows": 1664, "columns": 1280, "spacing": 0.14, "seed": 7, "clusters": 1}
NAME = "Roe^Mary"
pytestmark = pytest.mark.browser


def with_name(dataset):
    dataset.PatientName = NAME


class Nobody:
    """A destination at which nobody listens yet."""

    ae_title = "LATE"
    profile = {"results": ["cad_sr"]}

    def __init__(self):
        self.port = free_port()


class Session:
    def __init__(self, stage, exams):
        phantom = exams.phantom(**EXAM)
        self.exam = exams.copy(phantom, with_name)
        self.truth = {path.name: path.with_suffix(".truth.png") for path in phantom.files}
        late = Nobody()
        self.node = stage.node({"pacs": stage.pacs(), "late": late}, delivery__attempts=1, assembly__settle="1s",
                               delivery__connect_timeout="1s")
        received = stage.folder / "late"
        received.mkdir()
        self.page = json.loads(javascript.run("browser/dashboard.js", json.dumps({
            "origin": f"http://127.0.0.1:{self.node.http_port}", "token": Rest.admin(self.node).token, "study": self.exam.study,
            "send": ["storescu", "-R", "-aet", "MODALITY", "-aec", self.node.ae_title, "127.0.0.1", str(self.node.port),
                     *map(str, self.exam.files)],
            "destination": ["storescp", "--fork", "-aet", "LATE", "-od", str(received), str(late.port)],
            "pictures": str(stage.folder)}), timeout=300))
        self.received = list(received.iterdir())
        self.shown, self.plain, self.darker = (
            numpy.asarray(Image.open(stage.folder / name).convert("RGB")).astype(int)
            for name in ("shown.png", "plain.png", "darker.png"))
        PICTURES.mkdir(parents=True, exist_ok=True)
        for picture in stage.folder.glob("dashboard-*.png"):
            shutil.copy(picture, PICTURES / picture.name)

    def image_points(self):
        """(rows, columns of the picture; rows, columns of the image) of the stage's inner pixels that show image."""
        left, top, columns, rows = self.page["cluster"]["area"]
        height, width = self.shown.shape[:2]
        y, x = numpy.mgrid[2:height - 2, 2:width - 2]
        # The stage has a border of one pixel.
        column = numpy.floor(left + (x - 1 + 0.5) * columns / (width - 2)).astype(int)
        row = numpy.floor(top + (y - 1 + 0.5) * rows / (height - 2)).astype(int)
        inside = (column >= 0) & (row >= 0) & (column < EXAM["columns"]) & (row < EXAM["rows"])
        return y[inside], x[inside], row[inside], column[inside]


@pytest.fixture(scope="module")
def session(module_stage, exams):
    return Session(module_stage, exams)


def test_the_page_has_no_errors_and_asks_nobody_else(session):
    assert session.page["errors"] == []
    assert session.page["foreign"] == []


def test_the_exam_is_seen_moving_without_a_reload(session):
    states = session.page["states"]
    assert states[0] == "receiving" and states[-1] == "trouble"  # nobody listens at one destination
    assert {"analysing", "queued", "delivering"} & set(states)
    assert session.page["loadsWhileWatching"] == 0


def test_the_whole_image_is_shown_and_then_the_cluster_at_full_resolution(session):
    left, top, columns, rows = session.page["whole"]["area"]
    assert left <= 0.5 and top <= 0.5 and left + columns >= EXAM["columns"] - 0.5 and top + rows >= EXAM["rows"] - 0.5
    left, top, columns, rows = session.page["cluster"]["area"]
    assert columns < EXAM["columns"] / 3
    seen = min(left + columns, EXAM["columns"]) - max(left, 0)
    assert session.page["cluster"]["natural"][0] >= seen - 1  # a pixel of the picture for each of the image


def test_the_marks_lie_on_the_true_grains(session):
    truth = read_grey(session.truth[session.exam.instances[session.page["cluster"]["image"]].name])
    y, x, row, column = session.image_points()
    changed = abs(session.shown[y, x] - session.plain[y, x]).max(1) > 20
    red = changed & (session.shown[y, x, 0] - session.shown[y, x, 1] > 30)
    assert red.sum() > 50
    marked = numpy.zeros(truth.shape, bool)
    marked[row[red], column[red]] = True
    seen = numpy.zeros(truth.shape, bool)
    seen[row, column] = True
    grains = [number for number in numpy.unique(truth[seen]) if number]
    found = [number for number in grains if marked[truth == number].any()]
    assert len(grains) >= 5
    assert len(found) > 0.5 * len(grains)
    # ... and nearly all that is red is at a grain: within 3 pixels, for the outline runs around it.
    near = numpy.zeros(truth.shape, bool)
    for dy in range(-3, 4):
        for dx in range(-3, 4):
            near |= numpy.roll(truth > 0, (dy, dx), (0, 1))
    assert near[marked].mean() > 0.8


def test_the_findings_can_be_hidden(session):
    colour = session.plain.max(2) - session.plain.min(2)
    assert (colour[8:-8, 8:-8] > 8).mean() == 0  # but for the corners of the frame


def test_the_window_changes_the_picture(session):
    before, after = session.page["cluster"], session.page["darker"]
    assert after["low"] > before["low"] and after["area"] == before["area"]
    assert session.darker.mean() < session.plain.mean() - 3
    assert session.page["fitted"]["low"] == before["low"]


def test_measurements_objects_deliveries_and_history_are_on_the_page(session):
    text = session.page["text"]
    for word in ("Cluster 1", "calcifications", "Long axis", "segmentation", "measurement report", "delivered", "dead",
                 "image received", "job done", "L-CC", "R-MLO"):
        assert word in text, word
    for slip in ("false", "null", "undefined", "[object"):
        assert slip not in text + session.page["destinations"], slip


def test_the_name_is_shown_to_who_asks_and_the_asking_is_logged(session):
    assert "Mary" not in session.page["text"] and "Mary" not in session.page["nameBefore"]
    assert "Roe Mary" in session.page["nameAfter"]
    assert f"patient_shown user=admin peer=127.0.0.1 study_instance_uid={session.exam.study}" in session.node.log()
    assert "Mary" not in session.node.log()


def test_a_dead_letter_is_replayed(session):
    assert session.page["dead"] == 1
    assert "late" in session.page["deadText"]
    assert len(session.received) == 1
    assert "answered in" in session.page["destinations"]


def test_no_page_is_wider_than_the_screen(session):
    assert {name: more for name, more in session.page["overflow"].items() if more > 0} == {}
    assert len(session.page["overflow"]) == 10

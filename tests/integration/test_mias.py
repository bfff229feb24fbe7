"""106 real films (MIAS) sent in one go; what comes back is conformant; the model's figures on them. The films are not in
the repository."""
import os
import re
from pathlib import Path

import pydicom
import pytest

from support import pixelmed, results, tools
from support.pacs import ALL_KINDS

FILMS = Path(os.environ.get("CALCNODE_MIAS", tools.REPOSITORY.parent / "shared" / "data" / "mias"))
pytestmark = pytest.mark.skipif(not (FILMS / "cases.csv").exists(),
                                reason=f"no films: {FILMS}/cases.csv is not there (CALCNODE_MIAS names their folder)")


class Returned:
    """The films' studies, what the node said of itself in the end, and the objects that came back."""

    def __init__(self, stage):
        films = sorted(FILMS.glob("*.dcm"))
        assert len(films) == 106
        self.studies = {}
        for film in films:
            header = pydicom.dcmread(film, stop_before_pixels=True)
            self.studies.setdefault(str(header.StudyInstanceUID), set()).add(str(header.SOPInstanceUID))
        pacs = stage.pacs(profile={"results": ALL_KINDS})
        node = stage.node(pacs, assembly__quiet="2s")
        sent = tools.dcmsend(node, [FILMS], "+sd", "+sp", "*.dcm", timeout=300)
        assert sent.stdout.count("Received C-STORE Response (Success)") == len(films), sent.stdout[-3000:]
        node.wait_for(lambda s: s["instances"] == len(films), 10, "all films in the journal")
        self.status = node.wait_idle(results=len(self.studies), timeout=1500)
        node.stop()
        self.objects = pacs.received()


@pytest.fixture(scope="module")
def returned(module_stage):
    return Returned(module_stage)


def test_every_film_is_accepted_and_every_study_reported(returned):
    assert (returned.status["jobs"]["done"], returned.status["jobs"]["failed"]) == (len(returned.studies), 0)
    assert (returned.status["variants"], returned.status["deliveries"]["dead"]) == (0, 0)
    reports = {item.study: item.dataset for item in results.reports(returned.objects)}
    assert reports.keys() == returned.studies.keys()
    for study, report in reports.items():
        assert set(results.image_library(report)) == returned.studies[study]
        assert results.summary(report) in ("111241", "111242"), f"{study}: an image failed"


def test_every_object_passes_dciodvfy(returned):
    errors = {item.path.name: found for item in returned.objects if (found := tools.dciodvfy_errors(item.path))}
    assert errors == {}


def test_every_report_passes_pixelmeds_templates(returned):
    reports = [item.path for item in returned.objects if item.dataset.Modality == "SR"]
    assert len(reports) >= len(returned.studies)
    assert pixelmed.errors(reports) == {}


def test_evaluate_prints_sensitivity_and_false_positives(capsys):
    done = tools.run(tools.LAB, "evaluate", FILMS / "cases.csv", "--no-classical", timeout=1500)
    with capsys.disabled():
        print("\n" + done.stdout)
    sensitivity = re.search(r"sensitivity +([0-9.]+) %", done.stdout)
    false_marks = re.search(r"false marks a normal image +([0-9.]+)", done.stdout)
    assert sensitivity and false_marks, done.stdout
    assert float(sensitivity.group(1)) > 50, "most clusters are found"

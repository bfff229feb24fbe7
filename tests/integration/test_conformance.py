"""Every object that the node makes, in every outcome, before judges that share no code with it."""
import pytest

from support import outcomes, pixelmed, results, tools
from support.pacs import (ALL_KINDS, CAD_SR, MEASUREMENT_REPORT, PRESENTATION_STATE, SECONDARY_CAPTURE, SEGMENTATION, of_class,
                          of_study)

IN_EVERY_STUDY = {CAD_SR}
WITH_FINDINGS = {SEGMENTATION, MEASUREMENT_REPORT, PRESENTATION_STATE, SECONDARY_CAPTURE}


class Judged:
    """The five exams, and what came back for them: every kind of object, in one scheme of codes."""

    def __init__(self, stage, exams, code_scheme):
        self.exams = outcomes.make(exams)
        pacs = stage.pacs(profile={"results": ALL_KINDS, "code_scheme": code_scheme})
        node = stage.node(pacs, assembly__quiet="1s")
        for exam in self.exams.values():
            tools.storescu(node, exam.files)
        node.wait_for(lambda s: s["jobs"]["done"] == len(self.exams), 300, "all jobs")
        node.wait_idle()
        node.stop()
        self.objects = pacs.received()

    def of(self, outcome):
        return of_study(self.objects, self.exams[outcome].study)

    def reports(self):
        return [item for item in self.objects if item.dataset.Modality == "SR"]


@pytest.fixture(scope="module", params=["sct", "srt"])
def judged(request, module_stage, exams):
    return Judged(module_stage, exams, request.param)


@pytest.mark.parametrize("outcome", outcomes.CODES)
def test_the_exam_has_the_outcome_that_it_was_made_for(judged, outcome):
    summaries, detections = outcomes.CODES[outcome]
    report = results.only_report(judged.of(outcome))
    assert results.value_code(report, outcomes.SUMMARY) in summaries
    assert results.value_code(report, outcomes.DETECTIONS) == detections


@pytest.mark.parametrize("outcome", outcomes.CODES)
def test_each_outcome_has_its_kinds_of_objects(judged, outcome):
    found = {item.sop_class for item in judged.of(outcome)}
    has_findings = results.summary(results.only_report(judged.of(outcome))) in ("111242", "111244")
    assert found == IN_EVERY_STUDY | (WITH_FINDINGS if has_findings else set())
    assert has_findings or outcome != "findings"


def test_every_object_passes_dciodvfy(judged):
    errors = {item.path.name: found for item in judged.objects if (found := tools.dciodvfy_errors(item.path))}
    assert errors == {}


def test_every_report_passes_pixelmeds_templates(judged):
    assert len(of_class(judged.reports(), CAD_SR)) == len(outcomes.CODES)
    assert of_class(judged.reports(), MEASUREMENT_REPORT)
    assert pixelmed.errors([item.path for item in judged.reports()]) == {}


def test_the_entities_of_each_study_agree(judged):
    """dcentvfy compares patient and study of all files, the sources included."""
    for outcome, exam in judged.exams.items():
        paths = [*exam.files, *[item.path for item in judged.of(outcome)]]
        done = tools.run("dcentvfy", *paths, check=False)
        assert done.returncode == 0 and "Error" not in done.stdout, f"{outcome}: {done.stdout}"


def test_the_judges_see_what_is_wrong(judged, tmp_path):
    """Else the tests above would say nothing."""
    report = results.only_report(judged.of("findings"))
    report.ContentSequence = [item for item in report.ContentSequence if results.concept(item) != outcomes.DETECTIONS]
    report.save_as(tmp_path / "report.dcm")
    assert pixelmed.errors([tmp_path / "report.dcm"])
    segmentation = results.segmentations(judged.of("findings"))[0].dataset
    del segmentation.SegmentSequence[0].SegmentAlgorithmType
    segmentation.save_as(tmp_path / "segmentation.dcm")
    assert tools.dciodvfy_errors(tmp_path / "segmentation.dcm")

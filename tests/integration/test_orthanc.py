"""Orthanc as the destination of every kind of object: kept, committed, given back as it was."""
import pydicom
import pytest

from support import results, tools
from support.files import data_set_bytes
from support.pacs import ALL_KINDS, CAD_SR, MEASUREMENT_REPORT

def written_by(node):
    """SOP Instance UID -> file of every result object in the node's spool."""
    return {path.stem: path for path in (node.folder / "data" / "spool" / "results").rglob("*.dcm")}


def given_back(orthanc, folder):
    """SOP Instance UID -> file, as Orthanc's REST interface returns it."""
    folder.mkdir(exist_ok=True)
    files = {}
    for instance, name in orthanc.instances().items():
        files[instance] = folder / f"{instance}.dcm"
        files[instance].write_bytes(orthanc.get_bytes(f"/instances/{name}/file"))
    return files


@pytest.fixture(scope="module")
def kept(module_stage, exams):
    """(the node, what Orthanc gives back) after an exam with every kind of result."""
    orthanc = module_stage.orthanc(profile={"results": ALL_KINDS, "commitment": {"enabled": True, "wait": "1s"}})
    node = module_stage.node(orthanc)
    orthanc.knows("calcnode", node)
    tools.storescu(node, exams.phantom().files)
    node.wait_idle(timeout=300)
    node.wait_for(lambda s: s["commitments"]["pending"] == 0, 90, "an answer to each object")
    return node, given_back(orthanc, module_stage.folder / "given back")


def test_every_object_is_kept_and_committed(kept):
    node, files = kept
    assert files.keys() == written_by(node).keys()
    assert node.status()["commitments"] == {"pending": 0, "committed": len(files), "failed": 0}


def test_each_comes_back_as_the_same_data_set(kept):
    node, files = kept
    for instance, written in written_by(node).items():
        assert data_set_bytes(files[instance]) == data_set_bytes(written), instance


def test_all_kinds_are_among_them(kept):
    _, files = kept
    written = [pydicom.dcmread(path, stop_before_pixels=True) for path in files.values()]
    modalities = {dataset.Modality for dataset in written}
    assert {"SEG", "SR", "PR"} <= modalities
    assert {dataset.SegmentationType for dataset in written if dataset.Modality == "SEG"} == {"BINARY", "FRACTIONAL"}
    assert len({str(dataset.SOPClassUID) for dataset in written}) == len(ALL_KINDS) - 1  # two kinds are SEG


def test_the_same_exam_again_leaves_one_set_of_objects(kept, exams):
    node, files = kept
    again = tools.storescu(node, exams.phantom().files)
    assert len(tools.acknowledged(again.stdout)) == 4
    node.wait_idle()
    assert written_by(node).keys() == files.keys()


def test_a_late_view_ends_in_reports_that_name_their_predecessors(stage, exams):
    exam = exams.phantom()
    orthanc = stage.orthanc()
    node = stage.node(orthanc, assembly__quiet="1s")
    tools.storescu(node, exam.files[:3])
    node.wait_idle()
    first = {name: pydicom.dcmread(path) for name, path in given_back(orthanc, stage.folder / "first").items()}
    tools.storescu(node, exam.files[3:])
    node.wait_for(lambda s: s["jobs"]["done"] == 2, 120, "the second job")
    node.wait_idle()
    second = {name: pydicom.dcmread(path) for name, path in given_back(orthanc, stage.folder / "second").items()
              if name not in first}
    old = {str(item.SOPClassUID): item for item in first.values() if item.Modality == "SR"}
    new = {str(item.SOPClassUID): item for item in second.values() if item.Modality == "SR"}
    assert old.keys() == new.keys() == {CAD_SR, MEASUREMENT_REPORT}
    for sop_class, report in new.items():
        named = {str(instance.ReferencedSOPInstanceUID) for study in report.PredecessorDocumentsSequence
                 for series in study.ReferencedSeriesSequence for instance in series.ReferencedSOPSequence}
        assert str(old[sop_class].SOPInstanceUID) in named
        assert "PredecessorDocumentsSequence" not in old[sop_class]
    assert set(results.image_library(new[CAD_SR])) == set(exam.instances)

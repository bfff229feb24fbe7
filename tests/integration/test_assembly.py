"""When a study becomes a job, which images are analysed, and who may send."""
import pydicom
import pytest
from pydicom.sequence import Sequence

from support import files, results, tools
from support.raw_dimse import Peer, Rejected

PERMANENT, TRANSIENT = 1, 2


def test_an_exam_is_analysed_as_soon_as_its_four_views_are_there(stage, exams, journal_url):
    """Quiet is a minute here: only completeness can have closed the study."""
    exam = exams.phantom()
    pacs = stage.pacs()
    node = stage.node(pacs, journal_url, assembly__quiet="10m", analysis__workers=0)
    tools.storescu(node, exam.files[:3])
    tools.storescu(node, exam.files[:1])  # once more
    assert node.status()["studies"]["open"] == 1
    tools.storescu(node, exam.files[3:])
    status = node.wait_for(lambda s: s["jobs"]["queued"] == 1, 10, "the job")
    assert status["studies"]["open"] == 0 and status["instances"] == 4


def test_a_late_view_starts_a_second_generation(stage, exams, journal_url):
    exam = exams.phantom()
    early, late = exam.files[:3], exam.files[3:]
    pacs = stage.pacs()
    node = stage.node(pacs, journal_url, assembly__quiet="1s")
    tools.storescu(node, early)
    node.wait_idle()
    first = pacs.received()
    assert len(results.image_library(results.only_report(first))) == 3

    tools.storescu(node, late)
    status = node.wait_for(lambda s: s["jobs"]["done"] == 2, 60, "the second job")
    node.wait_idle()
    second = [item for item in pacs.received() if item.sop_instance not in {old.sop_instance for old in first}]
    report = results.only_report(second)
    assert sorted(results.image_library(report)) == sorted(exam.instances)
    assert status["instances"] == 4
    series = [str(item.dataset.SeriesInstanceUID) for item in first], [str(item.dataset.SeriesInstanceUID) for item in second]
    assert not set(series[0]) & set(series[1])
    assert not any(tools.dciodvfy_errors(item.path) for item in second)


@pytest.mark.parametrize("preferred", ["presentation", "processing"])
def test_of_a_pair_of_intents_one_image_is_analysed(stage, exams, journal_url, preferred):
    exam = exams.phantom(intent="both")
    wanted = files.FOR_PRESENTATION if preferred == "presentation" else files.FOR_PROCESSING
    kept = {name for name, path in exam.instances.items()
            if pydicom.dcmread(path, stop_before_pixels=True).SOPClassUID == wanted}
    assert (len(exam.files), len(kept)) == (8, 4)
    pacs = stage.pacs()
    node = stage.node(pacs, journal_url, assembly__preferred_intent=preferred, assembly__settle="1s")
    tools.dcmsend(node, exam.files)
    status = node.wait_idle()
    assert (status["instances"], status["jobs"]["done"]) == (8, 1)

    returned = pacs.received()
    report = results.only_report(returned)
    assert results.summary(report) in ("111241", "111242")
    assert kept <= set(results.image_library(report))
    sources = {results.source_of(item.dataset) for item in results.segmentations(returned)}
    assert sources and sources <= kept


def test_the_same_exam_twice_gives_one_set_of_objects(stage, exams, journal_url):
    exam = exams.phantom()
    pacs = stage.pacs()
    node = stage.node(pacs, journal_url)
    tools.storescu(node, exam.files)
    before = node.wait_idle()
    again = tools.storescu(node, exam.files)
    assert len(tools.acknowledged(again.stdout)) == 4
    assert node.status() == before
    node.stop()
    node.start()  # nor does a restart find anything left to do
    node.wait_idle()
    names = [item.sop_instance for item in pacs.received()]
    assert len(names) == len(set(names))
    assert set(names) == set(exams.reference(exam).objects)


def test_other_bytes_under_a_known_uid_are_kept_apart(stage, exams, journal_url):
    def darken(dataset):
        dataset.PixelData = bytes(len(dataset.PixelData))

    exam = exams.copy(exams.phantom(), tag="twice")
    altered = exams.copy(exams.phantom(), darken, tag="twice")
    assert altered.instances.keys() == exam.instances.keys()
    pacs = stage.pacs()
    node = stage.node(pacs, journal_url)
    tools.storescu(node, exam.files)
    node.wait_idle()
    tools.storescu(node, altered.files)
    status = node.wait_for(lambda s: s["variants"] == 4, 10, "four variants")
    assert (status["instances"], status["jobs"]["done"], status["studies"]["open"]) == (4, 1, 0)
    assert {item.sop_instance: item.bytes() for item in pacs.received()} == exams.reference(exam).bytes()


def magnification(dataset):
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence([files.code("399163009", "SCT", "Magnification")])


def spot_compression(dataset):
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence([files.code("399055006", "SCT", "Spot Compression")])


def implant(dataset):
    dataset.BreastImplantPresent = "YES"


def quality_control(dataset):
    dataset.QualityControlImage = "YES"


@pytest.mark.parametrize("change", [magnification, spot_compression, implant, quality_control], ids=lambda f: f.__name__)
def test_what_must_not_be_analysed_is_listed_as_not_attempted(exams, tmp_path, change):
    whole = exams.phantom()
    exam = exams.copy(whole, change, only=[whole.view("L-CC")])
    reference = exams.reference(exam)
    image, = reference.findings["images"]
    assert image["status"] == "not_attempted" and image["reason"]
    path, = reference.objects.values()
    report = pydicom.dcmread(path)
    assert results.summary(report) == "111245" and results.value_code(report, "111064") == "111225"  # not attempted
    assert results.image_library(report) == list(exam.instances)
    assert not tools.dciodvfy_errors(path)


def rejection(node, **titles):
    with pytest.raises(Rejected) as rejected:
        Peer(node.port, **titles)
    return rejected.value.result, rejected.value.source, rejected.value.reason


def test_echo_and_ae_titles(stage):
    """PS3.8 Table 9-21: result, source 1 (service-user), reason 7 (called) or 3 (calling AE title not recognized)."""
    node = stage.node(dicom__ae_title="MICROCALC", dicom__called_ae_titles=["MICROCALC", "OTHER"],
                      dicom__calling_ae_titles=["MAMMO1", "MAMMO2"])
    assert tools.echoscu(node, calling="MAMMO1").returncode == 0
    assert tools.echoscu(node, calling="MAMMO2", called="OTHER").returncode == 0
    assert tools.echoscu(node, calling="MAMMO3").returncode != 0
    assert rejection(node, calling="MAMMO1", called="CALCNODE") == (PERMANENT, 1, 7)
    assert rejection(node, calling="MAMMO3", called="MICROCALC") == (PERMANENT, 1, 3)
    assert rejection(node, calling="mammo1", called="MICROCALC") == (PERMANENT, 1, 3)


def test_peers_that_are_not_allowed_are_dropped(stage):
    node = stage.node(dicom__allowed_peers=["10.0.0.0/8", "192.0.2.7"])
    assert tools.echoscu(node).returncode != 0
    allowed = stage.node(dicom__allowed_peers=["127.0.0.0/8"])
    assert tools.echoscu(allowed).returncode == 0


def test_one_association_too_many_is_told_to_come_back(stage):
    node = stage.node(dicom__max_associations=3)
    held = [Peer(node.port) for _ in range(3)]
    result, _, _ = rejection(node)
    assert result == TRANSIENT
    held.pop().release()
    node.wait_for(lambda s: s["associations"] == 2, 10, "a free place")
    with Peer(node.port) as peer:
        assert peer.accepted == {1: "1.2.840.10008.1.2"} and peer.echo() == 0
        peer.release()


def test_a_study_goes_where_its_route_says(stage, exams):
    first, second = stage.pacs(), stage.pacs()
    node = stage.node({"first": first, "second": second}, assembly__quiet="1s", routes=[
        {"name": "screening", "match": {"calling_ae_title": "SCREEN*"}, "destinations": ["first"]},
        {"name": "tests", "match": {"station_name": "NOSUCH?"}, "destinations": ["first", "second"]},
        {"name": "rest", "match": {"modality": ["MG"]}, "destinations": ["second"]},
    ])
    whole = exams.phantom()
    screening = exams.copy(whole, only=[whole.view("R-CC")])
    other = exams.copy(whole, only=[whole.view("R-CC")])
    tools.storescu(node, screening.files, calling="SCREENING1")
    tools.storescu(node, other.files, calling="CLINIC")
    node.wait_for(lambda s: s["jobs"]["done"] == 2, 60, "two jobs")
    node.wait_idle()
    assert {item.study for item in first.received()} == {screening.study}
    assert {item.study for item in second.received()} == {other.study}

"""The node's main job: an exam in by C-STORE, segmentations and a report out by C-STORE."""
import numpy
import pydicom
import pytest

from support import results, tools
from support.exam import FOUR_VIEWS
from support.journals import fresh_journal, needs_postgres

# Full size once; the odd ones because DICOM packs eight pixels into a byte without regard to rows or frames.
FULL_SIZE = {"rows": 3328, "columns": 2560, "spacing": 0.07, "seed": 11}
ODD_SIZE = {"rows": 997, "columns": 801, "spacing": 0.1, "seed": 5}


class Returned:
    """An exam, what came back for it, and what `calcnode analyze` makes of it."""

    def __init__(self, exam, objects, reference):
        self.exam = exam
        self.objects = objects
        self.reference = reference
        self.report = results.only_report(objects)
        self.segmentations = [item.dataset for item in results.segmentations(objects)]


def send_exam(stage, exams, journal_url, exam):
    pacs = stage.pacs()
    node = stage.node(pacs, journal_url)
    tools.storescu(node, exam.files)
    node.wait_idle(timeout=300)
    node.stop()
    return Returned(exam, pacs.received(), exams.reference(exam))


@pytest.fixture(scope="module", params=[
    pytest.param((FULL_SIZE, "sqlite"), id="full_size-sqlite"),
    pytest.param((ODD_SIZE, "sqlite"), id="odd_size-sqlite"),
    pytest.param((ODD_SIZE, "postgresql"), id="odd_size-postgresql", marks=needs_postgres()),
])
def returned(request, module_stage, exams):
    size, journal = request.param
    with fresh_journal(journal) as url:
        return send_exam(module_stage, exams, url, exams.phantom(**size))


def test_every_object_passes_dciodvfy(returned):
    errors = {item.path.name: tools.dciodvfy_errors(item.path) for item in returned.objects}
    assert not any(errors.values()), errors


def test_one_report_and_a_segmentation_for_each_image_with_clusters(returned):
    with_clusters = {name for name, image in returned.reference.images().items() if image["clusters"]}
    assert with_clusters, "the model found nothing in a phantom exam with clusters"
    assert sorted(results.source_of(item) for item in returned.segmentations) == sorted(with_clusters)
    assert len(results.reports(returned.objects)) == 1
    assert results.summary(returned.report) == "111242"  # all algorithms succeeded; with findings


def test_segments_equal_the_mask_bit_for_bit(returned):
    """Segment k is cluster k; one more holds the calcifications that are in no cluster, when there are any."""
    for segmentation in returned.segmentations:
        source = results.source_of(segmentation)
        image, mask = returned.reference.images()[source], returned.reference.mask(source)
        expected = results.cluster_masks(image, mask)
        single = results.single_mask(image, mask)
        if single.any():
            expected[len(expected) + 1] = single
        actual = results.segment_masks(segmentation)
        assert actual.keys() == expected.keys()
        for number, pixels in expected.items():
            assert pixels.any()
            assert numpy.array_equal(actual[number], pixels), f"segment {number} of {source}"


def test_an_odd_size_leaves_a_part_of_a_byte(returned):
    """So that the test above has seen what it is about."""
    assert returned.segmentations
    partial = [item for item in returned.segmentations if item.Rows * item.Columns * int(item.NumberOfFrames) % 8]
    assert bool(partial) == (returned.exam.header.Rows == ODD_SIZE["rows"])


def test_the_report_lists_all_four_images(returned):
    assert sorted(results.image_library(returned.report)) == sorted(returned.exam.instances)
    assert set(returned.exam.instances) <= set(results.evidence(returned.report))
    dump = tools.run("dsrdump", results.reports(returned.objects)[0].path, check=False).stdout
    assert "Mammography CAD" in dump
    assert {returned.exam.view(name) for name in FOUR_VIEWS} == set(returned.exam.files)


def test_patient_and_study_are_the_sources(returned):
    source = returned.exam.header
    for item in returned.objects:
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate",
                        "StudyTime", "StudyID", "AccessionNumber"):
            assert item.dataset.get(keyword) == source.get(keyword), (item.path.name, keyword)
        assert item.dataset.ContentQualification == "RESEARCH"
        assert item.dataset.SeriesInstanceUID != source.SeriesInstanceUID


def test_tracking_uids_link_segments_and_report(returned):
    in_segments = [str(segment.TrackingUID) for item in returned.segmentations for segment in item.SegmentSequence
                   if segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == results.CALCIFICATION_CLUSTER]
    assert len(in_segments) == len(set(in_segments)), "a cluster of one image is not that of another"
    assert set(in_segments) <= set(results.tracking_uids(returned.report))
    clusters = sum(len(image["clusters"]) for image in returned.reference.images().values())
    assert len(in_segments) == clusters


@pytest.mark.parametrize("charset, name", [
    ("ISO_IR 100", "Müller^Åsa"),
    ("ISO_IR 144", "Люкceмбypг"),
    ("ISO_IR 192", "Wang^XiaoDong=王^小東"),
    (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
], ids=["latin1", "cyrillic", "utf8", "korean", "japanese"])
def test_a_name_of_any_script_comes_back(exams, tmp_path, charset, name):
    def rename(dataset):
        dataset.SpecificCharacterSet = charset
        dataset.PatientName = name

    whole = exams.phantom(clusters=0)
    exam = exams.copy(whole, rename, only=[whole.view("R-CC")])
    assert str(exam.header.PatientName) == name
    reference = exams.reference(exam)
    for path in reference.objects.values():
        returned = pydicom.dcmread(path)
        assert str(returned.PatientName) == name
        assert not tools.dciodvfy_errors(path)

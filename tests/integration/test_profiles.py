"""Which objects a destination gets, in which codes and encodings; and what becomes of those that it does not take."""
import numpy
import pydicom
import pytest

from support import results, tools
from support.node import is_idle
from support.pacs import (CAD_SR, MEASUREMENT_REPORT, PRESENTATION_STATE, SECONDARY_CAPTURE, SEGMENTATION, of_class)

EXPLICIT, IMPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
ALL_KINDS = "segmentation,cad_sr,measurement_report,presentation_state,secondary_capture,probability_map"


def codes(dataset):
    """(value, scheme) of every code in a data set."""
    found = [(str(dataset.CodeValue), str(dataset.CodingSchemeDesignator))] if "CodeValue" in dataset else []
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                found += codes(item)
    return found


def classes(pacs):
    return {item.sop_class for item in pacs.received()}


@pytest.fixture(scope="module")
def every_kind(exams, tmp_path_factory):
    """What `calcnode analyze` writes when it is asked for no kinds: all of them."""
    exam = exams.phantom(rows=997, columns=801, seed=5)
    out = tmp_path_factory.mktemp("every_kind")
    tools.run(tools.CALCNODE, "analyze", *exam.files, "--out", out, timeout=300)
    return exam, [pydicom.dcmread(path) for path in sorted((out / exam.study).glob("*.dcm"))]


def of_kind(objects, sop_class, segmentation_type=None):
    return [item for item in objects if item.SOPClassUID == sop_class
            and (segmentation_type is None or item.SegmentationType == segmentation_type)]


def test_every_kind_passes_dciodvfy(every_kind):
    exam, objects = every_kind
    assert {str(item.SOPClassUID) for item in objects} >= {SEGMENTATION, CAD_SR, PRESENTATION_STATE, SECONDARY_CAPTURE}
    errors = {item.filename: tools.dciodvfy_errors(item.filename) for item in objects}
    assert not any(errors.values()), errors
    entities = tools.run("dcentvfy", *exam.files, *(item.filename for item in objects), check=False)
    assert "Error" not in entities.stdout, entities.stdout


def test_a_key_image_is_the_picture_with_marks(every_kind):
    _, objects = every_kind
    keys, segmentations = of_kind(objects, SECONDARY_CAPTURE), of_kind(objects, SEGMENTATION, "BINARY")
    assert len(keys) == len(segmentations) > 0
    sources = {results.source_of(item) for item in segmentations}
    assert {str(key.SourceImageSequence[0].ReferencedSOPInstanceUID) for key in keys} == sources
    for key in keys:
        pixels = key.pixel_array
        assert pixels.shape == (key.Rows, key.Columns, 3)
        assert max(pixels.shape[:2]) <= 2048
        red, green, blue = (pixels[..., channel].astype(int) for channel in range(3))
        assert ((red > 200) & (green > 200) & (blue < 100)).sum() > 100, "no yellow marks"
        assert ((red == green) & (green == blue)).mean() > 0.8, "no grey picture"
        assert key.BurnedInAnnotation == "YES"


def test_a_presentation_state_marks_what_the_segmentations_hold(every_kind):
    _, objects = every_kind
    masks = {results.source_of(item): results.segment_masks(item) for item in of_kind(objects, SEGMENTATION, "BINARY")}
    marked = 0
    for state in of_kind(objects, PRESENTATION_STATE):
        for annotation in state.GraphicAnnotationSequence:
            source = str(annotation.ReferencedImageSequence[0].ReferencedSOPInstanceUID)
            for number, graphic in enumerate(annotation.GraphicObjectSequence, 1):
                points = numpy.array(graphic.GraphicData).reshape(-1, 2)
                rows, columns = numpy.nonzero(masks[source][number])
                # The hull of the members' outlines: each of its sides lies at a pixel's border.
                assert abs(points[:, 0].min() - columns.min()) <= 1 and abs(points[:, 0].max() - columns.max()) <= 2
                assert abs(points[:, 1].min() - rows.min()) <= 1 and abs(points[:, 1].max() - rows.max()) <= 2
                marked += 1
    assert marked > 0


def test_destinations_get_what_their_profiles_name(stage, exams, journal_url):
    exam = exams.phantom()
    viewer = stage.pacs(profile={"results": ["presentation_state", "secondary_capture"]})
    plain = stage.pacs()
    old = stage.pacs(profile={"results": ["cad_sr", "segmentation"], "code_scheme": "srt"})
    node = stage.node({"viewer": viewer, "plain": plain, "old": old}, journal_url)
    tools.storescu(node, exam.files)
    node.wait_idle(timeout=300)
    tools.storescu(node, exam.files)  # the same study again: one set of objects
    node.wait_idle(timeout=300)
    assert classes(viewer) == {PRESENTATION_STATE, SECONDARY_CAPTURE}
    assert {SEGMENTATION, CAD_SR} <= classes(plain) <= {SEGMENTATION, CAD_SR, MEASUREMENT_REPORT}
    assert classes(old) == {SEGMENTATION, CAD_SR}
    assert {item.sop_instance: item.bytes() for item in plain.received()} == exams.reference(exam).bytes()
    uids = [item.sop_instance for pacs in (viewer, plain, old) for item in pacs.received()]
    assert len(uids) == len(set(uids)), "other bytes, or another destination, under one UID"
    assert node.status()["results"] == len(uids)
    for pacs, scheme, other in ((plain, "SCT", "SRT"), (old, "SRT", "SCT")):
        for item in pacs.received():
            schemes = {found for _, found in codes(item.dataset)}
            assert scheme in schemes and other not in schemes, item.path
            assert not tools.dciodvfy_errors(item.path)


def test_what_a_peer_does_not_negotiate_is_recorded_and_the_rest_goes(stage, exams, journal_url):
    exam = exams.phantom()
    expected = exams.reference(exam).objects
    number = len([path for path in expected.values() if pydicom.dcmread(path).SOPClassUID == SEGMENTATION])
    assert number > 0
    no_segmentations = stage.pacs(accepts={CAD_SR: [EXPLICIT], MEASUREMENT_REPORT: [IMPLICIT]})
    takes_all = stage.pacs()
    node = stage.node({"narrow": no_segmentations, "wide": takes_all}, journal_url)
    tools.storescu(node, exam.files)
    status = node.wait_for(lambda s: is_idle(s) and s["deliveries"]["delivered"] > 0, 60, "all delivered")
    assert status["deliveries"]["not_accepted"] == number
    assert status["deliveries"]["dead"] == 0
    assert status["deliveries"]["delivered"] == 2 * len(expected) - number
    assert len(takes_all.received()) == len(expected)
    assert len(no_segmentations.received()) == len(expected) - number
    assert SEGMENTATION not in classes(no_segmentations)
    assert node.log().count("delivery_not_accepted") == number, "tried once each"
    assert "not accepted by peer" in node.log()


def test_segmentations_go_deflated_where_the_peer_takes_it(stage, exams):
    exam = exams.phantom()
    deflating = stage.pacs(accepts={SEGMENTATION: [DEFLATED, EXPLICIT], CAD_SR: [EXPLICIT],
                                    MEASUREMENT_REPORT: [EXPLICIT]},
                           profile={"transfer_syntaxes": ["deflated", "explicit_le", "implicit_le"]})
    node = stage.node(deflating)
    tools.storescu(node, exam.files)
    node.wait_idle()
    received = deflating.received()
    reference = exams.reference(exam)
    assert {item.sop_instance for item in received} == set(reference.objects)
    for item in received:
        segmentation = item.sop_class == SEGMENTATION
        assert item.dataset.file_meta.TransferSyntaxUID == (DEFLATED if segmentation else EXPLICIT)
        kept = pydicom.dcmread(reference.objects[item.sop_instance])
        assert item.dataset == kept
        if segmentation:
            assert len(item.bytes()) < reference.objects[item.sop_instance].stat().st_size / 4
    assert of_class(received, SEGMENTATION)


def test_an_unknown_kind_is_refused_by_name(exams, tmp_path):
    exam = exams.phantom()
    done = tools.analyze(exam.files, tmp_path, kinds="segmentation,nonsense", check=False)
    assert done.returncode == 2 and "nonsense" in done.stdout

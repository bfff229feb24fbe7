"""What is broken, hostile or simply not for us: a clear answer or a report that says failed, and the node goes on."""
import socket

import numpy
import pydicom
import pytest

from support import bad_files, files, results, tools
from support.pacs import of_study
from support.raw_dimse import HAS_DATA_SET, STORE_RQ, VERIFICATION, Ended, Peer, command_set

SUCCESS = 0x0000
DOES_NOT_MATCH = 0xA900
CANNOT_UNDERSTAND = 0xC000
NO_ALGORITHM_SUCCEEDED = "111245"

# Received, because its structure is sound; the worker then cannot use it.
UNUSABLE = {
    "without_pixels": bad_files.without_pixels,
    "absurd_size": bad_files.absurd_size,
    "no_size": bad_files.no_size,
    "short_pixels": bad_files.short_pixels,
    "strange_bits": bad_files.strange_bits,
    "without_spacing": bad_files.without_spacing,
    "black": bad_files.black,
    "jpeg_garbage": bad_files.garbage_in(bad_files.JPEG_LOSSLESS_SV1),
    "jpeg_2000_garbage": bad_files.garbage_in(bad_files.JPEG_2000_LOSSLESS),
    "jpeg_ls_garbage": bad_files.garbage_in(bad_files.JPEG_LS),
    "rle_garbage": bad_files.garbage_in(bad_files.RLE),
}


class Place:
    """One node for the whole file: what one test does to it, the next ones see."""

    def __init__(self, stage, journal_url):
        self.pacs = stage.pacs()
        self.node = stage.node(self.pacs, journal_url, assembly__quiet="1s")
        self._pid = self.node.pid

    def check_alive(self):
        assert self.node.is_running() and self.node.pid == self._pid, self.node.log_tail()
        assert tools.echoscu(self.node).returncode == 0
        assert self.node.http("/health/ready")[0] == 200

    def objects_of(self, study):
        self.node.wait_for(lambda s: s["studies"]["open"] == 0, 30, "studies closed")
        self.node.wait_idle(results=0)
        return of_study(self.pacs.received(), study)


@pytest.fixture(scope="module")
def shared_place(module_stage, module_journal_url):
    return Place(module_stage, module_journal_url)


@pytest.fixture
def place(shared_place):
    yield shared_place
    shared_place.check_alive()


@pytest.fixture(scope="module")
def good(exams):
    """One view of a phantom."""
    whole = exams.phantom()
    return whole.view("R-CC")


def fresh_copy(good, tag):
    return files.fresh(pydicom.dcmread(good), tag)


@pytest.mark.parametrize("kind", UNUSABLE)
def test_an_unusable_image_gets_a_report_that_says_failed(place, good, tmp_path, request, kind):
    dataset = fresh_copy(good, request.node.name)
    study, instance = str(dataset.StudyInstanceUID), str(dataset.SOPInstanceUID)
    path = UNUSABLE[kind](dataset, tmp_path / f"{kind}.dcm")
    syntax = str(pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID)
    with Peer(place.node.port, [(files.FOR_PRESENTATION, syntax)]) as peer:
        status = peer.store(files.FOR_PRESENTATION, instance, files.data_set_bytes(path))
        peer.release()
    if status != SUCCESS:  # refused at the door: nothing is kept, nothing is reported
        assert status & 0xF000 in (0xA000, 0xC000), hex(status)
        assert place.objects_of(study) == []
    else:
        objects = place.objects_of(study)
        report = results.only_report(objects)
        assert results.summary(report) == NO_ALGORITHM_SUCCEEDED
        assert results.image_library(report) == [instance]
        assert not results.segmentations(objects)
        assert not tools.dciodvfy_errors(results.reports(objects)[0].path)
    assert tools.analyze([path], tmp_path / "analyzed", check=False).returncode == 1


@pytest.mark.parametrize("encode", [["dcmcjpeg", "+e1"], ["dcmcjpls"], ["dcmcrle"], ["gdcmconv", "--j2k"]],
                         ids=["jpeg", "jpeg_ls", "rle", "jpeg_2000"])
def test_half_a_codestream_ends_in_a_report(place, good, tmp_path, request, encode):
    plain = files.save(fresh_copy(good, request.node.name), tmp_path / "plain.dcm")
    tools.run(*encode, plain, tmp_path / "encoded.dcm")
    half = bad_files.cut_fragment(tmp_path / "encoded.dcm", tmp_path / "half.dcm")
    header = pydicom.dcmread(half, stop_before_pixels=True)
    tools.dcmsend(place.node, [half])
    report = results.only_report(place.objects_of(str(header.StudyInstanceUID)))
    assert results.summary(report) == NO_ALGORITHM_SUCCEEDED


def test_a_failed_image_does_not_spoil_the_others(place, exams, request):
    def spoil(dataset):
        if dataset.SOPInstanceUID == spoiled:
            dataset.PixelData = dataset.PixelData[:1000]

    whole = exams.phantom()
    bad = whole.view("L-MLO")
    spoiled = str(fresh_copy(bad, request.node.name).SOPInstanceUID)
    exam = exams.copy(whole, spoil, tag=request.node.name)
    with Peer(place.node.port, [(files.FOR_PRESENTATION, files.EXPLICIT_LITTLE)]) as peer:
        for instance, path in exam.instances.items():
            assert peer.store(files.FOR_PRESENTATION, instance, files.data_set_bytes(path)) == SUCCESS
        peer.release()
    report = results.only_report(place.objects_of(exam.study))
    assert sorted(results.image_library(report)) == sorted(exam.instances)
    assert results.summary(report) in ("111243", "111244")  # not all algorithms succeeded


def test_an_exam_without_findings_gets_a_report_and_no_segmentation(place, exams, request):
    def smooth(dataset):
        """No structure under a millimetre is left."""
        pixels = dataset.pixel_array.astype("f8")
        for axis in (0, 1):
            sums = numpy.cumsum(numpy.pad(pixels, [(8, 7) if a == axis else (0, 0) for a in (0, 1)], "edge"), axis)
            high = numpy.take(sums, range(15, sums.shape[axis]), axis)
            low = numpy.take(sums, range(0, sums.shape[axis] - 15), axis)
            pixels = (high - low) / 15
        dataset.PixelData = pixels.round().astype("<u2").tobytes()

    exam = exams.copy(exams.phantom(clusters=0, seed=21), smooth, tag=request.node.name)
    tools.storescu(place.node, exam.files)
    objects = place.objects_of(exam.study)
    assert results.segmentations(objects) == []
    report = results.only_report(objects)
    assert results.summary(report) == "111241"  # all algorithms succeeded; without findings
    assert sorted(results.image_library(report)) == sorted(exam.instances)
    assert not tools.dciodvfy_errors(results.reports(objects)[0].path)


@pytest.mark.parametrize("keep", [0.001, 0.02, 0.5, 0.999])
def test_a_truncated_data_set_is_refused(place, good, request, keep):
    dataset = fresh_copy(good, request.node.name)
    before = place.node.status()["instances"]
    whole = files.data_set_bytes(good)
    cut = whole[:int(len(whole) * keep) // 2 * 2]
    with Peer(place.node.port, [(files.FOR_PRESENTATION, files.EXPLICIT_LITTLE)]) as peer:
        assert peer.store(files.FOR_PRESENTATION, str(dataset.SOPInstanceUID), cut) == CANNOT_UNDERSTAND
        assert peer.store(files.FOR_PRESENTATION, str(dataset.SOPInstanceUID), b"") == CANNOT_UNDERSTAND
        peer.release()
    assert place.node.status()["instances"] == before


def test_a_data_set_that_is_not_the_commands_is_refused(place, good):
    dataset = pydicom.dcmread(good, stop_before_pixels=True)
    content = files.data_set_bytes(good)
    before = place.node.status()["instances"]
    contexts = [(files.FOR_PRESENTATION, files.EXPLICIT_LITTLE), (files.FOR_PROCESSING, files.EXPLICIT_LITTLE)]
    with Peer(place.node.port, contexts) as peer:
        assert peer.store(files.FOR_PRESENTATION, files.uid("another"), content) == DOES_NOT_MATCH
        assert peer.store(files.FOR_PROCESSING, str(dataset.SOPInstanceUID), content, context=3) == DOES_NOT_MATCH
        peer.release()
    assert place.node.status()["instances"] == before


def test_a_class_that_is_not_configured_gets_no_presentation_context(place, tmp_path):
    path = files.small_object(tmp_path / "ct.dcm", "ct", files.CT_IMAGE)
    sent = tools.storescu(place.node, [path], check=False)
    assert sent.returncode != 0 and "No Acceptable Presentation Contexts" in sent.stdout, sent.stdout
    with Peer(place.node.port, [(files.CT_IMAGE, files.EXPLICIT_LITTLE), (VERIFICATION, files.EXPLICIT_LITTLE)]) as peer:
        assert list(peer.accepted) == [3]
        peer.release()


@pytest.mark.parametrize("levels", [100, 10_000])
def test_deep_nesting_in_a_data_set_is_refused(place, good, levels):
    instance = str(pydicom.dcmread(good, stop_before_pixels=True).SOPInstanceUID)
    with Peer(place.node.port, [(files.FOR_PRESENTATION, files.EXPLICIT_LITTLE)]) as peer:
        content = bad_files.nested_data_set(good, levels)
        assert peer.store(files.FOR_PRESENTATION, instance, content) == CANNOT_UNDERSTAND
        peer.release()


@pytest.mark.parametrize("levels", [1, 100, 30_000])
def test_nesting_in_a_command_set_ends_the_association(place, levels):
    with Peer(place.node.port) as peer:
        with pytest.raises(Ended):
            peer.send_command(bad_files.nested_command_set(levels))
            peer.receive_command()


@pytest.mark.parametrize("first_bytes", [
    b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), bytes(600),
    b"\x01\x00\xff\xff\xff\xff" + bytes(100), b"\x04\x00\x00\x00\x00\x08" + bytes(8),
], ids=["http", "tls", "zeros", "huge_length", "data_first"])
def test_what_is_no_association_is_dropped(place, first_bytes):
    with socket.create_connection(("127.0.0.1", place.node.port), timeout=20) as connection:
        connection.sendall(first_bytes)
        try:
            while connection.recv(4096):
                pass
        except ConnectionResetError:
            pass


def test_silent_peers_hold_nobody_up(place):
    silent = [socket.create_connection(("127.0.0.1", place.node.port)) for _ in range(40)]
    try:
        done = tools.run("echoscu", "-aec", place.node.ae_title, "127.0.0.1", place.node.port, timeout=3)
        assert done.returncode == 0
    finally:
        for connection in silent:
            connection.close()


def test_a_sender_that_breaks_off_leaves_nothing(place, good):
    before = place.node.status()
    for part in (0, 10, 100_000):
        with Peer(place.node.port, [(files.FOR_PRESENTATION, files.EXPLICIT_LITTLE)]) as peer:
            peer.send_command(command_set(STORE_RQ, files.FOR_PRESENTATION, files.uid("broken off"), HAS_DATA_SET))
            if part:
                content = files.data_set_bytes(good)[:part]
                peer.send_bytes(b"\x04\x00" + (len(content) + 6).to_bytes(4, "big")
                                + (len(content) + 2).to_bytes(4, "big") + b"\x01\x00" + content)
    place.node.wait_for(lambda s: s["associations"] == 0, 20, "the associations to end")
    assert place.node.status()["instances"] == before["instances"]
    assert not list((place.node.folder / "data").rglob("*.part"))


def test_afterwards_an_ordinary_exam_works(place, exams, request):
    exam = exams.copy(exams.phantom(), tag=request.node.name)
    tools.storescu(place.node, exam.files)
    returned = place.objects_of(exam.study)
    assert {item.sop_instance: item.bytes() for item in returned} == exams.reference(exam).bytes()


def test_other_classes_are_forwarded_when_configured(stage, tmp_path, journal_url):
    pacs = stage.pacs()
    node = stage.node(pacs, journal_url, dicom__other_storage_classes=[files.CT_IMAGE])
    path = files.small_object(tmp_path / "ct.dcm", "ct to forward", files.CT_IMAGE)
    tools.storescu(node, [path])
    status = node.wait_for(lambda s: s["deliveries"]["delivered"] == 1, 30, "the CT delivered")
    assert (status["instances"], status["jobs"]["done"], status["studies"]["open"], status["results"]) == (1, 0, 0, 0)
    item, = pacs.received()
    assert item.sop_class == files.CT_IMAGE
    assert item.bytes() == files.data_set_bytes(path)

"""The same pixels in every transfer syntax: over the network and through `calcnode analyze`."""
import pydicom
import pytest
from pydicom.encaps import encapsulate

from support import files, results, tools
from support.exam import Exam, Reference

EXPLICIT = "1.2.840.10008.1.2.1"


class Syntax:
    """`encode`: a command line without the two file names, or a function of them; `send`: storescu's flag, None where it
    has none."""

    def __init__(self, name, uid, encode, send, lossless=True):
        self.name, self.uid, self.encode, self.send, self.lossless = name, uid, encode, send, lossless


def encode_irreversible_jpeg_2000(plain, path):
    """OpenJPEG's own encoder, 9-7 wavelet, 10:1: neither DCMTK nor GDCM writes lossy JPEG 2000 here."""
    dataset = pydicom.dcmread(plain)
    raw, stream = path.with_suffix(".rawl"), path.with_suffix(".j2k")
    raw.write_bytes(dataset.PixelData)
    tools.run("opj_compress", "-i", raw, "-o", stream, "-I", "-r", "10", "-F",
              f"{dataset.Columns},{dataset.Rows},1,{dataset.BitsStored},u")
    content = stream.read_bytes()
    dataset.PixelData = encapsulate([content + b"\0" * (len(content) % 2)])
    dataset["PixelData"].is_undefined_length = True
    dataset["PixelData"].VR = "OB"
    dataset.LossyImageCompression, dataset.LossyImageCompressionMethod = "01", "ISO_15444_1"
    dataset.LossyImageCompressionRatio = "10"
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.91"
    files.save(dataset, path)
    raw.unlink()
    stream.unlink()


SYNTAXES = [
    Syntax("implicit", "1.2.840.10008.1.2", ["dcmconv", "+ti"], "-xi"),
    Syntax("explicit", EXPLICIT, ["dcmconv", "+te"], "-xe"),
    Syntax("big_endian", "1.2.840.10008.1.2.2", ["dcmconv", "+tb"], "-xb"),
    Syntax("deflated", "1.2.840.10008.1.2.1.99", ["dcmconv", "+td"], "-xd"),
    Syntax("jpeg_baseline", "1.2.840.10008.1.2.4.50", ["dcmcjpeg", "+eb", "+un", "+q", "95"], "-xy", lossless=False),
    Syntax("jpeg_extended", "1.2.840.10008.1.2.4.51", ["dcmcjpeg", "+ee", "+bt", "+un", "+q", "95"], "-xx", lossless=False),
    Syntax("jpeg_lossless", "1.2.840.10008.1.2.4.57", ["dcmcjpeg", "+el"], None),
    Syntax("jpeg_lossless_sv1", "1.2.840.10008.1.2.4.70", ["dcmcjpeg", "+e1"], "-xs"),
    Syntax("jpeg_ls", "1.2.840.10008.1.2.4.80", ["dcmcjpls", "+el"], "-xt"),
    Syntax("jpeg_ls_near", "1.2.840.10008.1.2.4.81", ["dcmcjpls", "+en", "+un", "+md", "2"], "-xu", lossless=False),
    Syntax("jpeg_2000_lossless", "1.2.840.10008.1.2.4.90", ["gdcmconv", "--j2k"], "-xv"),
    Syntax("jpeg_2000", "1.2.840.10008.1.2.4.91", encode_irreversible_jpeg_2000, "-xw", lossless=False),
    Syntax("rle", "1.2.840.10008.1.2.5", ["dcmcrle"], "-xr"),
]


def encoded(exams, folder, syntax, whole):
    """One view, with UIDs of its own, in the syntax."""
    plain = exams.copy(whole, only=[whole.view("R-CC")], tag=f"syntax {syntax.name}").files[0]
    path = folder / f"{syntax.name}.dcm"
    if callable(syntax.encode):
        syntax.encode(plain, path)
    else:
        tools.run(*syntax.encode, plain, path)
    header = pydicom.dcmread(path, stop_before_pixels=True)
    assert header.file_meta.TransferSyntaxUID == syntax.uid
    assert header.SOPInstanceUID == pydicom.dcmread(plain, stop_before_pixels=True).SOPInstanceUID
    return path


class Run:
    """All syntaxes through a node and through analyze: an exam of one image each."""

    def __init__(self, exams, stage):
        whole = exams.phantom(clusters=3, seed=8)
        folder = stage.folder / "encoded"
        folder.mkdir()
        self.exams = {syntax.name: Exam([encoded(exams, folder, syntax, whole)]) for syntax in SYNTAXES}
        tools.analyze([folder], stage.folder / "analyzed")
        self.references = {name: Reference(stage.folder / "analyzed" / exam.study) for name, exam in self.exams.items()}

        pacs = stage.pacs()
        node = stage.node(pacs, assembly__required_views=["R-CC"])
        for syntax in SYNTAXES:
            files = self.exams[syntax.name].files
            if syntax.send:
                tools.storescu(node, files, syntax.send)
            else:
                tools.dcmsend(node, files)
        node.wait_idle(results=len(SYNTAXES))
        node.stop()
        self.returned = {}
        for item in pacs.received():
            self.returned.setdefault(item.study, []).append(item)
        self.spool = list((node.folder / "data").rglob("instances/**/*.dcm"))


@pytest.fixture(scope="module")
def run(exams, module_stage):
    return Run(exams, module_stage)


def by_name(syntax):
    return syntax.name


def without_identity(findings):
    """The image's findings without what names the file."""
    image, = findings["images"]
    return {key: value for key, value in image.items() if key not in ("file", "sop_instance_uid")}


@pytest.mark.parametrize("syntax", SYNTAXES, ids=by_name)
def test_analyze_finds_the_same_in_every_lossless_syntax(run, syntax):
    plain, other = run.references["explicit"], run.references[syntax.name]
    assert plain.findings["images"][0]["clusters"], "the model found nothing in a phantom with clusters"
    image, = other.findings["images"]
    assert image["status"] == "analysed", image["reason"]
    if not syntax.lossless:
        return
    assert without_identity(other.findings) == without_identity(plain.findings)
    mask = {name: reference.mask(next(iter(reference.images()))) for name, reference in run.references.items()
            if name in ("explicit", syntax.name)}
    assert (mask["explicit"] == mask[syntax.name]).all()


@pytest.mark.parametrize("syntax", SYNTAXES, ids=by_name)
def test_the_node_returns_what_analyze_wrote(run, syntax):
    exam, reference = run.exams[syntax.name], run.references[syntax.name]
    returned = run.returned[exam.study]
    assert {item.sop_instance: item.bytes() for item in returned} == reference.bytes()
    assert results.summary(results.only_report(returned)) in ("111241", "111242")
    assert not any(tools.dciodvfy_errors(item.path) for item in returned)


def test_it_was_received_as_it_was_sent(run):
    """A sender could have decoded before sending: what the node keeps is in the syntax meant."""
    kept = sorted(str(pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID) for path in run.spool)
    assert kept == sorted(syntax.uid for syntax in SYNTAXES)

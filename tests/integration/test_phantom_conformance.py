"""calcnode-lab phantom: conformant for a validator that shares no code with us, and exactly what its truth says."""
import csv

import numpy
import pydicom
import pytest

from support import tools
from support.png import read_grey

VIEWS = ["R-CC", "R-MLO", "L-CC", "L-MLO"]


def phantom(out, *options, check=True):
    return tools.run(tools.LAB, "phantom", "--out", out, *options, timeout=300, check=check)


def errors(folder):
    return {path.name: found for path in sorted(folder.glob("*.dcm")) if (found := tools.dciodvfy_errors(path))}


@pytest.fixture(scope="module")
def full_size(tmp_path_factory):
    """Four views at full size, both intents."""
    folder = tmp_path_factory.mktemp("full")
    phantom(folder, "--intent", "both")
    return folder


def test_full_size_exam_is_conformant(full_size):
    assert len(list(full_size.glob("*.dcm"))) == 8
    assert errors(full_size) == {}


def test_the_entities_of_the_exam_agree(full_size):
    done = tools.run("dcentvfy", *sorted(full_size.glob("*.dcm")), check=False)
    assert done.returncode == 0 and "Error" not in done.stdout, done.stdout


@pytest.mark.parametrize("bits", range(8, 17))
@pytest.mark.parametrize("photometric", ["", "--monochrome1"])
def test_every_depth_and_photometric_is_conformant(tmp_path, bits, photometric):
    # 333 x 255: odd, so that 8 bit pixel data need a padding byte
    phantom(tmp_path, "--rows", 333, "--columns", 255, "--spacing", 0.1, "--bits", bits, "--seed", bits, "--intent",
            "both", *photometric.split())
    assert len(list(tmp_path.glob("*.dcm"))) == 8
    assert errors(tmp_path) == {}


def test_header_names_view_side_and_spacing(full_size):
    codes = {"CC": "399162004", "MLO": "399368009"}
    orientations = {"R-CC": ["P", "L"], "R-MLO": ["P", "FL"], "L-CC": ["A", "R"], "L-MLO": ["A", "FR"]}
    for name in VIEWS:
        dataset = pydicom.dcmread(full_size / f"PHANTOM-1_{name}.dcm")
        side, view = name.split("-")
        assert dataset.ImageLaterality == side
        assert dataset.ViewCodeSequence[0].CodeValue == codes[view]
        assert dataset.ViewCodeSequence[0].CodingSchemeDesignator == "SCT"
        assert list(dataset.PatientOrientation) == orientations[name]
        assert [float(value) for value in dataset.ImagerPixelSpacing] == [0.07, 0.07]
        assert (dataset.Rows, dataset.Columns) == (3328, 2560)


def test_presentation_points_at_its_processing_image(full_size):
    for name in VIEWS:
        shown = pydicom.dcmread(full_size / f"PHANTOM-1_{name}.dcm", stop_before_pixels=True)
        raw = pydicom.dcmread(full_size / f"PHANTOM-1_{name}.processing.dcm", stop_before_pixels=True)
        assert shown.SourceImageSequence[0].ReferencedSOPInstanceUID == raw.SOPInstanceUID
        assert shown.StudyInstanceUID == raw.StudyInstanceUID
        assert raw.PixelIntensityRelationship == "LIN"


def test_truth_marks_what_is_brighter(full_size):
    """The grains, dilated away, leave darker tissue: read by pydicom, no code of ours."""
    for name in VIEWS:
        dataset = pydicom.dcmread(full_size / f"PHANTOM-1_{name}.dcm")
        pixels = dataset.pixel_array.astype(float)
        truth = read_grey(full_size / f"PHANTOM-1_{name}.truth.png")
        assert truth.shape == pixels.shape
        grains = int(truth.max())
        assert grains >= 5
        brighter = 0
        for grain in range(1, grains + 1):
            rows, columns = numpy.nonzero(truth == grain)
            assert rows.size > 0, f"grain {grain} of {name} has no pixels"
            around = (slice(max(0, rows.min() - 5), rows.max() + 6), slice(max(0, columns.min() - 5), columns.max() + 6))
            brighter += pixels[rows, columns].mean() > pixels[around][truth[around] == 0].mean()
        assert brighter >= 0.9 * grains, f"{name}: {brighter} of {grains}"


def test_cases_list_every_image(full_size):
    with open(full_size / "cases.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["image"] for row in rows} == {path.name for path in full_size.glob("*.dcm")}
    for row in rows:
        assert row["kind"] == "calc"
        assert (full_size / row["truth"].removeprefix("mask:")).is_file()


def test_same_seed_same_bytes(tmp_path):
    small = ("--rows", 300, "--columns", 260, "--spacing", 0.2, "--views", "R-CC")
    phantom(tmp_path / "a", *small, "--seed", 9)
    phantom(tmp_path / "b", *small, "--seed", 9)
    phantom(tmp_path / "c", *small, "--seed", 10, "--patient-id", "PHANTOM-9")
    one, other, third = ((tmp_path / name / "PHANTOM-9_R-CC.dcm").read_bytes() for name in "abc")
    assert one == other
    assert one != third


@pytest.mark.parametrize("options, said", [
    (("--rows", "20"), "rows 20"),
    (("--bits", "7"), "bits stored 7"),
    (("--views", "X"), "--views X"),
    (("--intent", "neither"), "--intent"),
    (("--spacing", "many"), "--spacing"),
    (("--exams", "2", "--patient-id", "P"), "{seed}"),
])
def test_wrong_options_are_refused_with_status_2(tmp_path, options, said):
    done = phantom(tmp_path, *options, check=False)
    assert done.returncode == 2
    assert said in done.stdout


def test_evaluate_measures_the_classical_method(tmp_path):
    phantom(tmp_path, "--rows", 480, "--columns", 400, "--spacing", 0.1, "--views", "R-CC,L-CC", "--normal-exams", 1)
    done = tools.run(tools.LAB, "evaluate", tmp_path / "cases.csv", "--no-model", "--progress", "--out",
                     tmp_path / "results", timeout=300)
    assert "classical (HDoG)" in done.stdout
    assert "100 %" in done.stdout  # the progress bar's last line
    assert (tmp_path / "results" / "report.json").is_file()


def test_evaluate_names_the_wrong_row(tmp_path):
    cases = tmp_path / "cases.csv"
    cases.write_text("image,spacing_mm,patient,kind,severity,tissue,truth\ngone.dcm,0.2,P,normal,,,\n")
    done = tools.run(tools.LAB, "evaluate", cases, "--no-model", check=False)
    assert done.returncode == 2
    assert f"{cases}:2: there is no image" in done.stdout


def test_help_shows_examples():
    for command in ("phantom", "train", "evaluate"):
        done = tools.run(tools.LAB, command, "--help")
        assert "Examples:" in done.stdout and f"calcnode-lab {command}" in done.stdout
